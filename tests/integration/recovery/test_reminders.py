"""RC-1: a username by account e-mail, accepted first and mailed later."""

from datetime import timedelta

import pytest

from tests.rigs.recovery import (
    EMAIL,
    USERNAME,
    Recovery,
    an_account,
)
from tests.support.clock import FakeClock

STRANGER = "nobody@mail.example"


@pytest.mark.proves("RC-2b")
async def test_the_reply_says_to_contact_the_practice(recovery: Recovery) -> None:
    answer = await recovery.call("POST", "/usernames/reminders", {"email": STRANGER})

    assert "contact your practice" in str(answer.body)


@pytest.mark.proves("RC-1")
@pytest.mark.parametrize("own", ["x@bücher.example", "x@xn--bcher-kva.example"])
@pytest.mark.parametrize("typed", ["x@bücher.example", "\u200bX@XN--BCHER-KVA.example\ufeff"])
async def test_a_mailbox_is_found_however_its_domain_is_written(
    recovery: Recovery, own: str, typed: str
) -> None:
    await recovery.knows(an_account(email=own))

    await recovery.ask_username(typed)
    await recovery.tick_reminders()
    link = await recovery.asks_and_is_mailed(typed)

    assert [mail.data.recipients for mail in await recovery.reminders()] == [(own,)]
    assert link.data.recipients == (own,)


@pytest.mark.proves("RC-1")
async def test_misses_are_counted_as_hits_are(recovery: Recovery, clock: FakeClock) -> None:
    await recovery.knows(an_account())
    for address in (EMAIL, STRANGER):
        for _ in range(4):
            await recovery.ask_username(address)
    await recovery.tick_reminders()
    clock.advance(seconds=60)
    await recovery.tick_reminders()
    counted = await recovery.rows("SELECT cardinality(taken_at) FROM limits")

    await recovery.knows(an_account(username="late.comer", email=STRANGER))
    await recovery.ask_username(STRANGER)
    await recovery.tick_reminders()

    assert [row[0] for row in counted] == [3, 3]
    assert {mail.username for mail in await recovery.reminders()} == {USERNAME}


@pytest.mark.proves("RC-1")
async def test_a_username_leaves_here_only_sealed(recovery: Recovery) -> None:
    await recovery.knows(an_account())
    await recovery.ask_username()

    await recovery.tick_reminders()

    [mail] = await recovery.reminders()
    sealed = mail.data.username
    assert (sealed.purpose, sealed.recipient) == ("username", EMAIL)
    assert sealed.expires_at == recovery.clock.now() + timedelta(hours=24)
    written = await recovery.rows("SELECT convert_from(body, 'utf8') AS whole FROM outbox")
    audit = await recovery.rows("SELECT a::text AS whole FROM audit_entries a")
    name = USERNAME.rpartition(".")[2]  # not the part that her address has as well
    bodies = [row["whole"].replace(EMAIL, "") for row in (*written, *audit)]
    assert not [body for body in bodies if USERNAME in body or name in body]
