"""The ways in that a practice gives: what is brought is looked at in one place (EN-1, EN-8)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.identity.enrolment.ages import age
from services.identity.enrolment.errors import AgeNotAllowed
from services.identity.enrolment.evidence import Evidence, TemporaryPassword, proves
from services.identity.enrolment.model import TEMPORARY_PASSWORD, WAYS, Try, Way
from services.identity.enrolment.store import ways_in as store
from services.identity.patients.model import Patient
from services.identity.patients.store import patients
from services.identity.practices.model import Practice
from services.identity.practices.store import practices
from shared import one_time
from shared.acts import Act
from shared.contracts.ids import PatientId, PracticeId
from shared.db import Connection, Database
from shared.one_time import Secret
from shared.trust.grants import GrantAct, GrantChecker, GrantInvalid
from shared.trust.tokens import Digests

NOTHING = b""  # the digest of no secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A practice's secret as somebody typed it, and what she says beside it."""

    way: Way
    secret: str
    evidence: Evidence | None = None  # None: it is proven by other means


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """The same as it is looked up."""

    way: Way
    digest: bytes
    evidence: Evidence | None
    version: int = 0  # that the record stood at when it was proven; 0: it was not, or long ago

    def fits(self, patient: Patient) -> bool:
        """Whether the record is still what was proven: a correction may make it another's."""
        return self.version in (0, patient.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """Who has proven a live secret, and at which practice."""

    practice: Practice
    patient: Patient
    secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class WaysIn:
    database: Database
    digests: Digests
    grants: GrantChecker

    def typed(self, brought: Brought) -> Presented:
        """Take what somebody typed."""
        digest = brought.way.purpose.digest(self.digests, brought.secret)
        return Presented(way=brought.way, digest=digest, evidence=brought.evidence)

    async def presented(self, brought: Brought | str, *, now: datetime) -> Presented:
        """Take what somebody typed, or a grant that says it was proven before.

        A grant spends nothing: its secret is used up once, and a newer one voids both, as a
        correction of the record voids the grant. Raises as GrantChecker.check.
        """
        if isinstance(brought, Brought):
            return self.typed(brought)
        grant = await self.grants.check(brought, act=GrantAct.ENROLMENT, now=now)
        way = WAYS.get(grant.route)
        if way is None:
            raise GrantInvalid  # of a way in that another release has
        async with self.database.connection() as connection:
            digest = await store.digest_of(connection, UUID(grant.jti))
        return Presented(
            way=way, digest=digest or NOTHING, evidence=None, version=grant.security_version
        )

    async def owner(self, presented: Presented) -> tuple[PracticeId, PatientId] | None:
        """Whose it is, or was, for ever the same."""
        async with self.database.connection() as connection:
            return await store.owner(connection, presented.way.purpose, presented.digest)

    async def hold(self, act: Act, presented: Presented) -> None:
        """Hold its record until the try is counted, or fifty parallel guesses would all be compared
        before the fifth failure voids it.
        """
        await store.hold(act.tx, presented.way.purpose, presented.digest)

    async def admit(self, act: Act, presented: Presented) -> Admitted:
        """Return who is let in, and use nothing up. Raises what its way says, and AgeNotAllowed."""
        way = presented.way
        owner = await store.owner(act.tx, way.purpose, presented.digest)
        if owner is None:
            raise way.refused
        practice_id, patient_id = owner
        patient = await patients.hold(act.tx, practice_id, patient_id)
        practice = await practices.find(act.tx, practice_id)
        if patient is None or patient.account_id is not None:
            raise way.refused
        if not presented.fits(patient):
            raise way.refused
        if not await self._is_proven(act.tx, presented, patient):
            raise way.unproven
        secret = await one_time.live(act.tx, way.purpose, presented.digest, now=act.now)
        if secret is None:
            raise way.refused
        require_age(practice, patient, act.now)
        return Admitted(practice=practice, patient=patient, secret=secret)

    async def _is_proven(self, tx: Connection, presented: Presented, patient: Patient) -> bool:
        match presented.evidence:
            case None:
                return True
            case TemporaryPassword(password=password):
                digest = TEMPORARY_PASSWORD.digest(self.digests, password)
                return await store.is_password_of(tx, presented.digest, digest)
            case of_record:
                return proves(of_record, patient)

    async def use(self, act: Act, presented: Presented) -> None:
        """Use it up. Raises what its way says, for all but one."""
        way = presented.way
        if not await one_time.use(act.tx, way.purpose, presented.digest, now=act.now):
            raise way.refused

    async def count(self, act: Act, presented: Presented, kind: Try) -> None:
        """Count a try against it; the last one voids it."""
        await one_time.count_try(act.tx, presented.way.purpose, presented.digest, kind, now=act.now)


def require_age(practice: Practice, patient: Patient, now: datetime) -> None:
    """Raise AgeNotAllowed for who is too young by the practice's setting, on its own calendar."""
    if age(patient.birth_date, practice.today(now)) < practice.settings.own_account_age:
        raise AgeNotAllowed
