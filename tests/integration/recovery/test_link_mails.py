"""RC-3, the loop: who is mailed, when, how often, and what stays secret."""

from datetime import timedelta

import pytest

from shared.contracts.ids import PracticeId
from shared.randomness import Randomness
from tests.rigs.recovery import (
    EMAIL,
    Recovery,
    a_practice,
    an_account,
)
from tests.support.clock import FakeClock


@pytest.mark.proves("V11.5.1", "RC-3")
async def test_a_token_has_256_bits_and_only_its_digest_is_kept(recovery: Recovery) -> None:
    await recovery.knows(an_account())

    mail = await recovery.asks_and_is_mailed()

    rows = await recovery.rows("SELECT l::text AS whole FROM one_time_secrets l")
    events = await recovery.rows("SELECT convert_from(body, 'utf8') AS whole FROM outbox")
    audit = await recovery.rows("SELECT a::text AS whole FROM audit_entries a")
    assert len(mail.token) == 43
    assert not [row for row in (*rows, *events, *audit) if mail.token in row["whole"]]


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


async def test_a_request_over_the_limit_voids_no_link(recovery: Recovery) -> None:
    await recovery.knows(an_account())
    await recovery.asks_and_is_mailed()

    await recovery.ask()
    await recovery.tick()

    [link] = await recovery.rows("SELECT state FROM one_time_secrets")
    assert link["state"] == "live"


async def test_one_batch_mails_each_of_many_accounts_once(recovery: Recovery) -> None:
    names = [f"person.{number}" for number in range(30)]
    for name in names:
        await recovery.knows(an_account(username=name, email=f"{name}@mail.example"))
        await recovery.ask(name)
        await recovery.ask(f"{name}@mail.example")

    assert await recovery.tick() == 60

    told = [mail.data.recipients[0] for mail in await recovery.mails()]
    assert sorted(told) == sorted(f"{name}@mail.example" for name in names)


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
