"""Proofs: a practice's secret is shown to be its patient's before anything else is asked (EN-1)."""

from dataclasses import dataclass
from datetime import timedelta

from services.identity.actions import Action
from services.identity.enrolment.model import Try
from services.identity.enrolment.ways_in import Admitted, Brought, WaysIn
from shared.acts import Acts, By
from shared.http.routes import Reply
from shared.trust.grants import GrantAct, GrantIssuer

LIFE = timedelta(minutes=10)


class EnrolmentProof(Reply, frozen=True, kw_only=True):
    """`grant` goes in the secret's place when enrolling; `expires_in` is in seconds."""

    practice_name: str
    grant: str
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolmentProofs:
    acts: Acts
    ways_in: WaysIn
    issuer: GrantIssuer

    async def prove(self, brought: Brought, *, by: By) -> EnrolmentProof:
        """Tell whose the secret is, and give a grant in its place. Nothing is used up.

        Whoever is not the person that it is for counts a try. Raises what the way in says, alike
        for every cause, and AgeNotAllowed to that person alone.
        """
        presented = self.ways_in.typed(brought)
        async with self.acts.begin(by, Action.PROVE_ENROLMENT) as act:
            await self.ways_in.hold(act, presented)
            try:
                async with act.attempt():
                    admitted = await self.ways_in.admit(act, presented)
            except presented.way.unproven as wrong:
                await self.ways_in.count(act, presented, Try.WRONG_PERSON)
                act.committing(wrong)
                raise
            act.about(patient=admitted.patient.id, practice=admitted.practice.id)
        return await self._proof(admitted, presented.way.purpose.name, by)

    async def _proof(self, admitted: Admitted, route: str, by: By) -> EnrolmentProof:
        """Sign; after the commit, since a key may have to be waited for."""
        expires_at = min(admitted.secret.expires_at, by.now + LIFE)
        grant = await self.issuer.issue(
            jti=str(admitted.secret.id),
            act=GrantAct.ENROLMENT,
            audience=(self.issuer.issuer,),
            subject=admitted.patient.id,
            security_version=admitted.patient.version,
            route=route,
            now=by.now,
            expires_at=expires_at,
        )
        return EnrolmentProof(
            practice_name=admitted.practice.name,
            grant=grant,
            expires_in=int((expires_at - by.now).total_seconds()),
        )
