"""Grants of identity's own: what a password has just proven, for who takes it (SE-3, MG-1)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.identity.accounts.model import HeldAccount
from shared.contracts.ids import SessionId
from shared.http.routes import Reply
from shared.randomness import Randomness
from shared.trust.grants import GrantAct, GrantIssuer, Verb


class ProofReply(Reply, frozen=True, kw_only=True):
    """`grant` is carried to who takes it; `expires_in` is in seconds."""

    grant: str
    expires_in: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofGrants:
    issuer: GrantIssuer
    randomness: Randomness
    prefix: str  # of every service's issuer

    async def issue(
        self,
        act: GrantAct,
        account: HeldAccount,
        *,
        session_id: SessionId,
        security_version: int,
        life: timedelta,
        now: datetime,
        verb: Verb | None = None,
        route: str = "password",
    ) -> ProofReply:
        """Sign; after the commit, since a key may have to be waited for.

        `session_id` is where it was proven. `security_version` is the one whose password was
        compared, or whose passkey was taken: a change since voids the grant.
        """
        grant = await self.issuer.issue(
            jti=self.randomness.token(),
            act=act,
            audience=self._audience(verb),
            subject=account.account_id,
            security_version=security_version,
            route=route,
            now=now,
            expires_at=now + life,
            verb=verb,
            account_version=account.version,
            session_id=session_id,
        )
        return ProofReply(grant=grant, expires_in=int(life.total_seconds()))

    def _audience(self, verb: Verb | None) -> tuple[str, ...]:
        """Who takes it: identity, for a merge merge first, since both spend it, and notify and
        recovery for what is their own.
        """
        if verb in (None, Verb.MERGE):
            return (f"{self.prefix}/merge", f"{self.prefix}/identity")
        if verb is Verb.NOTIFICATION_ADDRESS:
            return (f"{self.prefix}/notify",)
        if verb is Verb.QUESTIONS:
            return (f"{self.prefix}/recovery",)
        return (f"{self.prefix}/identity",)
