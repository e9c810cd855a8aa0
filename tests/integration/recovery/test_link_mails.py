"""RC-3, the loop: who is mailed, when, how often, and what stays secret."""

import asyncio
from datetime import timedelta

import pytest

from shared.contracts.identity import AccountState
from shared.contracts.ids import PracticeId
from shared.randomness import Randomness
from tests.rigs.recovery import (
    EMAIL,
    USERNAME,
    Recovery,
    a_practice,
    an_account,
    statements,
)
from tests.support.clock import FakeClock


@pytest.mark.proves("RC-3")
@pytest.mark.parametrize(
    "typed",
    [USERNAME, EMAIL, "  JUNIPER.hale ", "\uff4auniper.hale", f"\ufeff{USERNAME}\u200b\u00ad"],
)
async def test_a_link_goes_to_the_verified_address_whatever_name_was_typed(
    recovery: Recovery, typed: str
) -> None:
    account_id = await recovery.knows(an_account())

    mail = await recovery.asks_and_is_mailed(typed)

    assert mail.data.account_id == account_id
    assert mail.data.recipients == (EMAIL,)
    assert mail.data.link.recipient == EMAIL
    assert (mail.data.locale, mail.data.time_zone) == ("en", "America/New_York")


@pytest.mark.proves("V11.5.1", "RC-3")
async def test_a_token_has_256_bits_and_only_its_digest_is_kept(recovery: Recovery) -> None:
    await recovery.knows(an_account())

    mail = await recovery.asks_and_is_mailed()

    rows = await recovery.rows("SELECT l::text AS whole FROM one_time_secrets l")
    events = await recovery.rows("SELECT convert_from(body, 'utf8') AS whole FROM outbox")
    audit = await recovery.rows("SELECT a::text AS whole FROM audit_entries a")
    assert len(mail.token) == 43
    assert not [row for row in (*rows, *events, *audit) if mail.token in row["whole"]]


async def test_the_mail_belongs_to_the_request(recovery: Recovery) -> None:
    await recovery.knows(an_account())
    await recovery.ask()
    [request] = await recovery.rows("SELECT correlation_id, source FROM link_requests")

    await recovery.tick()

    [mail] = await recovery.mails()
    [audit] = await recovery.rows("SELECT * FROM audit_entries")
    assert mail.correlation_id == audit["correlation_id"] == request["correlation_id"]
    assert audit["source"] == request["source"]
    assert (audit["outcome"], audit["detail"]) == ("done", "mailed")


@pytest.mark.proves("RC-3")
@pytest.mark.parametrize(
    ("practices", "minutes"), [((), 60), ((1440,), 1440), ((240, 15, 90), 15), ((60,), 60)]
)
async def test_the_mail_prints_the_shortest_life_of_the_accounts_practices(
    recovery: Recovery, practices: tuple[int, ...], minutes: int
) -> None:
    ids = [await recovery.knows_practice(a_practice(minutes=life)) for life in practices]
    await recovery.knows(an_account(practices=ids))

    mail = await recovery.asks_and_is_mailed()

    expires_at = recovery.clock.now() + timedelta(minutes=minutes)
    assert mail.data.life_minutes == minutes
    assert mail.data.link_expires_at == mail.data.link.expires_at == expires_at


async def test_a_practice_not_heard_of_yet_counts_as_the_shortest(recovery: Recovery) -> None:
    await recovery.knows(an_account(practices=[PracticeId(Randomness().uuid())]))

    mail = await recovery.asks_and_is_mailed()

    assert mail.data.life_minutes == 15


async def test_a_changed_life_counts_for_new_links_only(
    recovery: Recovery, clock: FakeClock
) -> None:
    practice = a_practice(minutes=60)
    await recovery.knows_practice(practice)
    await recovery.knows(an_account(practices=[practice.practice_id]))
    old = await recovery.asks_and_is_mailed()

    shorter = a_practice(minutes=20, practice_id=practice.practice_id)
    await recovery.knows_practice(shorter, version=2)
    [kept] = await recovery.rows("SELECT expires_at FROM one_time_secrets")
    clock.advance(minutes=1)
    new = await recovery.asks_and_is_mailed()

    assert kept["expires_at"] == old.data.link_expires_at
    assert new.data.life_minutes == 20


@pytest.mark.proves("RC-3")
async def test_sixty_seconds_lie_between_two_mails(recovery: Recovery, clock: FakeClock) -> None:
    await recovery.knows(an_account())
    await recovery.asks_and_is_mailed()

    clock.advance(seconds=59)
    await recovery.ask()
    await recovery.tick()
    early = len(await recovery.mails())
    clock.advance(seconds=1)
    await recovery.ask()
    await recovery.tick()

    assert early == 1
    assert len(await recovery.mails()) == 2


@pytest.mark.proves("RC-3")
async def test_three_mails_go_out_in_an_hour(recovery: Recovery, clock: FakeClock) -> None:
    await recovery.knows(an_account())
    for _ in range(3):
        await recovery.asks_and_is_mailed()
        clock.advance(minutes=1)

    clock.advance(minutes=56, seconds=59)  # 59:59 after the first
    await recovery.ask()
    await recovery.tick()
    early = len(await recovery.mails())
    clock.advance(seconds=1)
    await recovery.ask()
    await recovery.tick()

    assert early == 3
    assert len(await recovery.mails()) == 4


@pytest.mark.proves("RC-3")
async def test_ten_mails_go_out_in_a_day(recovery: Recovery, clock: FakeClock) -> None:
    await recovery.knows(an_account())
    for _ in range(10):
        await recovery.asks_and_is_mailed()
        clock.advance(minutes=30)

    clock.advance(hours=18, minutes=59, seconds=59)  # 23:59:59 after the first
    await recovery.ask()
    await recovery.tick()
    early = len(await recovery.mails())
    clock.advance(seconds=1)
    await recovery.ask()
    await recovery.tick()

    assert early == 10
    assert len(await recovery.mails()) == 11


async def test_a_request_over_the_limit_voids_no_link_and_is_audited(recovery: Recovery) -> None:
    await recovery.knows(an_account())
    await recovery.asks_and_is_mailed()

    await recovery.ask()
    await recovery.tick()

    [link] = await recovery.rows("SELECT state FROM one_time_secrets")
    audit = await recovery.rows("SELECT outcome, detail FROM audit_entries ORDER BY at, detail")
    assert link["state"] == "live"
    assert [tuple(row) for row in audit] == [("refused", "limited"), ("done", "mailed")]


async def test_the_limits_are_the_accounts_whichever_of_its_names_was_typed(
    recovery: Recovery,
) -> None:
    await recovery.knows(an_account())

    await recovery.ask(USERNAME)
    await recovery.ask(EMAIL)
    await recovery.tick()

    assert len(await recovery.mails()) == 1


async def test_one_batch_mails_each_of_many_accounts_once(recovery: Recovery) -> None:
    names = [f"person.{number}" for number in range(30)]
    for name in names:
        await recovery.knows(an_account(username=name, email=f"{name}@mail.example"))
        await recovery.ask(name)
        await recovery.ask(f"{name}@mail.example")

    assert await recovery.tick() == 60

    told = [mail.data.recipients[0] for mail in await recovery.mails()]
    assert sorted(told) == sorted(f"{name}@mail.example" for name in names)


@pytest.mark.proves("RC-3")
@pytest.mark.parametrize("round_", range(5))
async def test_loops_ticking_at_once_never_mail_twice(
    recovery: Recovery, second: Recovery, round_: int
) -> None:
    names = [f"person.{number}" for number in range(20)]
    for name in names:
        await recovery.knows(an_account(username=name, email=f"{name}@mail.example"))
    await asyncio.gather(*(recovery.ask(name) for name in names * 4))

    await asyncio.gather(*(side.tick() for side in (recovery, second) * 8))
    await recovery.tick()

    told = [mail.data.recipients[0] for mail in await recovery.mails()]
    live = await recovery.rows("SELECT FROM one_time_secrets WHERE state = 'live'")
    decided = await recovery.rows("SELECT FROM audit_entries")
    assert len(told) == len(set(told)) == len(live) == 20
    assert len(decided) == 80
    assert await recovery.rows("SELECT FROM link_requests") == []


@pytest.mark.proves("RC-3")
@pytest.mark.parametrize(
    "account",
    [
        an_account(email=None),
        an_account(state=AccountState.FROZEN),
        an_account(state=AccountState.MERGED),
    ],
    ids=["no verified e-mail", "frozen", "merged"],
)
async def test_nothing_is_sent_where_nobody_may_be_told(
    recovery: Recovery, clock: FakeClock, account: object
) -> None:
    await recovery.knows(account)  # type: ignore[arg-type]
    await recovery.ask()
    await recovery.tick()
    clock.advance(seconds=60)

    await recovery.tick()

    [audit] = await recovery.rows("SELECT outcome, detail, subject FROM audit_entries")
    assert tuple(audit) == ("refused", "nobody", None)
    assert await recovery.mails() == []
    assert await recovery.rows("SELECT FROM one_time_secrets") == []
    assert await recovery.rows("SELECT FROM link_requests") == []


@pytest.mark.proves("RC-3")
async def test_an_account_heard_of_within_sixty_seconds_is_mailed(
    recovery: Recovery, clock: FakeClock
) -> None:
    await recovery.ask()
    await recovery.tick()
    clock.advance(seconds=59)
    await recovery.tick()

    await recovery.knows(an_account())
    clock.advance(seconds=1)
    await recovery.tick()

    assert len(await recovery.mails()) == 1


async def test_an_account_heard_of_later_is_not(recovery: Recovery, clock: FakeClock) -> None:
    await recovery.ask()
    clock.advance(seconds=60)
    await recovery.tick()

    await recovery.knows(an_account())
    clock.advance(seconds=60)

    assert await recovery.tick() == 0
    assert await recovery.mails() == []


@pytest.mark.proves("RC-3")
async def test_a_miss_stays_open_as_long_as_the_consumer_is_not_connected(
    recovery: Recovery, clock: FakeClock
) -> None:
    recovery.hears(False)
    await recovery.ask()
    clock.advance(hours=2)
    await recovery.tick()

    recovery.hears()
    clock.advance(seconds=30)
    await recovery.tick()
    await recovery.knows(an_account())
    clock.advance(seconds=10)
    await recovery.tick()

    assert len(await recovery.mails()) == 1


async def test_a_hit_does_not_wait_for_the_consumer(recovery: Recovery) -> None:
    await recovery.knows(an_account())
    recovery.hears(False)

    await recovery.asks_and_is_mailed()


async def test_a_name_passing_between_accounts_is_nobodys_until_both_are_heard_of(
    recovery: Recovery, clock: FakeClock
) -> None:
    giver = an_account(username="giver.one", email=EMAIL)
    await recovery.knows(giver)
    taker = await recovery.knows(an_account(username="taker.one", email=EMAIL))
    await recovery.ask(EMAIL)
    await recovery.tick()
    ambiguous = await recovery.mails()

    await recovery.knows(an_account(account_id=giver.account_id, username="giver.one", email=None))
    clock.advance(seconds=1)
    await recovery.tick()

    assert ambiguous == []
    assert [mail.data.account_id for mail in await recovery.mails()] == [taker]


@pytest.mark.proves("V6.3.8", "RC-3")
async def test_a_miss_takes_every_step_of_a_hit_up_to_the_outbox_row(
    recovery: Recovery, clock: FakeClock
) -> None:
    await recovery.knows(an_account())
    await recovery.knows(an_account(username="first.one", email="first@mail.example"))
    await recovery.asks_and_is_mailed("first.one")  # the driver has learnt the types by now
    await recovery.ask("nobody.at.all")
    clock.advance(seconds=60)
    miss = await statements(recovery, recovery.tick)
    await recovery.ask()

    hit = await statements(recovery, recovery.tick)

    assert len(miss) > 8
    assert [step for step in hit if not step.startswith("INSERT INTO outbox")] == miss
    assert len(hit) == len(miss) + 1


async def test_a_miss_leaves_nothing_behind(recovery: Recovery, clock: FakeClock) -> None:
    await recovery.ask("nobody.at.all")
    clock.advance(seconds=60)

    await recovery.tick()

    for table in ("link_requests", "limits", "one_time_secrets"):
        assert await recovery.rows(f"SELECT FROM {table}") == []
    assert await recovery.mails() == []
