"""Notify's verbs over real HTTP, with tokens signed by identity's own key."""

from typing import Any
from uuid import UUID

import pytest

from deploy.local.caught import FaultKind
from shared.contracts.identity import Claim
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.contracts.sealed import SealPurpose
from tests.builders import events
from tests.integration.notify.caller import Caller
from tests.integration.notify.mail_server import MailServer
from tests.rigs.notify import Office

NOWHERE = UUID(int=7)


@pytest.mark.proves("NT-5")
async def test_a_person_lists_what_was_sent_to_her(office: Office, caller: Caller) -> None:
    account_id = events.new_account()
    await office.file(events.locked(account_id, events.ADDRESS))
    await office.file(events.locked(events.new_account(), "other@mail.example"))
    await office.send_all()

    status, body = await caller.call("GET", "/deliveries", token=await caller.as_person(account_id))

    assert status == 200
    (delivery,) = body["deliveries"]
    del delivery["id"], delivery["at"]
    assert delivery == {
        "message_class": "account-activity",
        "template": "account-locked",
        "channel": "email",
        "address": "j***@mail.example",
        "state": "sent",
        "reason": None,
    }


async def claim(office: Office, account_id: AccountId, found: Claim, *, enrols: bool) -> None:
    """Consume what identity says of an address that is claimed."""
    event_id, sealed = events.new_event(), None
    if found is Claim.VERIFY:
        sealed = await office.seal("s" * 43, event_id, purpose=SealPurpose.EMAIL_VERIFICATION)
    data = (
        events.enrolled(account_id, events.ADDRESS, claim=found, sealed=sealed)
        if enrols
        else events.verification_requested(account_id, events.ADDRESS, sealed, claim=found)
    )
    await office.file(data, event_id=event_id)


async def told(caller: Caller, account_id: AccountId) -> list[dict[str, Any]]:
    """Everything the ledger tells a person, but the random ids."""
    _, body = await caller.call("GET", "/deliveries", token=await caller.as_person(account_id))
    return [{**delivery, "id": None} for delivery in body["deliveries"]]


@pytest.mark.parametrize("enrols", [False, True])
@pytest.mark.parametrize("fault", [None, FaultKind.REFUSE, FaultKind.TEMPFAIL])
async def test_the_ledger_does_not_tell_whether_a_claimed_address_is_another_account_s(
    office: Office, caller: Caller, mail_server: MailServer, enrols: bool, fault: FaultKind | None
) -> None:
    free, taken = events.new_account(), events.new_account()
    for _ in range(2):  # a newer link voids the older: a word without a link has no such end
        await claim(office, free, Claim.VERIFY, enrols=enrols)
        await claim(office, taken, Claim.TAKEN, enrols=enrols)
    seen = [(await told(caller, free), await told(caller, taken))]
    if fault:
        mail_server.fail(fault)  # one of them: what a server answers depends on the address
    for wait in (0, 2):
        caller.clock.advance(hours=wait)
        await office.send_all()
        await office.features.sending.reaper.once()
        seen.append((await told(caller, free), await told(caller, taken)))

    assert all(of_free == of_taken for of_free, of_taken in seen)
    assert len(seen[0][0]) == 2


async def test_what_became_of_a_verification_mail_is_told_once_the_address_is_the_account_s_own(
    office: Office, caller: Caller
) -> None:
    account_id = events.new_account()
    await claim(office, account_id, Claim.VERIFY, enrols=False)
    await office.send_all()
    assert [one["state"] for one in await told(caller, account_id)] == ["queued"]

    await office.know(events.account(account_id, email=events.ADDRESS))

    assert [one["state"] for one in await told(caller, account_id)] == ["sent"]


@pytest.mark.proves("NT-9")
async def test_a_practice_submits_once_and_sees_what_became_of_it(
    office: Office, caller: Caller
) -> None:
    practice_id, patient_id, _ = await office.with_patient()
    token = await caller.as_practice(practice_id, "communications:write", "deliveries:read")
    body = {"patient_id": str(patient_id), "topic": "appointment", "reference": "visit-7"}

    first = await caller.call("POST", "/communications", token=token, body=body)
    again = await caller.call("POST", "/communications", token=token, body=body)
    await office.consume_own()
    await office.send_all()
    _, seen = await caller.call("GET", "/practice/deliveries", token=token)

    assert first == again
    assert first[0] == 202
    (delivery,) = seen["deliveries"]
    assert (delivery["reference"], delivery["state"]) == ("visit-7", "sent")
    assert "mail.example" not in str(seen)


async def test_a_reference_used_for_something_else_is_told(office: Office, caller: Caller) -> None:
    practice_id, patient_id, _ = await office.with_patient()
    token = await caller.as_practice(practice_id, "communications:write")
    body = {"patient_id": str(patient_id), "topic": "appointment", "reference": "visit-7"}
    await caller.call("POST", "/communications", token=token, body=body)

    status, problem = await caller.call(
        "POST", "/communications", token=token, body={**body, "topic": "statement"}
    )

    assert (status, problem["code"]) == (409, "reference_reused")
    assert [error["field"] for error in problem["errors"]] == ["reference"]


async def test_a_patient_of_another_practice_is_refused_and_nothing_changed_but_the_audit(
    office: Office, caller: Caller
) -> None:
    _, foreign, _ = await office.with_patient()
    practice_id, own, _ = await office.with_patient()
    token = await caller.as_practice(practice_id, "communications:write")
    body = {"patient_id": str(foreign), "topic": "message", "reference": "visit-7"}

    status, problem = await caller.call("POST", "/communications", token=token, body=body)

    assert (status, problem["code"]) == (403, "patient_of_another_practice")
    assert await office.rows("SELECT 1 FROM communications") == []
    assert await office.rows("SELECT 1 FROM outbox WHERE routing_key LIKE '%communication%'") == []
    (row,) = await office.rows("SELECT actor, practice, outcome, detail FROM audit_entries")
    assert tuple(row) == (
        "client:practice-1",
        str(practice_id),
        "refused",
        "patient_of_another_practice",
    )
    body["patient_id"] = str(own)  # the reference was not used up
    assert (await caller.call("POST", "/communications", token=token, body=body))[0] == 202


async def test_a_patient_that_notify_has_not_heard_of_is_taken(
    office: Office, caller: Caller
) -> None:
    practice_id, _, _ = await office.with_patient()
    token = await caller.as_practice(practice_id, "communications:write")
    unknown = PatientId(events.RANDOMNESS.uuid())
    body = {"patient_id": str(unknown), "topic": "message", "reference": "1"}

    assert (await caller.call("POST", "/communications", token=token, body=body))[0] == 202


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("patient_id", "no uuid"),
        ("topic", "gossip"),
        ("reference", ""),
        ("reference", "r" * 101),
        ("reference", "line\nbreak"),
        ("text", "what it says"),
    ],
)
async def test_a_bad_field_is_named(caller: Caller, field: str, value: str) -> None:
    practice_id = PracticeId(events.RANDOMNESS.uuid())
    token = await caller.as_practice(practice_id, "communications:write")
    body = {"patient_id": str(practice_id), "topic": "message", "reference": "1", field: value}

    status, problem = await caller.call("POST", "/communications", token=token, body=body)

    assert (status, problem["code"]) == (400, "body_invalid")
    assert field in str(problem["errors"])
