"""The services as a practice's own system calls them: a client's secret, staff with reasons.

In one piece, as a system's own client for it would be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import msgspec

from deploy.gateway.doors.http import Asker, Door, Nothing, Sent, Verb
from deploy.gateway.web.refusals import Away, Broken, Refused

CLIENT_CREDENTIALS = "client_credentials"


class ClientToken(Sent, frozen=True, kw_only=True):
    grant_type: str
    client_id: str
    client_secret: str
    resource: tuple[str, ...]


class Token(msgspec.Struct, frozen=True, kw_only=True):
    access_token: str


class Patient(Sent, frozen=True, kw_only=True):
    last_name: str
    first_name: str
    birth_date: date
    home_phone: str | None = None
    address: str | None = None
    email: str | None = None
    number: str | None = None


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    patient_id: str


class ByStaff(Sent, frozen=True, kw_only=True):
    staff_id: str
    reason: str


class TokenOrder(ByStaff, frozen=True, kw_only=True):
    handed_over: str


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    token: str
    expires_at: datetime


class GivenReset(msgspec.Struct, frozen=True, kw_only=True):
    """A live reset token, without the digits."""

    handed_over: str
    staff_id: str | None
    issued_at: datetime
    expires_at: datetime


class GivenResets(msgspec.Struct, frozen=True, kw_only=True):
    reset_tokens: tuple[GivenReset, ...]


class Invited(msgspec.Struct, frozen=True, kw_only=True):
    expires_at: datetime


class Temporary(msgspec.Struct, frozen=True, kw_only=True):
    username: str
    password: str
    expires_at: datetime


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    reset_link_minutes: int
    token_hours_in_person: int
    token_days_post: int
    token_hours_email: int
    invitation_days: int
    temporary_hours: int
    reset_token_hours: int
    reset_token_days_post: int
    own_account_age: int
    takes_requests: bool
    security_questions: bool
    channels: tuple[str, ...]


class SettingsChange(ByStaff, frozen=True, kw_only=True):
    version: int
    reset_link_minutes: int
    token_hours_in_person: int
    token_days_post: int
    token_hours_email: int
    invitation_days: int
    temporary_hours: int
    reset_token_hours: int
    reset_token_days_post: int
    own_account_age: int
    takes_requests: bool
    security_questions: bool
    channels: tuple[str, ...]


class DisclaimerTexts(msgspec.Struct, frozen=True, kw_only=True):
    version: int
    texts: Mapping[str, str]


class DisclaimerChange(ByStaff, frozen=True, kw_only=True):
    texts: Mapping[str, str]


class Dormant(msgspec.Struct, frozen=True, kw_only=True):
    patient_id: str
    number: str | None
    last_name: str
    first_name: str
    enrolled_at: datetime
    last_log_on_at: datetime | None


class DormantPatients(msgspec.Struct, frozen=True, kw_only=True):
    patients: tuple[Dormant, ...]
    next: str | None = None


class Unenrolments(ByStaff, frozen=True, kw_only=True):
    months: int
    patient_ids: tuple[str, ...]


class Unenrolment(msgspec.Struct, frozen=True, kw_only=True):
    patient_id: str
    result: str


class UnenrolmentResults(msgspec.Struct, frozen=True, kw_only=True):
    results: tuple[Unenrolment, ...]


class Communication(Sent, frozen=True, kw_only=True):
    patient_id: str
    topic: str
    reference: str


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    patient_id: str
    topic: str
    state: str
    reason: str | None
    at: datetime


class Deliveries(msgspec.Struct, frozen=True, kw_only=True):
    deliveries: tuple[Delivery, ...]
    next: str | None = None


class Conflict(msgspec.Struct, frozen=True, kw_only=True):
    merge_id: str
    patient_ids: tuple[str, ...]
    found_at: datetime


class Conflicts(msgspec.Struct, frozen=True, kw_only=True):
    conflicts: tuple[Conflict, ...]


class Settlement(ByStaff, frozen=True, kw_only=True):
    kept: tuple[str, ...]
    given_up: tuple[str, ...]


OF_PATIENT = "/practice/patients/{patient_id}"
TOKEN = Verb("obtain_client_token", "POST", "/oauth/token", Token, ClientToken, form=True)
REGISTER = Verb(
    "register_patient", "POST", "/practice/patients", Registered, Patient, keyed=True, bearer=True
)
ISSUE = Verb(
    "issue_enrolment_token",
    "POST",
    f"{OF_PATIENT}/enrolment-tokens",
    Issued,
    TokenOrder,
    keyed=True,
    bearer=True,
)
INVITE = Verb(
    "invite_patient", "POST", f"{OF_PATIENT}/invitations", Invited, ByStaff, keyed=True, bearer=True
)
MAKE_TEMPORARY = Verb(
    "make_temporary_credentials",
    "POST",
    f"{OF_PATIENT}/temporary-credentials",
    Temporary,
    ByStaff,
    keyed=True,
    bearer=True,
)
UNLOCK = Verb("unlock_account", "POST", f"{OF_PATIENT}/unlock", Nothing, ByStaff, bearer=True)
RESET_TWO_STEP = Verb(
    "reset_two_step", "POST", f"{OF_PATIENT}/reset-two-step", Nothing, ByStaff, bearer=True
)
THAW = Verb("thaw_account", "POST", f"{OF_PATIENT}/thaw", Nothing, ByStaff, bearer=True)
UN_ENROL = Verb("un_enrol_patient", "POST", f"{OF_PATIENT}/un-enrol", Nothing, ByStaff, bearer=True)
REACTIVATE = Verb(
    "reactivate_patient", "POST", f"{OF_PATIENT}/re-activate", Nothing, ByStaff, bearer=True
)
SETTINGS = Verb("read_practice_settings", "GET", "/practice/settings", Settings, bearer=True)
CHANGE_SETTINGS = Verb(
    "change_practice_settings", "PATCH", "/practice/settings", Settings, SettingsChange, bearer=True
)
DISCLAIMER = Verb("read_disclaimer", "GET", "/practice/disclaimer", DisclaimerTexts, bearer=True)
CHANGE_DISCLAIMER = Verb(
    "publish_disclaimer",
    "PUT",
    "/practice/disclaimer",
    DisclaimerTexts,
    DisclaimerChange,
    bearer=True,
)
DORMANT = Verb(
    "list_dormant_patients", "GET", "/practice/dormant-patients", DormantPatients, bearer=True
)
UN_ENROL_DORMANT = Verb(
    "un_enrol_dormant_patients",
    "POST",
    "/practice/dormant-patients/un-enrol",
    UnenrolmentResults,
    Unenrolments,
    bearer=True,
)
SUBMIT = Verb(
    "submit_communication", "POST", "/communications", Nothing, Communication, bearer=True
)
DELIVERIES = Verb(
    "list_practice_deliveries", "GET", "/practice/deliveries", Deliveries, bearer=True
)
RESEND = Verb(
    "resend_delivery",
    "POST",
    "/practice/deliveries/{delivery_id}/resend",
    Nothing,
    ByStaff,
    bearer=True,
)
ISSUE_RESET = Verb(
    "issue_reset_token",
    "POST",
    f"{OF_PATIENT}/reset-tokens",
    Issued,
    TokenOrder,
    keyed=True,
    bearer=True,
)
VOID_RESET = Verb(
    "void_reset_token", "POST", f"{OF_PATIENT}/reset-tokens/void", Nothing, ByStaff, bearer=True
)
GIVEN_RESETS = Verb(
    "list_reset_tokens", "GET", f"{OF_PATIENT}/reset-tokens", GivenResets, bearer=True
)
CONFLICTS = Verb("list_merge_conflicts", "GET", "/practice/merge-conflicts", Conflicts, bearer=True)
SETTLE_CHART = Verb(
    "settle_duplicate_chart",
    "POST",
    "/practice/duplicate-charts/settle",
    Nothing,
    Settlement,
    bearer=True,
)

VERBS: Mapping[str, tuple[Verb[Any], ...]] = {
    "identity": (
        TOKEN,
        REGISTER,
        ISSUE,
        INVITE,
        MAKE_TEMPORARY,
        UNLOCK,
        RESET_TWO_STEP,
        THAW,
        UN_ENROL,
        REACTIVATE,
        SETTINGS,
        CHANGE_SETTINGS,
        DISCLAIMER,
        CHANGE_DISCLAIMER,
        DORMANT,
        UN_ENROL_DORMANT,
        SETTLE_CHART,
    ),
    "notify": (SUBMIT, DELIVERIES, RESEND),
    "merge": (CONFLICTS,),
    "recovery": (ISSUE_RESET, GIVEN_RESETS, VOID_RESET),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A practice's own client, as it logs on."""

    client_id: str
    client_secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeSystem:
    """Each method one verb, with a token got for it. Raises Refused, Away, Broken."""

    identity: Door
    notify: Door
    merge: Door
    recovery: Door

    async def token(self, asker: Asker, client: Client, service: str) -> str:
        """Obtain a token for one service; new each time, for this is no place for speed."""
        body = ClientToken(
            grant_type=CLIENT_CREDENTIALS,
            client_id=client.client_id,
            client_secret=client.client_secret,
            resource=(service,),
        )
        return (await self.identity.call(TOKEN, asker, body=body)).access_token

    async def register(self, asker: Asker, client: Client, patient: Patient, *, key: str) -> str:
        token = await self.token(asker, client, "identity")
        found = await self.identity.call(REGISTER, asker, token=token, body=patient, key=key)
        return found.patient_id

    async def issue(
        self, asker: Asker, client: Client, patient_id: str, order: TokenOrder, *, key: str
    ) -> Issued:
        token = await self.token(asker, client, "identity")
        ids = {"patient_id": patient_id}
        return await self.identity.call(ISSUE, asker, token=token, ids=ids, body=order, key=key)

    async def invite(
        self, asker: Asker, client: Client, patient_id: str, body: ByStaff, *, key: str
    ) -> Invited:
        token = await self.token(asker, client, "identity")
        ids = {"patient_id": patient_id}
        return await self.identity.call(INVITE, asker, token=token, ids=ids, body=body, key=key)

    async def make_temporary(
        self, asker: Asker, client: Client, patient_id: str, body: ByStaff, *, key: str
    ) -> Temporary:
        token = await self.token(asker, client, "identity")
        ids = {"patient_id": patient_id}
        return await self.identity.call(
            MAKE_TEMPORARY, asker, token=token, ids=ids, body=body, key=key
        )

    async def issue_reset(
        self, asker: Asker, client: Client, patient_id: str, order: TokenOrder, *, key: str
    ) -> Issued:
        token = await self.token(asker, client, "recovery")
        ids = {"patient_id": patient_id}
        return await self.recovery.call(
            ISSUE_RESET, asker, token=token, ids=ids, body=order, key=key
        )

    async def given_resets(
        self, asker: Asker, client: Client, patient_id: str
    ) -> tuple[GivenReset, ...] | None:
        """The practice's own live ones; None where recovery does not say."""
        try:
            token = await self.token(asker, client, "recovery")
            ids = {"patient_id": patient_id}
            found = await self.recovery.call(GIVEN_RESETS, asker, token=token, ids=ids)
        except (Away, Broken, Refused):
            return None
        return found.reset_tokens

    async def void_reset(
        self, asker: Asker, client: Client, patient_id: str, body: ByStaff
    ) -> None:
        token = await self.token(asker, client, "recovery")
        ids = {"patient_id": patient_id}
        await self.recovery.call(VOID_RESET, asker, token=token, ids=ids, body=body)

    async def by_staff(
        self, verb: Verb[Nothing], asker: Asker, client: Client, patient_id: str, body: ByStaff
    ) -> None:
        """Unlock, un-enrol or re-activate."""
        token = await self.token(asker, client, "identity")
        ids = {"patient_id": patient_id}
        await self.identity.call(verb, asker, token=token, ids=ids, body=body)

    async def settings(self, asker: Asker, client: Client) -> Settings:
        token = await self.token(asker, client, "identity")
        return await self.identity.call(SETTINGS, asker, token=token)

    async def change_settings(self, asker: Asker, client: Client, change: SettingsChange) -> None:
        token = await self.token(asker, client, "identity")
        await self.identity.call(CHANGE_SETTINGS, asker, token=token, body=change)

    async def disclaimer(self, asker: Asker, client: Client) -> DisclaimerTexts:
        token = await self.token(asker, client, "identity")
        return await self.identity.call(DISCLAIMER, asker, token=token)

    async def change_disclaimer(
        self, asker: Asker, client: Client, change: DisclaimerChange
    ) -> None:
        token = await self.token(asker, client, "identity")
        await self.identity.call(CHANGE_DISCLAIMER, asker, token=token, body=change)

    async def dormant(self, asker: Asker, client: Client, months: int) -> DormantPatients:
        token = await self.token(asker, client, "identity")
        query = {"months": str(months)}
        return await self.identity.call(DORMANT, asker, token=token, query=query)

    async def un_enrol_dormant(
        self, asker: Asker, client: Client, body: Unenrolments
    ) -> UnenrolmentResults:
        token = await self.token(asker, client, "identity")
        return await self.identity.call(UN_ENROL_DORMANT, asker, token=token, body=body)

    async def submit(self, asker: Asker, client: Client, communication: Communication) -> None:
        token = await self.token(asker, client, "notify")
        await self.notify.call(SUBMIT, asker, token=token, body=communication)

    async def deliveries(self, asker: Asker, client: Client, **which: str | None) -> Deliveries:
        """To one patient (`patient_id`) or to all; `after` goes on from the last page."""
        token = await self.token(asker, client, "notify")
        query = {name: value for name, value in which.items() if value is not None}
        return await self.notify.call(DELIVERIES, asker, token=token, query=query)

    async def resend(self, asker: Asker, client: Client, delivery_id: str, by: ByStaff) -> None:
        token = await self.token(asker, client, "notify")
        ids = {"delivery_id": delivery_id}
        await self.notify.call(RESEND, asker, token=token, ids=ids, body=by)

    async def conflicts(self, asker: Asker, client: Client) -> Conflicts:
        token = await self.token(asker, client, "merge")
        return await self.merge.call(CONFLICTS, asker, token=token)

    async def settle_chart(self, asker: Asker, client: Client, body: Settlement) -> None:
        token = await self.token(asker, client, "identity")
        await self.identity.call(SETTLE_CHART, asker, token=token, body=body)
