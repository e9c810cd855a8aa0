"""Suppressed addresses have a way back: verified anew, or by their owner or an operator (NT-5)."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from services.notify.suppressions.lifting import Lifting
from shared.contracts.contract import Contract
from shared.contracts.identity import (
    ACCOUNT_EMAIL_CHANGED,
    ACCOUNT_EMAIL_VERIFIED,
    Activity,
)
from tests.builders import events
from tests.builders.bounces import is_suppressed
from tests.builders.patients import file_communications
from tests.rigs.issuer import Issuer
from tests.rigs.notify import Office, a_round
from tests.support.database import Database

OTHER = "other@mail.example"
LOOK_ALIKE = "\uff4auniper@mail.example"  # one name with events.ADDRESS, and another's mailbox


async def hear(office: Office, contract: Contract[Any], data: Activity, *, minutes: int) -> None:
    """The event comes, so many minutes after now."""
    table = office.composition.subscriptions["notify.account-activity"]
    [handler] = [one.handler for one in table if one.contract is contract]
    at = office.clock.now() + timedelta(minutes=minutes)
    async with office.plumbing.database.transaction() as tx:
        await handler(tx, events.received(data, time=at))


async def suppressed(office: Office) -> list[str]:
    return [row["address"] for row in await office.rows("SELECT address FROM suppressions")]


async def is_refused(office: Office) -> None:
    """The recipient's server has no such mailbox."""
    await office.file(events.locked(events.new_account(), LOOK_ALIKE))
    office.mail_server.strict.says["RCPT"] = "550 5.1.1 No such mailbox"
    await office.send_all()
    office.mail_server.strict.says.clear()


async def comes_back(office: Office) -> None:
    """It was taken, and a report says that there is no such mailbox."""
    await is_suppressed(office, LOOK_ALIKE)


@pytest.mark.proves("NT-5")
@pytest.mark.parametrize("happens", [is_refused, comes_back])
async def test_a_look_alike_s_refusal_says_nothing_of_the_address_that_it_looks_like(
    office: Office, happens: Callable[[Office], Awaitable[None]]
) -> None:
    await happens(office)
    assert await suppressed(office) == [LOOK_ALIKE]

    await office.file(events.locked(events.new_account(), events.ADDRESS.upper()))
    await office.file(events.locked(events.new_account(), LOOK_ALIKE))
    await office.send_all()

    assert [mail.envelope_to for mail in office.mails] == [("JUNIPER@mail.example",)]


@pytest.mark.proves("NT-5")
@pytest.mark.parametrize("table", ["suppressions", "notices"])
async def test_a_refusal_is_recorded_with_all_that_it_means_or_not_at_all(
    office: Office, database: Database, table: str
) -> None:
    """Else the address would be written to again, or its owner never told."""
    await file_communications(office)
    broken = f"ALTER TABLE notify.{table} ADD CONSTRAINT broken CHECK (false) NOT VALID"
    async with database.administrator() as owner:
        await owner.execute(broken)
    office.mail_server.strict.says["RCPT"] = "550 5.1.1 No such mailbox"

    await a_round(office.communications)
    then = await office.ledger(), await suppressed(office)

    async with database.administrator() as owner:
        await owner.execute(f"ALTER TABLE notify.{table} DROP CONSTRAINT broken")
    assert then == ([("queued", None)], [])
    office.clock.advance(minutes=5)
    await office.send_all()
    assert len(await suppressed(office)) == 1


@pytest.mark.proves("NT-5")
async def test_who_verifies_a_look_alike_lifts_nobody_else_s_address(office: Office) -> None:
    await is_suppressed(office)

    mine = events.email_verified(events.new_account(), LOOK_ALIKE)
    await hear(office, ACCOUNT_EMAIL_VERIFIED, mine, minutes=1)

    assert await suppressed(office) == [events.ADDRESS]


@pytest.mark.proves("NT-5")
async def test_who_verifies_an_address_gets_mails_there_again_and_that_one_first(
    office: Office,
) -> None:
    await is_suppressed(office)
    mine = events.email_verified(events.new_account(), events.ADDRESS.upper())

    await hear(office, ACCOUNT_EMAIL_VERIFIED, mine, minutes=-1)
    assert await suppressed(office) == [events.ADDRESS], "it was verified before it came back"
    await hear(office, ACCOUNT_EMAIL_VERIFIED, mine, minutes=1)

    assert await suppressed(office) == []
    await office.send_all()
    assert {mail.envelope_to for mail in office.mails} == {("JUNIPER@mail.example",)}


async def test_who_changes_her_address_has_verified_the_new_one_alone(office: Office) -> None:
    await is_suppressed(office)

    to_another = events.email_changed(events.new_account(), events.ADDRESS, OTHER)
    await hear(office, ACCOUNT_EMAIL_CHANGED, to_another, minutes=1)
    assert await suppressed(office) == [events.ADDRESS]

    back = events.email_changed(events.new_account(), OTHER, events.ADDRESS)
    await hear(office, ACCOUNT_EMAIL_CHANGED, back, minutes=1)
    assert await suppressed(office) == []


@pytest.mark.proves("NT-5")
async def test_an_owner_sees_that_nothing_is_mailed_to_her_and_has_it_tried_again(
    office: Office, issuer: Issuer
) -> None:
    account_id, stranger = events.new_account(), events.new_account()
    await office.know(events.account(account_id, email=events.ADDRESS))
    await office.know(events.account(stranger, email=OTHER))
    await is_suppressed(office)
    hers, another_s = await issuer.token_of(account_id), await issuer.token_of(stranger)

    seen = await office.call("GET", "/suppressions", token=hers)
    [one] = seen.body["suppressions"]
    assert (one["address"], one["status"]) == ("j***@mail.example", "5.1.1")
    assert (await office.call("GET", "/suppressions", token=another_s)).body == {"suppressions": []}
    assert (await office.call("POST", "/suppressions/lift", token=another_s)).status == 204
    assert await suppressed(office) == [events.ADDRESS]

    assert (await office.call("POST", "/suppressions/lift", token=hers)).status == 204

    assert await suppressed(office) == []
    await file_communications(office)
    await office.send_all()
    assert len(office.mails) == 1


@pytest.mark.proves("NT-5")
async def test_three_times_a_day_she_may(office: Office, issuer: Issuer) -> None:
    account_id = events.new_account()
    await office.know(events.account(account_id, email=events.ADDRESS))
    hers = await issuer.token_of(account_id)
    for _ in range(3):
        await is_suppressed(office)
        for _ in range(2):  # what lifts nothing uses nothing up
            assert (await office.call("POST", "/suppressions/lift", token=hers)).status == 204
    await is_suppressed(office)

    refused = await office.call("POST", "/suppressions/lift", token=hers)

    assert (refused.status, refused.body["code"]) == (429, "too_many_requests")
    assert await suppressed(office) == [events.ADDRESS]
    office.clock.advance(hours=24)
    fresh = await issuer.token_of(account_id)
    assert (await office.call("POST", "/suppressions/lift", token=fresh)).status == 204
    assert await suppressed(office) == []


async def test_of_many_at_once_over_two_replicas_one_lifts_it(office: Office, twin: Office) -> None:
    account_id = events.new_account()
    await office.know(events.account(account_id, email=events.ADDRESS))
    await is_suppressed(office)

    await asyncio.gather(
        *(
            replica.features.suppressions.lifting.lift_own(
                account_id, by=replica.plumbing.operator()
            )
            for replica in (office, twin) * 10
        )
    )

    [row] = await office.rows("SELECT cardinality(taken_at) AS taken FROM limits")
    assert row["taken"] == 1
    assert await suppressed(office) == []


@pytest.mark.proves("NT-5")
async def test_an_operator_lifts_an_address_however_it_is_written(office: Office) -> None:
    await is_suppressed(office)
    lifting = Lifting(acts=office.plumbing.acts)
    by = office.plumbing.operator()

    [listed] = await lifting.newest(limit=10)
    assert (listed.address, listed.status) == (events.ADDRESS, "5.1.1")
    assert await lifting.lift([OTHER], by=by) == 0
    assert await lifting.lift([f" {events.ADDRESS.upper()} "], by=by) == 1
    assert await suppressed(office) == []
