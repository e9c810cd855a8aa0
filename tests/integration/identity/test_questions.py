"""RC-8, LG-3 at identity: that five questions are set is heard by receipt or event, and told once;
RC-4: a closing of recovery's is ended by the next full log-on.
"""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from shared.contracts.ids import AccountId
from shared.contracts.recovery import (
    RECOVERY_LOCKED,
    SECURITY_QUESTIONS_SET,
    RecoveryLocked,
    SecurityQuestionsSet,
)
from shared.randomness import Randomness
from shared.trust.grants import GrantAct
from tests.builders import events
from tests.builders.practices import desk_of
from tests.rigs.identity import Identity, Person, Recovery
from tests.rigs.replica import Answer
from tests.support.clock import FakeClock
from tests.support.deliveries import delivered

RANDOM = Randomness()
QUEUE = "identity.questions"


@pytest_asyncio.fixture
async def person(identity: Identity) -> Person:
    """Somebody with an account e-mail who has set none, at a practice that asks for them."""
    await identity.rows(
        "UPDATE practices SET settings = settings || '{\"security_questions\": true}'"
    )
    return await identity.an_account(email="june@mail.example")


async def bring(identity: Identity, token: str, brought: str) -> Answer:
    return await identity.call("POST", "/gates/questions", {"receipt": brought}, token=token)


async def hear(
    identity: Identity, account_id: AccountId, set_id: UUID, *, version: int = 1
) -> None:
    """Let recovery's event arrive."""
    body = events.body(
        SECURITY_QUESTIONS_SET,
        SecurityQuestionsSet(account_id=account_id, set_id=set_id, account_version=version),
        subject=account_id,
    )
    await identity.take_in(QUEUE, delivered(body, "recovery"))


async def hear_of_lock(
    identity: Identity, account_id: AccountId, closing: UUID | None, at: datetime | None = None
) -> None:
    lock = events.activity(
        RecoveryLocked,
        account_id,
        at=at or identity.clock.now(),
        locked_until=identity.clock.now() + timedelta(minutes=20),
        closed=closing is not None,
        closing=closing,
    )
    body = events.body(RECOVERY_LOCKED, lock, subject=account_id)
    await identity.take_in(QUEUE, delivered(body, "recovery"))


def names(reply: dict[str, Any]) -> list[str]:
    """Which gates are open, but for the offers that come after."""
    return [gate["name"] for gate in reply["gates"] if gate["required"]]


@pytest.mark.proves("LG-3", "RC-8")
async def test_who_has_set_no_questions_is_in_no_full_session(
    identity: Identity, person: Person
) -> None:
    opened = await identity.logged_on(person.username)

    assert (names(opened), opened["scope"]) == (["questions"], "gates")
    refused = await identity.call("GET", "/sessions", token=opened["access_token"])
    assert refused.refused() == (403, "session_scope_missing")
    account = await identity.call("GET", "/account", token=opened["access_token"])
    assert (account.body["questions_set"], account.body["to_set_up"]) == (False, ["questions"])


@pytest.mark.proves("LG-3", "RC-8")
async def test_a_receipt_opens_the_gate_at_once_in_each_of_her_sessions(
    identity: Identity, recovery: Recovery, person: Person
) -> None:
    first = await identity.logged_on(person.username)
    second = await identity.logged_on(person.username)

    answer = await bring(identity, first["access_token"], await recovery.receipt(person))

    assert answer.status == 204, answer.body
    for opened in (first, second):
        stale = await identity.call("GET", "/account", token=opened["access_token"])
        assert stale.status == 401
        refreshed = await identity.refresh(opened["refresh_token"])
        assert (refreshed.body["scope"], names(refreshed.body)) == ("full", [])
    account = await identity.call("GET", "/account", token=refreshed.body["access_token"])
    assert account.body["questions_set"] is True
    assert account.body["recovery_routes"] == ["email-link", "questions", "practice"]
    assert account.body["to_set_up"] == []


@pytest.mark.proves("LG-3", "RC-8")
async def test_the_event_opens_it_for_whoever_brought_no_receipt(
    identity: Identity, recovery: Recovery, person: Person
) -> None:
    await hear(identity, person.id, RANDOM.uuid())

    assert names(await identity.logged_on(person.username)) == []


@pytest.mark.proves("RC-8", "RC-9")
async def test_she_is_told_once_a_set_with_not_me_whichever_of_the_two_comes_first(
    identity: Identity, recovery: Recovery, person: Person
) -> None:
    token = (await identity.logged_on(person.username))["access_token"]
    sets = [RANDOM.uuid() for _ in range(2)]

    await hear(identity, person.id, sets[0])
    token = (await identity.logged_on(person.username))["access_token"]
    again = await bring(identity, token, await recovery.receipt(person, set_id=sets[0]))
    await bring(identity, token, await recovery.receipt(person, set_id=sets[1]))
    await hear(identity, person.id, sets[1])
    await hear(identity, person.id, sets[0])

    assert again.status == 204
    told = await identity.events("security-questions-changed")
    assert [event["recipients"] for event in told] == [["june@mail.example"]] * 2
    assert [len(event["not_me"]) for event in told] == [1, 1]


@pytest.mark.proves("RC-8", "V15.4.2")
async def test_receipt_and_event_at_once_are_heard_once(
    identity: Identity, second: Identity, recovery: Recovery, person: Person
) -> None:
    set_id = RANDOM.uuid()
    token = (await identity.logged_on(person.username))["access_token"]
    brought = await recovery.receipt(person, set_id=set_id)

    await asyncio.gather(
        *(bring(replica, token, brought) for replica in (identity, second) * 4),
        *(hear(replica, person.id, set_id) for replica in (identity, second)),
    )

    assert len(await identity.events("security-questions-changed")) == 1


@pytest.mark.proves("RC-8", "V9.2.2")
@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"audience": "merge"}, "grant_wrong_service"),
        ({"act": GrantAct.PASSWORD_SET}, "grant_wrong_act"),
    ],
)
async def test_what_is_no_receipt_for_identity_opens_nothing(
    identity: Identity, recovery: Recovery, person: Person, said: dict[str, Any], code: str
) -> None:
    token = (await identity.logged_on(person.username))["access_token"]

    refused = await bring(identity, token, await recovery.receipt(person, **said))

    assert refused.refused() == (400, code)
    assert names(await identity.logged_on(person.username)) == ["questions"]


@pytest.mark.proves("RC-8", "V8.2.2")
async def test_anothers_receipt_opens_nothing(
    identity: Identity, recovery: Recovery, person: Person
) -> None:
    other = await identity.an_account()
    token = (await identity.logged_on(person.username))["access_token"]

    refused = await bring(identity, token, await recovery.receipt(other))

    assert refused.refused() == (400, "grant_wrong_account")


@pytest.mark.proves("RC-9", "RC-8")
async def test_questions_of_before_a_freeze_are_not_heard_of_and_a_freeze_takes_them(
    identity: Identity, recovery: Recovery, person: Person
) -> None:
    await hear(identity, person.id, RANDOM.uuid())
    await identity.rows(
        "UPDATE accounts SET state = 'active', questions_set = false, frozen_in = 9 WHERE id = $1",
        person.id,
    )

    await hear(identity, person.id, RANDOM.uuid(), version=8)
    [before] = await identity.rows("SELECT questions_set FROM accounts WHERE id = $1", person.id)
    await hear(identity, person.id, RANDOM.uuid(), version=9)
    [after] = await identity.rows("SELECT questions_set FROM accounts WHERE id = $1", person.id)

    assert (before["questions_set"], after["questions_set"]) == (False, True)


@pytest.mark.proves("ST-2", "LG-3")
async def test_one_of_her_practices_that_turns_questions_off_asks_for_none(
    identity: Identity,
) -> None:
    client = await identity.a_practice_client(security_questions=True)
    desk = await desk_of(identity, client)
    await desk.enrolled(username="june.hale")
    assert names(await identity.logged_on("june.hale")) == ["questions"]

    assert (await desk.change_settings(security_questions=False)).status == 200

    opened = await identity.logged_on("june.hale")
    assert (names(opened), opened["scope"]) == ([], "full")
    [account] = await identity.rows("SELECT id FROM accounts WHERE username = 'june.hale'")
    await hear(identity, account["id"], RANDOM.uuid())
    token = (await identity.logged_on("june.hale"))["access_token"]
    read = await identity.call("GET", "/account", token=token)
    assert "questions" not in (*read.body["recovery_routes"], *read.body["to_set_up"])


@pytest.mark.proves("RC-4", "UN-4")
async def test_without_a_practice_questions_are_a_way_in_and_none_to_set_up(
    identity: Identity,
) -> None:
    desk = await desk_of(identity, await identity.a_practice_client(security_questions=True))
    patient_id = await desk.enrolled(username="june.hale")
    [account] = await identity.rows("SELECT id FROM accounts WHERE username = 'june.hale'")
    await hear(identity, account["id"], RANDOM.uuid())
    assert (await desk.un_enrol(patient_id)).status == 204

    token = (await identity.logged_on("june.hale"))["access_token"]
    read = await identity.call("GET", "/account", token=token)

    assert read.body["recovery_routes"] == ["questions", "practice"]
    assert "questions" not in read.body["to_set_up"]


@pytest.mark.proves("RC-4")
async def test_the_next_full_log_on_after_a_closing_is_told_once_as_a_snapshot(
    identity: Identity, person: Person, clock: FakeClock
) -> None:
    await identity.logged_on(person.username)
    before = len(await identity.events("account-changed"))
    await hear_of_lock(identity, person.id, None)
    await identity.logged_on(person.username)
    assert len(await identity.events("account-changed")) == before

    closing = RANDOM.uuid()
    await hear_of_lock(identity, person.id, closing)
    await identity.logged_on(person.username)
    await identity.logged_on(person.username)

    told = (await identity.events("account-changed"))[before:]
    assert [event["reopened"] for event in told] == [str(closing)]


@pytest.mark.proves("RC-4")
async def test_a_log_on_since_a_closing_that_was_heard_of_late_has_ended_it(
    identity: Identity, person: Person, clock: FakeClock
) -> None:
    closing, at = RANDOM.uuid(), clock.now()
    clock.advance(seconds=1)
    await identity.logged_on(person.username)
    before = len(await identity.events("account-changed"))

    await hear_of_lock(identity, person.id, closing, at)
    await identity.logged_on(person.username)

    told = (await identity.events("account-changed"))[before:]
    assert [event["reopened"] for event in told] == [str(closing)]


@pytest.mark.proves("RC-4", "V15.4.2")
async def test_a_closing_heard_of_beside_the_log_on_that_ends_it_is_told_once(
    identity: Identity, second: Identity, person: Person, clock: FakeClock
) -> None:
    closing, at = RANDOM.uuid(), clock.now()
    clock.advance(seconds=1)
    before = len(await identity.events("account-changed"))

    await asyncio.gather(
        *(replica.logged_on(person.username) for replica in (identity, second) * 3),
        hear_of_lock(second, person.id, closing, at),
        *(replica.logged_on(person.username) for replica in (identity, second) * 3),
    )

    told = (await identity.events("account-changed"))[before:]
    assert [event["reopened"] for event in told] == [str(closing)]


@pytest.mark.proves("RC-4", "V15.4.2")
async def test_of_many_log_ons_at_once_after_a_closing_one_tells_it(
    identity: Identity, second: Identity, person: Person
) -> None:
    before = len(await identity.events("account-changed"))
    await hear_of_lock(identity, person.id, RANDOM.uuid())

    await asyncio.gather(
        *(replica.logged_on(person.username) for replica in (identity, second) * 6)
    )

    assert len(await identity.events("account-changed")) == before + 1
