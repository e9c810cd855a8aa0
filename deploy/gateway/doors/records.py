"""A practice's records, its patients' accounts, and what it handed out, as its system sees them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

import msgspec

from deploy.gateway.doors.http import Asker, Nothing, Sent, Verb
from deploy.gateway.doors.practice import OF_PATIENT, ByStaff, Client, PracticeSystem

R = TypeVar("R", bound=msgspec.Struct)


class ClientBudget(msgspec.Struct, frozen=True, kw_only=True):
    name: str
    most: int
    left: int


class OwnClient(msgspec.Struct, frozen=True, kw_only=True):
    client_id: str
    client_name: str
    role: str
    scopes: tuple[str, ...]
    practice_id: str
    practice_name: str
    practice_time_zone: str
    budgets: tuple[ClientBudget, ...]


class Rotation(ByStaff, frozen=True, kw_only=True):
    client_secret: str
    overlap_hours: int


class Rotated(msgspec.Struct, frozen=True, kw_only=True):
    client_secret: str


class Revocation(ByStaff, frozen=True, kw_only=True):
    client_secret: str


class Sought(Sent, frozen=True, kw_only=True):
    last_name: str | None = None
    birth_date: date | None = None
    number: str | None = None
    after: str | None = None


class Found(msgspec.Struct, frozen=True, kw_only=True):
    patient_id: str
    number: str | None
    last_name: str
    first_name: str
    birth_date: date
    enrolled: bool


class FoundPatients(msgspec.Struct, frozen=True, kw_only=True):
    patients: tuple[Found, ...]
    next: str | None = None


class Record(msgspec.Struct, frozen=True, kw_only=True):
    patient_id: str
    version: int
    number: str | None
    last_name: str
    first_name: str
    birth_date: date
    home_phone: str | None
    address: str | None
    email: str | None
    account: bool
    enrolled: bool
    token_until: datetime | None
    locked: bool
    frozen: bool
    two_step_on: bool
    email_waived: bool

    @property
    def name(self) -> str:
        """As people say it."""
        return f"{self.first_name} {self.last_name}"


class Correction(ByStaff, frozen=True, kw_only=True):
    version: int
    last_name: str
    first_name: str
    birth_date: date
    home_phone: str | None
    address: str | None
    email: str | None


class Corrected(msgspec.Struct, frozen=True, kw_only=True):
    version: int


class Username(msgspec.Struct, frozen=True, kw_only=True):
    username: str


class Waiver(ByStaff, frozen=True, kw_only=True):
    waived: bool


class HandedOut(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    kind: str
    patient_id: str
    handed_over: str | None
    staff_id: str | None
    issued_at: datetime
    expires_at: datetime
    state: str
    ended_at: datetime | None


class HandedOutPage(msgspec.Struct, frozen=True, kw_only=True):
    handed_out: tuple[HandedOut, ...]
    next: str | None = None


class Void(ByStaff, frozen=True, kw_only=True):
    kind: str


class Submission(ByStaff, frozen=True, kw_only=True):
    """Rows as they were pasted: the service reads each by itself."""

    patients: tuple[dict[str, Any], ...]


class RowError(msgspec.Struct, frozen=True, kw_only=True):
    field: str
    code: str


class RowResult(msgspec.Struct, frozen=True, kw_only=True):
    number: str | None
    result: str
    patient_id: str | None = None
    differs: tuple[str, ...] = ()
    errors: tuple[RowError, ...] = ()
    invitation: str | None = None


class Submitted(msgspec.Struct, frozen=True, kw_only=True):
    results: tuple[RowResult, ...]


OWN_CLIENT = Verb("read_own_client", "GET", "/practice/client", OwnClient, bearer=True)
ROTATE = Verb(
    "rotate_own_secret", "POST", "/practice/client/rotate-secret", Rotated, Rotation, bearer=True
)
REVOKE = Verb(
    "revoke_own_client", "POST", "/practice/client/revoke", Nothing, Revocation, bearer=True
)
FIND = Verb(
    "find_patients", "POST", "/practice/patients/search", FoundPatients, Sought, bearer=True
)
READ = Verb("read_patient", "GET", OF_PATIENT, Record, bearer=True)
CORRECT = Verb("correct_patient", "PATCH", OF_PATIENT, Corrected, Correction, bearer=True)
READ_USERNAME = Verb(
    "read_username", "POST", f"{OF_PATIENT}/read-username", Username, ByStaff, bearer=True
)
WAIVE = Verb("waive_email", "PUT", f"{OF_PATIENT}/email-waiver", Nothing, Waiver, bearer=True)
HANDED_OUT = Verb("list_handed_out", "GET", "/practice/handed-out", HandedOutPage, bearer=True)
VOID = Verb("void_handed_out", "POST", f"{OF_PATIENT}/handed-out/void", Nothing, Void, bearer=True)
SUBMIT_PATIENTS = Verb(
    "register_patients", "POST", "/practice/patients/bulk", Submitted, Submission, bearer=True
)

VERBS: tuple[Verb[Any], ...] = (
    OWN_CLIENT,
    ROTATE,
    REVOKE,
    FIND,
    READ,
    CORRECT,
    READ_USERNAME,
    WAIVE,
    HANDED_OUT,
    VOID,
    SUBMIT_PATIENTS,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """Each method one verb of identity's. Raises Refused, Away, Broken."""

    system: PracticeSystem

    async def client(self, asker: Asker, client: Client) -> OwnClient:
        return await self._call(OWN_CLIENT, asker, client)

    async def rotate(self, asker: Asker, client: Client, by: ByStaff, *, overlap_hours: int) -> str:
        """The new secret; the one before goes on so long."""
        body = Rotation(
            staff_id=by.staff_id,
            reason=by.reason,
            client_secret=client.client_secret,
            overlap_hours=overlap_hours,
        )
        return (await self._call(ROTATE, asker, client, body=body)).client_secret

    async def revoke(self, asker: Asker, client: Client, by: ByStaff) -> None:
        body = Revocation(
            staff_id=by.staff_id, reason=by.reason, client_secret=client.client_secret
        )
        await self._call(REVOKE, asker, client, body=body)

    async def find(self, asker: Asker, client: Client, sought: Sought) -> FoundPatients:
        return await self._call(FIND, asker, client, body=sought)

    async def read(self, asker: Asker, client: Client, patient_id: str) -> Record:
        return await self._call(READ, asker, client, ids={"patient_id": patient_id})

    async def correct(
        self, asker: Asker, client: Client, patient_id: str, body: Correction
    ) -> Corrected:
        return await self._call(CORRECT, asker, client, ids={"patient_id": patient_id}, body=body)

    async def read_username(
        self, asker: Asker, client: Client, patient_id: str, body: ByStaff
    ) -> str:
        ids = {"patient_id": patient_id}
        return (await self._call(READ_USERNAME, asker, client, ids=ids, body=body)).username

    async def waive(self, asker: Asker, client: Client, patient_id: str, body: Waiver) -> None:
        await self._call(WAIVE, asker, client, ids={"patient_id": patient_id}, body=body)

    async def handed_out(self, asker: Asker, client: Client, **which: str | None) -> HandedOutPage:
        """To one patient (`patient_id`) or to all; `after` goes on from the last page."""
        query = {name: value for name, value in which.items() if value is not None}
        return await self._call(HANDED_OUT, asker, client, query=query)

    async def void(self, asker: Asker, client: Client, patient_id: str, body: Void) -> None:
        await self._call(VOID, asker, client, ids={"patient_id": patient_id}, body=body)

    async def submit(self, asker: Asker, client: Client, body: Submission) -> Submitted:
        return await self._call(SUBMIT_PATIENTS, asker, client, body=body)

    async def _call(
        self,
        verb: Verb[R],
        asker: Asker,
        client: Client,
        *,
        ids: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        body: Sent | None = None,
    ) -> R:
        token = await self.system.token(asker, client, "identity")
        return await self.system.identity.call(
            verb, asker, token=token, ids=ids, query=query, body=body
        )
