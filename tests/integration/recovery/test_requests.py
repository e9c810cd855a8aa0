"""RC-1, RC-3: a mail is asked for without a session; accepted first and worked at later."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from shared.contracts.contract import Contract
from shared.contracts.identity import AccountState
from shared.contracts.recovery import RESET_LINK_REQUESTED, USERNAME_REMINDER_REQUESTED
from shared.trust.ciphers import KeyPair
from tests.rigs.recovery import EMAIL, USERNAME, Recovery, an_account, replica, statements
from tests.rigs.replica import Answer
from tests.support.clock import FakeClock
from tests.support.database import Database

pytestmark = pytest.mark.proves("RC-1", "RC-3")
NOBODY = "nobody@mail.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """What can be asked for, and how many of it one may have at once."""

    action: str
    path: str
    field: str
    table: str
    sealed: str
    contract: Contract[Any]
    ask: Callable[[Recovery, str], Awaitable[None]]
    tick: Callable[[Recovery], Awaitable[int]]
    mails: Callable[[Recovery], Awaitable[Sequence[Any]]]
    name: str
    loop: str
    at_once: int

    async def post(self, recovery: Recovery, name: str) -> Answer:
        return await recovery.call("POST", self.path, {self.field: name})

    async def asked(self, recovery: Recovery, *names: str) -> Sequence[Any]:
        """Ask, let the loop tick once, and return all mails so far."""
        for name in names or (self.name,):
            await self.ask(recovery, name)
        await self.tick(recovery)
        return await self.mails(recovery)


LINK = Way(
    action="reset-link.request",
    path="/resets/links",
    field="name",
    table="link_requests",
    sealed="link",
    contract=RESET_LINK_REQUESTED,
    ask=Recovery.ask,
    tick=Recovery.tick,
    mails=Recovery.mails,
    name=USERNAME,
    loop="link mails",
    at_once=1,
)
REMINDER = Way(
    action="username-reminder.request",
    path="/usernames/reminders",
    field="email",
    table="reminder_requests",
    sealed="username",
    contract=USERNAME_REMINDER_REQUESTED,
    ask=Recovery.ask_username,
    tick=Recovery.tick_reminders,
    mails=Recovery.reminders,
    name=EMAIL,
    loop="reminders",
    at_once=3,
)
both_ways = pytest.mark.parametrize("way", [LINK, REMINDER], ids=lambda way: way.sealed)


@pytest.mark.proves("V6.3.8")
@both_ways
async def test_hit_and_miss_get_the_same_whole_reply(recovery: Recovery, way: Way) -> None:
    await recovery.knows(an_account())
    await recovery.knows(
        an_account(username="frozen", email="frozen@x.example", state=AccountState.FROZEN)
    )
    await recovery.knows(an_account(username="mailless", email=None))
    miss = await way.post(recovery, "somebody.else")
    assert miss.status == 202

    for typed in (USERNAME, EMAIL, NOBODY, "frozen", "frozen@x.example", "mailless", " \t", "'"):
        assert (await way.post(recovery, typed)).alike() == miss.alike(), typed


@both_ways
async def test_the_same_row_is_written_for_hit_and_miss_and_not_what_was_typed(
    recovery: Recovery, way: Way
) -> None:
    await recovery.knows(an_account())

    for name in (way.name, NOBODY, "My-Passw0rd-by-mistake"):
        await way.post(recovery, name)

    rows = await recovery.rows(f"SELECT r.*, lower(r::text) AS whole FROM {way.table} r")  # noqa: S608
    assert len(rows) == 3
    assert {row["requested_at"] for row in rows} == {recovery.clock.now()}
    assert {row["due_at"] for row in rows} == {recovery.clock.now()}
    assert {len(row["name_digest"]) for row in rows} == {32}
    for typed in ("juniper", "mail.example", "passw0rd"):
        assert not [row for row in rows if typed in row["whole"]]


@both_ways
async def test_hit_and_miss_wake_the_work_alike_a_little_later(
    recovery: Recovery, way: Way
) -> None:
    await recovery.knows(an_account())
    work = recovery.loop(way.loop).wake

    for name in (way.name, NOBODY) * 10:
        work.clear()
        await way.ask(recovery, name)  # no HTTP in between: a busy machine's reply takes its time
        assert not work.is_set()
        async with asyncio.timeout(5):
            await work.wait()


@both_ways
async def test_a_limit_that_is_reached_changes_nothing_in_the_reply(
    recovery: Recovery, way: Way
) -> None:
    await recovery.knows(an_account())
    first = [await way.post(recovery, way.name) for _ in range(way.at_once)]
    await way.tick(recovery)

    again = await way.post(recovery, way.name)

    assert {str(answer.alike()) for answer in (*first, again)} == {str(again.alike())}


@both_ways
async def test_a_bad_body_is_told_by_its_field_and_asks_for_nothing(
    recovery: Recovery, way: Way
) -> None:
    for text, code in (
        ("{", "malformed_json"),
        ("{}", "body_invalid"),
        ('{"FIELD": 7}', "body_invalid"),
        ('{"FIELD": ""}', "body_invalid"),
        ('{"FIELD": "a", "other": "b"}', "body_invalid"),
        ('{"FIELD": "' + "n" * 321 + '"}', "body_invalid"),
        ('{"FIELD": "\\ud800"}', None),
        ('{"FIELD": "a\\u0000b"}', None),
    ):
        body, headers = text.replace("FIELD", way.field), {"Content-Type": "application/json"}
        async with recovery.client.post(way.path, data=body, headers=headers) as reply:
            problem = await reply.json()

        assert reply.status == 400
        assert code is None or problem["code"] == code
    assert await recovery.rows(f"SELECT FROM {way.table}") == []


WRITINGS = {
    "link": [
        USERNAME,
        EMAIL,
        "  JUNIPER.hale ",
        "\uff4auniper.hale",
        f"\ufeff{USERNAME}\u200b\u00ad",
    ],
    "username": [EMAIL, "  JUNIPER.Hale@mail.example ", f"\uff4a{EMAIL[1:]}"],
}


@pytest.mark.parametrize(
    ("way", "typed"), [(way, typed) for way in (LINK, REMINDER) for typed in WRITINGS[way.sealed]]
)
async def test_the_mail_goes_to_the_address_as_it_was_verified_whatever_was_typed(
    recovery: Recovery, way: Way, typed: str
) -> None:
    account_id = await recovery.knows(an_account())

    [mail] = await way.asked(recovery, typed)

    assert (mail.data.account_id, mail.data.recipients) == (account_id, (EMAIL,))
    assert getattr(mail.data, way.sealed).recipient == EMAIL
    assert (mail.data.locale, mail.data.time_zone) == ("en", "America/New_York")
    assert mail.data.occurred_at == recovery.clock.now()


@both_ways
async def test_the_mail_and_its_audit_row_belong_to_the_request(
    recovery: Recovery, way: Way
) -> None:
    account_id = await recovery.knows(an_account())
    await way.ask(recovery, way.name)
    [request] = await recovery.rows(f"SELECT * FROM {way.table}")  # noqa: S608

    await way.tick(recovery)

    [event] = await recovery.envelopes(way.contract)
    [audit] = await recovery.rows("SELECT * FROM audit_entries")
    assert event.correlationid == audit["correlation_id"] == request["correlation_id"]
    assert event.subject == str(account_id)
    assert (audit["action"], audit["outcome"], audit["detail"]) == (way.action, "done", "mailed")
    assert audit["source"] == request["source"]


@pytest.mark.parametrize(
    ("way", "most", "apart", "window"),
    [(LINK, 1, 0, 60), (LINK, 3, 60, 3600), (LINK, 10, 1800, 86400), (REMINDER, 3, 60, 3600)],
)
async def test_so_many_mails_go_out_in_so_many_seconds(
    recovery: Recovery, way: Way, clock: FakeClock, most: int, apart: int, window: int
) -> None:
    await recovery.knows(an_account())
    for _ in range(most):
        await way.asked(recovery)
        clock.advance(seconds=apart)

    clock.advance(seconds=window - most * apart - 1)  # after the first
    early = len(await way.asked(recovery))
    clock.advance(seconds=1)
    for _ in range(2):
        late = len(await way.asked(recovery))

    assert (early, late) == (most, most + 1)
    audit = await recovery.rows("SELECT outcome, detail FROM audit_entries ORDER BY at, detail")
    mailed, limited = ("done", "mailed"), ("refused", "limited")
    assert [tuple(row) for row in audit] == [*[mailed] * most, limited, limited, mailed]


@pytest.mark.parametrize("round_", range(5))
@both_ways
async def test_however_many_ask_and_tick_at_once_nobody_is_mailed_more_than_that(
    recovery: Recovery, second: Recovery, way: Way, round_: int
) -> None:
    addresses = [f"person.{number}@mail.example" for number in range(20)]
    for address in addresses:
        await recovery.knows(an_account(username=f"of.{address}", email=address))
    asking = asyncio.gather(
        *(way.post(recovery, address) for address in addresses * 4 + addresses[:1] * 28)
    )

    await asyncio.gather(asking, *(way.tick(side) for side in (recovery, second) * 8))
    while await way.tick(recovery):
        pass

    told = Counter(mail.data.recipients[0] for mail in await way.mails(recovery))
    assert told == dict.fromkeys(addresses, way.at_once)
    decided = await recovery.rows("SELECT FROM audit_entries WHERE detail <> 'later'")
    assert len(decided) == 4 * 20 + 28
    assert await recovery.rows(f"SELECT FROM {way.table}") == []
    live = await recovery.rows("SELECT FROM one_time_secrets WHERE state = 'live'")
    assert len(live) == (20 if way is LINK else 0)


@pytest.mark.parametrize(
    "account",
    [
        {"email": None},
        {"state": AccountState.FROZEN},
        {"state": AccountState.MERGED},
        {"username": EMAIL, "email": "other@mail.example"},
    ],
)
@both_ways
async def test_nothing_is_sent_where_nobody_may_be_told(
    recovery: Recovery, clock: FakeClock, way: Way, account: dict[str, Any]
) -> None:
    await recovery.knows(an_account(**account))
    await way.asked(recovery)
    clock.advance(seconds=60)

    await way.tick(recovery)

    [audit] = await recovery.rows("SELECT outcome, detail, subject FROM audit_entries")
    assert tuple(audit) == ("refused", "nobody", None)
    assert await way.mails(recovery) == []
    for table in (way.table, "one_time_secrets"):
        assert await recovery.rows(f"SELECT FROM {table}") == []


@pytest.mark.proves("RC-9")
async def test_after_a_freeze_a_username_is_mailed_and_no_link_until_the_practice_helped(
    recovery: Recovery, clock: FakeClock
) -> None:
    account = an_account(reset_by_practice=True)
    await recovery.knows(account)

    links = await LINK.asked(recovery)
    usernames = await REMINDER.asked(recovery)

    assert (len(links), len(usernames)) == (0, 1)


@both_ways
async def test_an_account_heard_of_within_sixty_seconds_is_mailed_and_one_of_later_is_not(
    recovery: Recovery, clock: FakeClock, way: Way
) -> None:
    await way.asked(recovery, NOBODY, way.name)
    clock.advance(seconds=59)
    await way.tick(recovery)
    await recovery.knows(an_account())
    clock.advance(seconds=1)
    await way.tick(recovery)

    await recovery.knows(an_account(username="late.comer", email=NOBODY))
    clock.advance(seconds=60)
    late = await way.tick(recovery)

    assert late == 0
    assert [mail.data.recipients for mail in await way.mails(recovery)] == [(EMAIL,)]


@both_ways
async def test_a_miss_stays_open_as_long_as_the_consumer_is_not_connected(
    recovery: Recovery, clock: FakeClock, way: Way
) -> None:
    recovery.hears(False)
    await way.ask(recovery, way.name)
    clock.advance(hours=2)
    await way.tick(recovery)

    recovery.hears()
    clock.advance(seconds=30)
    await way.tick(recovery)
    await recovery.knows(an_account())
    clock.advance(seconds=10)
    await way.tick(recovery)

    assert len(await way.mails(recovery)) == 1


@both_ways
async def test_a_hit_does_not_wait_for_the_consumer(recovery: Recovery, way: Way) -> None:
    await recovery.knows(an_account())
    recovery.hears(False)

    assert len(await way.asked(recovery)) == 1


@pytest.mark.proves("V6.3.8")
@both_ways
async def test_a_miss_takes_every_step_of_a_hit_up_to_the_outbox_row(
    recovery: Recovery, clock: FakeClock, way: Way
) -> None:
    await recovery.knows(an_account())
    await recovery.knows(an_account(username="first.one", email="first@mail.example"))
    await way.asked(recovery, "first@mail.example")  # the driver has learnt the types by now
    await way.ask(recovery, NOBODY)
    clock.advance(seconds=60)
    miss = await statements(recovery, lambda: way.tick(recovery))
    await way.ask(recovery, way.name)

    hit = await statements(recovery, lambda: way.tick(recovery))

    assert len(miss) > (8 if way is LINK else 6)
    assert [step for step in hit if "INSERT INTO outbox" not in step] == miss
    assert len(hit) == len(miss) + 1


@both_ways
async def test_a_round_looks_for_notifys_key_once_however_much_it_seals(
    recovery: Recovery, way: Way
) -> None:
    await recovery.knows(an_account())
    for _ in range(5):
        await way.ask(recovery, NOBODY)
    await way.ask(recovery, way.name)

    steps = await statements(recovery, lambda: way.tick(recovery))

    assert sum("FROM public_keys" in step for step in steps) == 1
    assert len(await way.mails(recovery)) == 1


@both_ways
async def test_hit_and_miss_wait_for_notifys_key_and_the_hit_is_mailed_then(
    database: Database, clock: FakeClock, notify_key: KeyPair, way: Way
) -> None:
    """Nothing is ever written unsealed."""
    async with replica(database, clock, notify_key) as keyless:
        await keyless.knows(an_account())

        without = await way.asked(keyless, way.name, NOBODY)
        waiting = await keyless.rows(f"SELECT FROM {way.table}")
        await keyless.knows_notifys_key()
        await way.tick(keyless)

        assert (without, len(waiting)) == ([], 2)
        assert len(await way.mails(keyless)) == 1
