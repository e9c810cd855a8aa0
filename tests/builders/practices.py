"""A practice and its patients as the HTTP verbs show them, and what a patient types to enrol."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from shared.contracts.ids import EventId
from shared.contracts.keys import KeyPurpose
from shared.contracts.sealed import Sealed
from shared.trust.sealing import Opener
from tests.rigs.identity import PASSWORD, TERMS_VERSION, Identity
from tests.rigs.replica import Answer
from tests.support.trust import Trust, trusting

BIRTH_DATE, LAST_NAME, FIRST_NAME = "1984-05-03", "García-Lopez", "Maria"
INVITABLE = {"email": "maria@mail.example", "home_phone": "+1 555 0123", "number": "P-1"}


def asking(desk: "PracticeDesk", **changes: Any) -> dict[str, Any]:
    """What somebody says who asks the practice to be enrolled."""
    said = {
        "practice_id": desk.practice_id,
        "last_name": LAST_NAME,
        "first_name": FIRST_NAME,
        "birth_date": BIRTH_DATE,
        "home_phone": "+1 555 0123",
        "address": "1 Elm Street, Springfield",
        "email": "maria@mail.example",
        "locale": "en-US",
        **changes,
    }
    return {name: value for name, value in said.items() if value is not None}


async def ask(desk: "PracticeDesk", **changes: Any) -> Answer:
    """Ask the practice to be enrolled, from a source of one's own."""
    body = asking(desk, **changes)
    return await desk.identity.call("POST", "/enrolment-requests", body)


@dataclass(frozen=True, slots=True, kw_only=True)
class PracticeDesk:
    """A practice's system with its access token."""

    identity: Identity
    access_token: str
    practice_id: str
    client: tuple[str, str]

    async def renewed(self) -> "PracticeDesk":
        """The same with a new access token, which lives five minutes."""
        return await desk_of(self.identity, self.client)

    async def register(self, *, key: str | None = None, **changes: Any) -> Answer:
        """Register a patient record."""
        body = {"last_name": LAST_NAME, "first_name": FIRST_NAME, "birth_date": BIRTH_DATE}
        return await self.call("/practice/patients", {**body, **changes}, key=key)

    async def a_patient(self, **changes: Any) -> str:
        """A patient record's id."""
        return str((await self.register(**changes)).body["patient_id"])

    async def issue(
        self, patient_id: str, *, handed_over: str = "in-person", key: str | None = None
    ) -> Answer:
        """Issue an enrolment token."""
        return await self.call(
            f"/practice/patients/{patient_id}/enrolment-tokens",
            {"handed_over": handed_over, "staff_id": "nurse-7", "reason": "asked at the desk"},
            key=key,
        )

    async def a_token(self, *, handed_over: str = "in-person", **patient: Any) -> str:
        """A live token of a new patient record."""
        patient_id = await self.a_patient(**patient)
        return str((await self.issue(patient_id, handed_over=handed_over)).body["token"])

    async def invite(self, patient_id: str, *, key: str | None = None) -> Answer:
        """Have an invitation mailed."""
        body = {"staff_id": "nurse-7", "reason": "asked at the desk"}
        return await self.call(f"/practice/patients/{patient_id}/invitations", body, key=key)

    async def a_request(self, **changes: Any) -> str:
        """The id of a pending request; the practice takes requests from now on."""
        await self.change_settings(takes_requests=True)
        assert (await ask(self, **changes)).status == 202
        rows = await self.identity.rows(
            "SELECT id FROM enrolment_requests WHERE practice_id = $1 AND state = 'pending'"
            " ORDER BY asked_at DESC LIMIT 1",
            UUID(self.practice_id),
        )
        return str(rows[0]["id"])

    async def read_request(self, request_id: str) -> Answer:
        """Read a request."""
        return await self.call(f"/practice/enrolment-requests/{request_id}", method="GET")

    async def approve(self, request_id: str, **changes: Any) -> Answer:
        """Approve a request; nothing is mailed unless it is said."""
        body = {"staff_id": "nurse-7", "reason": "known by phone", "mail_to": None, **changes}
        return await self.call(f"/practice/enrolment-requests/{request_id}/approve", body)

    async def reject(self, request_id: str) -> Answer:
        """Reject a request."""
        body = {"staff_id": "nurse-7", "reason": "lives elsewhere"}
        return await self.call(f"/practice/enrolment-requests/{request_id}/reject", body)

    async def temporary(self, patient_id: str, *, key: str | None = None) -> Answer:
        """Make a temporary username and password."""
        body = {"staff_id": "nurse-7", "reason": "asked at the desk"}
        path = f"/practice/patients/{patient_id}/temporary-credentials"
        return await self.call(path, body, key=key)

    async def a_temporary_pair(self, **patient: Any) -> dict[str, str]:
        """Username and password of a new patient record, as they are typed."""
        made = (await self.temporary(await self.a_patient(**patient))).body
        return {"username": made["username"], "password": made["password"]}

    async def enrolled(self, **typed: Any) -> str:
        """The id of a patient record that has an account."""
        patient_id = await self.a_patient()
        token = (await self.issue(patient_id)).body["token"]
        assert (await enrol(self.identity, token, **typed)).status == 201
        return patient_id

    async def read(self, patient_id: str) -> Any:
        """Read an own record as it stands."""
        answer = await self.call(f"/practice/patients/{patient_id}", method="GET")
        assert answer.status == 200, answer.body
        return answer.body

    async def unlock(self, patient_id: str) -> Answer:
        """Clear the lock of a patient's account."""
        return await self.call(
            f"/practice/patients/{patient_id}/unlock",
            {"staff_id": "nurse-7", "reason": "came to the desk"},
        )

    async def thaw(self, patient_id: str) -> Answer:
        """Thaw a patient's account."""
        return await self.call(
            f"/practice/patients/{patient_id}/thaw",
            {"staff_id": "nurse-7", "reason": "came with her passport"},
        )

    async def un_enrol(self, patient_id: str) -> Answer:
        """Un-enrol a patient."""
        return await self.call(
            f"/practice/patients/{patient_id}/un-enrol",
            {"staff_id": "nurse-7", "reason": "moved away"},
        )

    async def reactivate(self, patient_id: str) -> Answer:
        """Enrol a patient again."""
        return await self.call(
            f"/practice/patients/{patient_id}/re-activate",
            {"staff_id": "nurse-7", "reason": "moved back"},
        )

    async def duplicate(self, username: str = "maria.garcia") -> tuple[str, str]:
        """The ids of two records that one account has."""
        first, second = await self.enrolled(username=username), await self.a_patient()
        token = (await self.issue(second)).body["token"]
        assert (await add_practice(self.identity, token, name=username)).status == 201
        return first, second

    async def settle(self, *, kept: Sequence[str], given_up: Sequence[str] = ()) -> Answer:
        """Settle a duplicate chart."""
        body = {"staff_id": "nurse-7", "reason": "one person, two records"}
        return await self.call(
            "/practice/duplicate-charts/settle",
            {**body, "kept": list(kept), "given_up": list(given_up)},
        )

    async def change_settings(self, **settings: Any) -> Answer:
        """Change the practice's settings."""
        body = {"staff_id": "nurse-7", "reason": "links ran out", **settings}
        return await self.call("/practice/settings", body, method="PATCH")

    async def call(
        self, path: str, body: Any = None, *, method: str = "POST", key: str | None = None
    ) -> Answer:
        """Call a practice's verb."""
        headers = {"Idempotency-Key": key} if key else {}
        return await self.identity.call(
            method, path, body, token=self.access_token, headers=headers
        )


async def practice_desk(identity: Identity) -> PracticeDesk:
    """Add a practice and log its system on."""
    return await desk_of(identity, await identity.a_practice_client())


async def desk_of(identity: Identity, client: tuple[str, str]) -> PracticeDesk:
    """Log a practice's system on."""
    answer = await identity.client_token(*client)
    [row] = await identity.rows("SELECT practice_id FROM clients WHERE id = $1", client[0])
    return PracticeDesk(
        identity=identity,
        access_token=str(answer.body["access_token"]),
        practice_id=str(row["practice_id"]),
        client=client,
    )


def application(token: str, **changes: Any) -> dict[str, Any]:
    """What a patient types; state only what matters."""
    typed = {
        "terms_version": TERMS_VERSION,
        "token": token,
        "birth_date": BIRTH_DATE,
        "last_name": LAST_NAME,
        "no_email": "email" not in changes,
        "username": "maria.garcia",
        "password": PASSWORD,
    }
    return {**typed, **changes}


async def enrol(
    identity: Identity, token: str, *, key: str | None = None, **changes: Any
) -> Answer:
    """Enrol with a token."""
    headers = {"Idempotency-Key": key} if key else {}
    return await identity.call(
        "POST", "/enrolments", application(token, **changes), headers=headers
    )


async def prove(identity: Identity, token: str, **changes: Any) -> Answer:
    """Prove a token to be one's own."""
    body = {"token": token, "birth_date": BIRTH_DATE, "last_name": LAST_NAME, **changes}
    return await proven(identity, body)


async def proven(identity: Identity, body: Mapping[str, Any]) -> Answer:
    """Prove whatever a practice handed out."""
    return await identity.call("POST", "/enrolments/proofs", body)


async def granted(identity: Identity, token: str, **changes: Any) -> str:
    """The grant of who has proven a token."""
    answer = await prove(identity, token, **changes)
    assert answer.status == 200, answer.body
    return str(answer.body["grant"])


def with_grant(grant: str, **changes: Any) -> dict[str, Any]:
    """What a patient types who has proven a secret before."""
    proven = {"token", "birth_date", "last_name"}
    typed = {name: value for name, value in application("").items() if name not in proven}
    return {**typed, "grant": grant, **changes}


async def add_practice(
    identity: Identity,
    token: str,
    *,
    name: str = "maria.garcia",
    password: str = PASSWORD,
    key: str | None = None,
) -> Answer:
    """Add the token's practice to the account that name and password log on to."""
    return await identity.call(
        "POST",
        "/enrolments/existing-account",
        {"token": token, "name": name, "password": password},
        headers={"Idempotency-Key": key} if key else {},
    )


async def enrols(identity: Identity, *bodies: dict[str, Any]) -> list[Answer]:
    """Enrol with all of these at once."""
    return await asyncio.gather(*(identity.call("POST", "/enrolments", body) for body in bodies))


@dataclass(frozen=True, slots=True, kw_only=True)
class Postman:
    """Opens what identity has sealed for the mail, as notify does."""

    identity: Identity
    notify: Trust

    async def tokens(self, event: str) -> list[str | None]:
        """The verify tokens of these events in the outbox, in order; None where none is mailed."""
        rows = await self.identity.rows(
            "SELECT event_id FROM outbox WHERE routing_key = $1 ORDER BY id",
            f"identity.{event}.v1",
        )
        found = await self.identity.events(event)
        return [
            await self._open(row["event_id"], data["verification"])
            for row, data in zip(rows, found, strict=True)
        ]

    async def invitations(self, event: str = "patient-invited") -> list[str | None]:
        """The secrets of the invitations in the outbox, in order."""
        rows = await self.identity.rows(
            "SELECT event_id FROM outbox WHERE routing_key = $1 ORDER BY id",
            f"identity.{event}.v1",
        )
        found = await self.identity.events(event)
        return [
            await self._open(row["event_id"], data["invitation"])
            for row, data in zip(rows, found, strict=True)
        ]

    async def not_me(self, event: str) -> list[tuple[str, str]]:
        """Whom the links "this was not me" of these events are sealed to, and their secrets."""
        rows = await self.identity.rows(
            "SELECT event_id FROM outbox WHERE routing_key ~ $1 ORDER BY id",
            rf"^identity\.{event}\.v\d+$",
        )
        found = await self.identity.events(event)
        return [
            (sealed["recipient"], str(await self._open(row["event_id"], sealed)))
            for row, data in zip(rows, found, strict=True)
            for sealed in data["not_me"]
        ]

    async def invitation(self, desk: PracticeDesk, **patient: Any) -> str:
        """The secret of an invitation of a new patient record."""
        await desk.invite(await desk.a_patient(**{**INVITABLE, **patient}))
        return str((await self.invitations())[-1])

    async def _open(self, event_id: EventId, sealed: Any) -> str | None:
        if sealed is None:
            return None
        opener = Opener(own_keys=self.notify.own_keys)
        return await opener.open(msgspec.convert(sealed, Sealed), event_id=event_id)


@asynccontextmanager
async def postman_beside(identity: Identity) -> AsyncIterator[Postman]:
    """Notify's keys, which identity has heard of: mails can be sealed, and opened by the test."""
    async with trusting(
        identity.database, "notify", identity.clock, purpose=KeyPurpose.SEALING
    ) as notify:
        await notify.own_keys.ensure()
        await identity.trust.learn_from(notify)
        yield Postman(identity=identity, notify=notify)
