"""MG-9 here: what is left of an absorbed account, whatever arrives when."""

import asyncio
from itertools import permutations

import pytest

from deploy.client.eventually import eventually
from shared.contracts.identity import AccountState
from shared.contracts.ids import AccountId
from shared.contracts.recovery import RECOVERY_MERGE_APPLIED
from shared.randomness import Randomness
from tests.rigs.recovery import (
    EMAIL,
    USERNAME,
    LinkMail,
    Recovery,
    a_merge,
    an_account,
)
from tests.support.clock import FakeClock
from tests.support.database import Database

SURVIVOR = "survivor.one"


def an_id() -> AccountId:
    return AccountId(Randomness().uuid())


async def redeemed(recovery: Recovery, token: str) -> tuple[int, dict[str, object]]:
    """Status and body of the reply to redeeming."""
    async with recovery.client.post("/resets/links/redeem", json={"token": token}) as reply:
        body = await reply.json()
        body.pop("correlation_id", None)
        return reply.status, body


async def survivors(recovery: Recovery) -> dict[AccountId, AccountId]:
    rows = await recovery.rows("SELECT absorbed_id, survivor_id FROM merges")
    return {row["absorbed_id"]: row["survivor_id"] for row in rows}


async def linked(recovery: Recovery) -> tuple[AccountId, LinkMail]:
    """An account that was just mailed a link."""
    account_id = await recovery.knows(an_account())
    return account_id, await recovery.asks_and_is_mailed()


@pytest.mark.proves("MG-9")
async def test_an_absorbed_accounts_link_is_void_and_opens_nothing(recovery: Recovery) -> None:
    absorbed, mail = await linked(recovery)
    unknown = await redeemed(recovery, Randomness().token())

    await recovery.merged(a_merge(absorbed, into=an_id()))

    [link] = await recovery.rows("SELECT state FROM one_time_secrets")
    assert link["state"] == "void"
    assert await redeemed(recovery, mail.token) == unknown
    assert unknown[1]["code"] == "link_invalid"


async def test_the_survivors_link_goes_on(recovery: Recovery) -> None:
    survivor, mail = await linked(recovery)

    await recovery.merged(a_merge(an_id(), into=survivor))

    assert (await redeemed(recovery, mail.token))[0] == 200


async def test_links_that_ended_before_keep_their_end(recovery: Recovery, clock: FakeClock) -> None:
    absorbed, _ = await linked(recovery)
    clock.advance(minutes=1)
    await recovery.asks_and_is_mailed()

    await recovery.merged(a_merge(absorbed, into=an_id()))

    states = await recovery.rows("SELECT state FROM one_time_secrets ORDER BY issued_at")
    assert [row["state"] for row in states] == ["superseded", "void"]


@pytest.mark.proves("MG-9")
async def test_a_link_made_while_the_merge_arrives_opens_nothing(
    recovery: Recovery, second: Recovery, clock: FakeClock, database: Database
) -> None:
    absorbed, _ = await linked(recovery)
    clock.advance(minutes=1)
    await recovery.ask()

    async with recovery.plumbing.database.transaction() as tx:
        await tx.execute("SELECT FROM limits FOR UPDATE")  # where a round stops half way
        halfway = asyncio.create_task(second.tick())
        await eventually(lambda: database.waits_for_a_lock("recovery"), within=15)
        await recovery.merged(a_merge(absorbed, into=an_id()))
    await halfway

    mails = await recovery.mails()
    assert len(mails) == 2
    for mail in mails:
        assert (await redeemed(recovery, mail.token))[1]["code"] == "link_invalid"


@pytest.mark.proves("MG-9")
async def test_a_reset_that_is_heard_of_after_the_merge_still_uses_its_link(
    recovery: Recovery,
) -> None:
    absorbed, _ = await linked(recovery)
    [link] = await recovery.rows("SELECT id FROM one_time_secrets")
    await recovery.merged(a_merge(absorbed, into=an_id()))

    await recovery.password_was_reset(absorbed, str(link["id"]))

    [after] = await recovery.rows("SELECT state FROM one_time_secrets")
    assert after["state"] == "used"


@pytest.mark.proves("MG-9")
@pytest.mark.parametrize("version", [1, 5], ids=["older", "newer"])
async def test_without_its_survivor_an_absorbed_account_is_nobody_whatever_snapshot_comes_late(
    recovery: Recovery, clock: FakeClock, version: int
) -> None:
    account = an_account()
    await recovery.knows(account, version=2)
    await recovery.ask()
    await recovery.ask_username()
    await recovery.merged(a_merge(account.account_id, into=an_id()))

    await recovery.knows(account, version=version)
    clock.advance(seconds=60)
    await recovery.tick()
    await recovery.tick_reminders()

    audit = await recovery.rows("SELECT detail FROM audit_entries")
    assert [row["detail"] for row in audit] == ["nobody", "nobody"]
    assert (await recovery.mails(), await recovery.reminders()) == ([], [])


@pytest.mark.proves("MG-9")
@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_an_address_that_passed_to_the_survivor_is_the_survivors(
    recovery: Recovery, order: tuple[int, ...]
) -> None:
    absorbed = an_account()
    survivor = an_account(username=SURVIVOR, email=None)
    await recovery.knows(absorbed, version=1)
    await recovery.knows(survivor, version=1)
    gone = an_account(
        account_id=absorbed.account_id, email=None, state=AccountState.MERGED, security_version=2
    )
    grown = an_account(account_id=survivor.account_id, username=SURVIVOR, email=EMAIL)
    arrivals = (
        lambda: recovery.merged(a_merge(absorbed.account_id, into=survivor.account_id)),
        lambda: recovery.knows(gone, version=2),
        lambda: recovery.knows(grown, version=2),
    )

    for index in order:
        await arrivals[index]()
    await recovery.ask_username(EMAIL)
    await recovery.ask(USERNAME)
    await recovery.tick_reminders()
    await recovery.tick()

    [reminder] = await recovery.reminders()
    assert (reminder.data.account_id, reminder.username) == (survivor.account_id, SURVIVOR)
    [mail] = await recovery.mails()
    assert (mail.data.account_id, mail.data.recipients) == (survivor.account_id, (EMAIL,))


@pytest.mark.proves("ID-4", "MG-9")
@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_a_merged_username_is_the_last_survivors_and_mail_goes_to_its_address(
    recovery: Recovery, order: tuple[int, ...]
) -> None:
    absorbed = an_account()
    between = an_account(username="between.two", email="between@mail.example")
    survivor = an_account(username=SURVIVOR, email="survivor@mail.example", security_version=7)
    arrivals = (
        lambda: recovery.merged(a_merge(absorbed.account_id, into=between.account_id)),
        lambda: recovery.merged(a_merge(between.account_id, into=survivor.account_id)),
        lambda: recovery.knows(survivor),
    )
    await recovery.knows(absorbed)
    await recovery.knows(between)

    for index in order:
        await arrivals[index]()
    mail = await recovery.asks_and_is_mailed(USERNAME)

    assert mail.data.account_id == survivor.account_id
    assert mail.data.recipients == ("survivor@mail.example",)
    [link] = await recovery.rows("SELECT owner, security_version FROM one_time_secrets")
    assert tuple(link) == (survivor.account_id, 7)
    assert (await redeemed(recovery, mail.token))[0] == 200


async def test_a_merged_username_counts_on_the_survivors_limit(recovery: Recovery) -> None:
    absorbed = an_account()
    survivor = an_account(username=SURVIVOR, email="survivor@mail.example")
    await recovery.knows(absorbed)
    await recovery.knows(survivor)
    await recovery.merged(a_merge(absorbed.account_id, into=survivor.account_id))

    for name in (USERNAME, SURVIVOR):
        await recovery.ask(name)
    await recovery.tick()

    assert len(await recovery.mails()) == 1
    audit = await recovery.rows("SELECT detail FROM audit_entries")
    assert sorted(row["detail"] for row in audit) == ["limited", "mailed"]


async def test_what_is_not_the_survivors_name_stays_a_miss(
    recovery: Recovery, clock: FakeClock
) -> None:
    absorbed = an_account()
    survivor = an_account(username=SURVIVOR, email="survivor@mail.example")
    await recovery.knows(absorbed)
    await recovery.knows(survivor)
    await recovery.merged(a_merge(absorbed.account_id, into=survivor.account_id))

    await recovery.ask(EMAIL)  # never became the survivor's
    await recovery.ask_username(EMAIL)
    await recovery.ask_username(USERNAME)  # RC-1: by an address only
    clock.advance(seconds=60)
    await recovery.tick()
    await recovery.tick_reminders()

    audit = await recovery.rows("SELECT detail FROM audit_entries")
    assert [row["detail"] for row in audit] == ["nobody"] * 3
    assert (await recovery.mails(), await recovery.reminders()) == ([], [])


@pytest.mark.proves("MG-9")
@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_merges_are_kept_flattened_whatever_order_they_come_in(
    recovery: Recovery, order: tuple[int, ...]
) -> None:
    a, b, c, d = (an_id() for _ in range(4))
    merges = (a_merge(d, into=c), a_merge(c, into=b), a_merge(b, into=a))

    for index in (*order, *order):  # each of them twice
        await recovery.merged(merges[index])

    assert await survivors(recovery) == {b: a, c: a, d: a}
    assert await recovery.applied() == [merges[index].merge_id for index in order]


async def test_two_accounts_absorbed_by_one_move_on_with_it_together(recovery: Recovery) -> None:
    a, b, c, d = (an_id() for _ in range(4))
    for merge in (a_merge(c, into=b), a_merge(d, into=b), a_merge(b, into=a)):
        await recovery.merged(merge)

    assert await survivors(recovery) == {b: a, c: a, d: a}


@pytest.mark.proves("MG-9")
async def test_what_recovery_answers_belongs_to_the_merge(recovery: Recovery) -> None:
    merge = a_merge(an_id(), into=an_id())

    event = await recovery.merged(merge)

    [answer] = await recovery.envelopes(RECOVERY_MERGE_APPLIED)
    assert answer.subject == str(merge.account_id)
    assert (answer.correlationid, answer.causationid) == (event.correlation_id, event.id)


@pytest.mark.proves("MG-9")
@pytest.mark.parametrize("round_", range(5))
async def test_replicas_that_hear_of_one_merge_at_once_apply_it_once(
    recovery: Recovery, second: Recovery, round_: int
) -> None:
    merge = a_merge(an_id(), into=an_id())

    await asyncio.gather(*(side.merged(merge) for side in (recovery, second) * 8))

    assert await recovery.applied() == [merge.merge_id]
    assert await survivors(recovery) == {merge.absorbed_id: merge.account_id}
