"""RC-1: a username by account e-mail, accepted first and mailed later."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio

from shared.contracts.identity import AccountChanged, AccountState
from shared.contracts.recovery import USERNAME_REMINDER_REQUESTED
from shared.trust.ciphers import KeyPair
from tests.rigs.recovery import (
    EMAIL,
    USERNAME,
    Recovery,
    an_account,
    replica,
    statements,
)
from tests.support.clock import FakeClock
from tests.support.database import Database

STRANGER = "nobody@mail.example"


async def whole_reply(recovery: Recovery, email: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body, with what differs between any two requests taken out."""
    async with recovery.client.post("/usernames/reminders", json={"email": email}) as reply:
        headers = {
            key: value
            for key, value in reply.headers.items()
            if key not in ("Date", "Correlation-Id", "traceparent")
        }
        return reply.status, headers, await reply.read()


@pytest.mark.proves("V6.3.8", "RC-1")
@pytest.mark.parametrize("typed", [EMAIL, USERNAME, "frozen@mail.example", "not an address", " \t"])
async def test_hit_and_miss_get_the_same_whole_reply(recovery: Recovery, typed: str) -> None:
    await recovery.knows(an_account())
    await recovery.knows(
        an_account(username="frozen", email="frozen@mail.example", state=AccountState.FROZEN)
    )

    first = await whole_reply(recovery, STRANGER)
    other = await whole_reply(recovery, typed)

    assert first[0] == 202
    assert other == first


@pytest.mark.proves("RC-2b")
async def test_the_reply_says_to_contact_the_practice(recovery: Recovery) -> None:
    _, _, body = await whole_reply(recovery, STRANGER)

    assert b"contact your practice" in body


@pytest.mark.proves("RC-1")
async def test_the_same_row_is_written_for_hit_and_miss(recovery: Recovery) -> None:
    await recovery.knows(an_account())

    await whole_reply(recovery, EMAIL)
    await whole_reply(recovery, STRANGER)

    rows = await recovery.rows("SELECT r.*, r::text AS whole FROM reminder_requests r")
    assert len(rows) == 2
    assert {row["requested_at"] for row in rows} == {recovery.clock.now()}
    assert {row["due_at"] for row in rows} == {recovery.clock.now()}
    assert {len(row["name_digest"]) for row in rows} == {32}
    assert not [row for row in rows if "mail.example" in row["whole"]]


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{}",
        b'{"email": 7}',
        b'{"email": ""}',
        b'{"email": "a", "name": "b"}',
        b'{"email": "' + b"n" * 321 + b'"}',
    ],
)
async def test_a_bad_body_asks_for_nothing(recovery: Recovery, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    async with recovery.client.post("/usernames/reminders", data=body, headers=headers) as reply:
        assert reply.status == 400

    assert await recovery.rows("SELECT FROM reminder_requests") == []


@pytest.mark.proves("LG-4")
@pytest.mark.parametrize("typed", [EMAIL, STRANGER])
async def test_every_request_counts_on_its_source(
    database: Database, clock: FakeClock, notify_key: KeyPair, typed: str
) -> None:
    async with replica(database, clock, notify_key, source_budget="3") as recovery:
        await recovery.knows(an_account())

        replies = [(await whole_reply(recovery, typed))[0] for _ in range(4)]

    assert replies == [202, 202, 202, 429]


@pytest.mark.proves("RC-1")
@pytest.mark.parametrize("typed", [EMAIL, "  JUNIPER.Hale@mail.example ", f"\uff4a{EMAIL[1:]}"])
async def test_the_username_goes_to_the_address_as_it_was_verified(
    recovery: Recovery, typed: str
) -> None:
    account_id = await recovery.knows(an_account())

    await recovery.ask_username(typed)
    await recovery.tick_reminders()

    [mail] = await recovery.reminders()
    assert (mail.data.account_id, mail.username) == (account_id, USERNAME)
    assert mail.data.recipients == (EMAIL,)
    assert (mail.data.locale, mail.data.time_zone) == ("en", "America/New_York")
    assert mail.data.occurred_at == recovery.clock.now()


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


async def test_the_mail_and_its_audit_row_belong_to_the_request(recovery: Recovery) -> None:
    account_id = await recovery.knows(an_account())
    await recovery.ask_username()
    [request] = await recovery.rows("SELECT correlation_id, source FROM reminder_requests")

    await recovery.tick_reminders()

    [event] = await recovery.envelopes(USERNAME_REMINDER_REQUESTED)
    [audit] = await recovery.rows("SELECT * FROM audit_entries")
    assert event.correlationid == audit["correlation_id"] == request["correlation_id"]
    assert event.subject == str(account_id)
    assert (audit["action"], audit["outcome"]) == ("username-reminder.request", "done")
    assert (audit["source"], audit["detail"]) == (request["source"], "mailed")


@pytest.mark.proves("RC-1")
@pytest.mark.parametrize(
    "account",
    [
        an_account(username=EMAIL, email="other@mail.example"),
        an_account(email=None),
        an_account(state=AccountState.FROZEN),
        an_account(state=AccountState.MERGED),
    ],
    ids=["a username", "no verified e-mail", "frozen", "merged"],
)
async def test_only_an_active_accounts_verified_address_is_told(
    recovery: Recovery, clock: FakeClock, account: AccountChanged
) -> None:
    await recovery.knows(account)
    await recovery.ask_username(EMAIL)
    await recovery.tick_reminders()
    clock.advance(seconds=60)

    await recovery.tick_reminders()

    [audit] = await recovery.rows("SELECT outcome, detail, subject FROM audit_entries")
    assert tuple(audit) == ("refused", "nobody", None)
    assert await recovery.reminders() == []
    assert await recovery.rows("SELECT FROM reminder_requests") == []


@pytest.mark.proves("RC-1")
async def test_three_usernames_go_out_to_an_address_in_an_hour(
    recovery: Recovery, clock: FakeClock
) -> None:
    await recovery.knows(an_account())
    for _ in range(3):
        await recovery.ask_username()
        await recovery.tick_reminders()
        clock.advance(minutes=1)

    clock.advance(minutes=56, seconds=59)  # 59:59 after the first
    await recovery.ask_username()
    await recovery.tick_reminders()
    early = len(await recovery.reminders())
    clock.advance(seconds=1)
    for _ in range(2):
        await recovery.ask_username()
        await recovery.tick_reminders()

    audit = await recovery.rows("SELECT detail FROM audit_entries ORDER BY at, detail")
    assert early == 3
    assert len(await recovery.reminders()) == 4
    assert [row["detail"] for row in audit] == [*["mailed"] * 3, *["limited"] * 2, "mailed"]


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
@pytest.mark.parametrize("round_", range(5))
async def test_thirty_two_parallel_requests_are_three_mails(
    recovery: Recovery, second: Recovery, round_: int
) -> None:
    await recovery.knows(an_account())
    first = asyncio.gather(*(whole_reply(recovery, EMAIL) for _ in range(32)))
    ticking = [side.tick_reminders() for side in (recovery, second) * 8]

    await asyncio.gather(first, *ticking)
    await recovery.tick_reminders()

    decided = await recovery.rows("SELECT FROM audit_entries WHERE detail <> 'later'")
    assert len(await recovery.reminders()) == 3
    assert len(decided) == 32
    assert await recovery.rows("SELECT FROM reminder_requests") == []


@pytest.mark.parametrize("round_", range(5))
async def test_two_replicas_mail_each_request_once(
    recovery: Recovery, second: Recovery, round_: int
) -> None:
    addresses = [f"person.{number}@mail.example" for number in range(120)]
    for address in addresses:
        await recovery.knows(an_account(username=f"of.{address}", email=address))
    await asyncio.gather(*(recovery.ask_username(address) for address in addresses))

    await asyncio.gather(*(side.tick_reminders() for side in (recovery, second) * 8))

    mails = await recovery.reminders()
    assert sorted(mail.data.recipients[0] for mail in mails) == sorted(addresses)
    assert all(mail.username == f"of.{mail.data.recipients[0]}" for mail in mails)


@pytest.mark.proves("RC-1")
async def test_an_account_heard_of_within_sixty_seconds_is_mailed(
    recovery: Recovery, clock: FakeClock
) -> None:
    await recovery.ask_username()
    await recovery.tick_reminders()
    clock.advance(seconds=59)
    await recovery.tick_reminders()

    await recovery.knows(an_account())
    clock.advance(seconds=1)
    await recovery.tick_reminders()

    assert len(await recovery.reminders()) == 1


@pytest.mark.proves("RC-1")
async def test_a_miss_stays_open_as_long_as_the_consumer_is_not_connected(
    recovery: Recovery, clock: FakeClock
) -> None:
    recovery.hears(False)
    await recovery.ask_username()
    clock.advance(hours=2)
    await recovery.tick_reminders()

    recovery.hears()
    clock.advance(seconds=30)
    await recovery.tick_reminders()
    await recovery.knows(an_account())
    clock.advance(seconds=10)
    await recovery.tick_reminders()

    assert len(await recovery.reminders()) == 1


@pytest.mark.proves("RC-1")
async def test_a_miss_takes_every_step_of_a_hit_up_to_the_outbox_row(
    recovery: Recovery, clock: FakeClock
) -> None:
    await recovery.knows(an_account())
    await recovery.knows(an_account(username="first.one", email="first@mail.example"))
    await recovery.ask_username("first@mail.example")
    await recovery.tick_reminders()  # the driver has learnt the types by now
    await recovery.ask_username(STRANGER)
    clock.advance(seconds=60)
    miss = await statements(recovery, recovery.tick_reminders)
    await recovery.ask_username()

    hit = await statements(recovery, recovery.tick_reminders)

    assert len(miss) > 6
    assert [step for step in hit if not step.startswith("INSERT INTO outbox")] == miss
    assert len(hit) == len(miss) + 1


@pytest_asyncio.fixture
async def keyless(
    database: Database, clock: FakeClock, notify_key: KeyPair
) -> AsyncIterator[Recovery]:
    """A replica that notify's key has not reached."""
    async with replica(database, clock, notify_key) as made:
        yield made


@pytest.mark.proves("RC-1")
async def test_hit_and_miss_wait_for_notifys_key_and_the_hit_is_mailed_then(
    keyless: Recovery,
) -> None:
    await keyless.knows(an_account())
    await keyless.ask_username()
    await keyless.ask_username(STRANGER)

    without = await keyless.tick_reminders()
    waiting = await keyless.rows("SELECT FROM reminder_requests")
    await keyless.knows_notifys_key()
    await keyless.tick_reminders()

    assert (without, len(waiting)) == (0, 2)
    assert [mail.username for mail in await keyless.reminders()] == [USERNAME]


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
