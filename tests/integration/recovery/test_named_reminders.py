"""RC-2: a username by notification address, last name and date of birth."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from shared.contracts.identity import AccountState
from shared.contracts.ids import AccountId
from tests.builders import events
from tests.rigs.recovery import (
    EMAIL,
    USERNAME,
    Recovery,
    ReminderMail,
    a_merge,
    an_account,
    statements,
)
from tests.support.clock import FakeClock

pytestmark = pytest.mark.proves("RC-2")
OTHER = "juniper.post@elsewhere.example"
LAST_NAME, BORN = events.LAST_NAME, "04/17/1988"


async def somebody(
    recovery: Recovery, *addresses: str, last_name: str = LAST_NAME, **said: Any
) -> AccountId:
    """An account with a record at a practice, and verified notification addresses."""
    account_id = await recovery.knows(an_account(**said))
    await recovery.knows_record_of(account_id, last_name=last_name)
    await recovery.knows_addresses_of(account_id, *(addresses or (OTHER,)))
    return account_id


async def asked(
    recovery: Recovery, address: str = OTHER, last_name: str = LAST_NAME, born: str = BORN
) -> Sequence[ReminderMail]:
    """Ask, let the loop tick once, and return all mails so far."""
    await recovery.ask_username(address, last_name, born)
    await recovery.tick_reminders()
    return await recovery.reminders()


async def test_it_is_mailed_there_and_the_account_e_mail_is_told(recovery: Recovery) -> None:
    account_id = await somebody(recovery)

    [mail] = await asked(recovery)

    assert (mail.username, mail.data.account_id, mail.data.recipients) == (
        USERNAME,
        account_id,
        (OTHER,),
    )
    assert mail.data.username.recipient == OTHER
    [told] = await recovery.told_elsewhere()
    assert (told.account_id, told.recipients) == (account_id, (EMAIL,))
    assert told.address == "j•••@elsewhere.example"
    [audit] = await recovery.rows("SELECT action, outcome, detail, subject FROM audit_entries")
    assert tuple(audit) == (
        "username-reminder.request",
        "done",
        "mailed",
        f"account:{account_id}",
    )


async def test_without_an_account_e_mail_the_holder_is_told_by_a_notice(
    recovery: Recovery,
) -> None:
    account_id = await somebody(recovery, email=None)

    assert len(await asked(recovery)) == 1

    [told] = await recovery.told_elsewhere()
    assert (told.account_id, told.recipients) == (account_id, ())


@pytest.mark.parametrize("born", ["04/17/1988", "4/17/1988", "1988-04-17", " 04/17/1988 "])
@pytest.mark.parametrize(
    ("own", "typed"),
    [
        ("Hale", "  HALE "),
        ("Müller-O'Brien", "mueller o’brien"),
        ("Müller-O'Brien", "MULLER OBRIEN JR."),
        ("Łukasz", "Lukasz"),
        ("सेन", "सेन"),
    ],
)
async def test_name_and_date_are_compared_however_they_are_written(
    recovery: Recovery, own: str, typed: str, born: str
) -> None:
    await somebody(recovery, last_name=own)

    assert len(await asked(recovery, f" {OTHER.upper()} ", typed, born)) == 1


@pytest.mark.parametrize(
    ("address", "last_name", "born"),
    [
        (OTHER, "Hall", BORN),
        (OTHER, LAST_NAME, "04/18/1988"),
        (OTHER, LAST_NAME, "1988-04-18"),
        ("another@elsewhere.example", LAST_NAME, BORN),
        (USERNAME, LAST_NAME, BORN),
        (OTHER, "-", BORN),
    ],
)
async def test_where_not_all_three_match_nobody_is_mailed(
    recovery: Recovery, clock: FakeClock, address: str, last_name: str, born: str
) -> None:
    await somebody(recovery)
    await asked(recovery, address, last_name, born)
    clock.advance(seconds=60)

    await recovery.tick_reminders()

    assert (await recovery.reminders(), await recovery.told_elsewhere()) == ([], [])
    [audit] = await recovery.rows("SELECT outcome, detail, subject FROM audit_entries")
    assert tuple(audit) == ("refused", "nobody", None)
    assert await recovery.rows("SELECT FROM reminder_requests") == []


async def test_a_record_without_a_letter_in_its_name_matches_nothing(recovery: Recovery) -> None:
    await somebody(recovery, last_name="-")

    assert await asked(recovery, last_name="-") == []


async def test_the_address_alone_is_not_enough(recovery: Recovery) -> None:
    await somebody(recovery)
    await recovery.ask_username(OTHER)

    await recovery.tick_reminders()

    assert await recovery.reminders() == []


async def test_of_a_family_s_address_only_those_are_named_whom_all_three_match(
    recovery: Recovery,
) -> None:
    twice = [
        await somebody(recovery, username="first.hale", email=None),
        await somebody(recovery, username="second.hale", email="second@mail.example"),
    ]
    await somebody(recovery, username="born.another.day", email=None, last_name="Thorne")

    mails = await asked(recovery)

    assert sorted(mail.username for mail in mails) == ["first.hale", "second.hale"]
    assert {mail.data.recipients for mail in mails} == {(OTHER,)}
    audit = await recovery.rows("SELECT subject FROM audit_entries")
    assert {row["subject"] for row in audit} == {f"account:{one}" for one in twice}


async def test_an_account_e_mail_is_enough_whatever_else_was_typed(recovery: Recovery) -> None:
    """The page cannot know which kind of address it is (RC-1)."""
    await somebody(recovery, EMAIL)

    [mail] = await asked(recovery, EMAIL, "Somebody Else", "01/01/1970")

    assert (mail.username, mail.data.recipients) == (USERNAME, (EMAIL,))
    assert await recovery.told_elsewhere() == []


async def test_another_s_notification_address_may_be_somebody_s_account_e_mail(
    recovery: Recovery,
) -> None:
    parent = await recovery.knows(an_account(username="her.parent", email="parent@mail.example"))
    child = await somebody(recovery, "parent@mail.example", username="her.child", email=None)

    mails = await asked(recovery, "parent@mail.example")

    assert {mail.username: mail.data.account_id for mail in mails} == {
        "her.parent": parent,
        "her.child": child,
    }


@pytest.mark.parametrize("state", [AccountState.FROZEN, AccountState.MERGED])
async def test_an_account_that_is_not_active_is_nobody(
    recovery: Recovery, state: AccountState
) -> None:
    await somebody(recovery, state=state)

    assert await asked(recovery) == []


async def test_an_address_that_was_removed_finds_nobody_whatever_order_snapshots_come_in(
    recovery: Recovery,
) -> None:
    account_id = await somebody(recovery)
    await recovery.knows_addresses_of(account_id, version=3)
    await recovery.knows_addresses_of(account_id, OTHER, version=2)

    assert await asked(recovery) == []


async def test_one_that_is_heard_of_within_sixty_seconds_is_mailed(
    recovery: Recovery, clock: FakeClock
) -> None:
    account_id = await recovery.knows(an_account())
    await recovery.knows_record_of(account_id)
    assert await asked(recovery) == []
    await recovery.knows_addresses_of(account_id, OTHER)
    clock.advance(seconds=10)

    await recovery.tick_reminders()

    assert len(await recovery.reminders()) == 1


async def test_records_of_an_absorbed_account_are_the_survivor_s_before_identity_says_so(
    recovery: Recovery,
) -> None:
    absorbed = await recovery.knows(an_account(username="absorbed.hale", email=None))
    await recovery.knows_record_of(absorbed)
    survivor = await recovery.knows(an_account())
    await recovery.knows_addresses_of(survivor, OTHER)
    await recovery.knows_addresses_of(absorbed, OTHER)

    await recovery.merged(a_merge(absorbed, into=survivor))

    assert [mail.data.account_id for mail in await asked(recovery)] == [survivor]


async def test_the_row_holds_neither_name_nor_date_and_is_gone_with_its_outcome(
    recovery: Recovery,
) -> None:
    await somebody(recovery)
    for name, born in ((LAST_NAME, BORN), ("Passw0rd", "1999-09-19"), ("---", "1999-09-19")):
        body = {"email": OTHER, "last_name": name, "birth_date": born}
        assert (await recovery.call("POST", "/usernames/reminders", body)).status == 202

    rows = await recovery.rows("SELECT r.*, lower(r::text) AS whole FROM reminder_requests r")

    assert {len(row["person_digests"]) for row in rows} == {32}
    for typed in ("hale", "passw0rd", "1988", "1999", "04-17", "09-19"):
        assert not [row for row in rows if typed in row["whole"].replace(str(row["id"]), "")]
    await recovery.tick_reminders()
    left = await recovery.rows("SELECT FROM reminder_requests")
    assert len(left) == 2  # which are nobody's yet


async def test_hit_and_miss_get_the_same_whole_reply(recovery: Recovery) -> None:
    await somebody(recovery)

    answers = [
        await recovery.call(
            "POST",
            "/usernames/reminders",
            {"email": address, "last_name": name, "birth_date": born},
        )
        for address, name, born in (
            (OTHER, LAST_NAME, BORN),
            (OTHER, "Hall", BORN),
            (EMAIL, LAST_NAME, "1988-04-17"),
            ("nobody@mail.example", LAST_NAME, BORN),
        )
    ]

    assert {answer.status for answer in answers} == {202}
    assert len({str(answer.alike()) for answer in answers}) == 1


@pytest.mark.parametrize(
    ("said", "code", "field"),
    [
        ({"last_name": "Hale"}, "person_incomplete", "birth_date"),
        ({"birth_date": BORN}, "person_incomplete", "last_name"),
        *(
            ({"last_name": "Hale", "birth_date": typed}, "birth_date_impossible", "birth_date")
            for typed in (
                *("02/30/1988", "1988-02-30", "13/01/1988", "17/04/1988", "00/10/1988"),
                *("4/17/88", "17.4.1988", "April 17, 1988", "19880417", "1988-W16-7", "", "  "),
                *("0000-01-01", "04/17/19880", "٠٤/١٧/١٩٨٨"),
            )
        ),
    ],
)
async def test_what_is_no_day_or_half_a_person_is_refused_by_its_field_and_asks_for_nothing(
    recovery: Recovery, said: dict[str, str], code: str, field: str
) -> None:
    answer = await recovery.call("POST", "/usernames/reminders", {"email": OTHER, **said})

    assert (answer.status, answer.code) == (422, code)
    assert [(each["field"], each["code"]) for each in answer.body["errors"]] == [(field, code)]
    assert await recovery.rows("SELECT FROM reminder_requests") == []
    [audit] = await recovery.rows("SELECT outcome, detail, subject FROM audit_entries")
    assert tuple(audit) == ("refused", code, None)


async def test_after_five_tries_in_an_hour_the_address_is_closed_for_twenty_minutes(
    recovery: Recovery, clock: FakeClock
) -> None:
    await somebody(recovery)
    for name in ("Hall", LAST_NAME, "Hall", "Hall", LAST_NAME):
        await recovery.ask_username(OTHER, name, BORN)
    await recovery.tick_reminders()

    clock.advance(minutes=20, seconds=-1)
    early = len(await asked(recovery))
    clock.advance(seconds=1)
    late = [len(await asked(recovery)) for _ in range(6)]

    assert (early, late) == (2, [3, 4, 5, 6, 7, 7])


@pytest.mark.parametrize("hears", [True, False])
async def test_who_guesses_faster_than_a_miss_is_final_has_five_tries_all_the_same(
    recovery: Recovery, clock: FakeClock, hears: bool
) -> None:
    await somebody(recovery)
    recovery.hears(hears)
    for day in range(10, 15):
        assert await asked(recovery, born=f"04/{day}/1988") == []

    within_the_minute = len(await asked(recovery))
    clock.advance(seconds=61)
    await recovery.tick_reminders()

    assert within_the_minute == len(await recovery.reminders()) == 0


async def test_a_try_counts_once_however_often_it_is_looked_at(
    recovery: Recovery, clock: FakeClock
) -> None:
    await recovery.ask_username(OTHER, LAST_NAME, BORN)
    for _ in range(5):
        await recovery.tick_reminders()
        clock.advance(seconds=5)
    await somebody(recovery)
    await recovery.tick_reminders()
    heard_late = len(await recovery.reminders())

    more = [len(await asked(recovery)) for _ in range(5)]

    assert (heard_late, more) == (1, [2, 3, 4, 5, 5])


async def test_it_counts_apart_from_requests_without_a_name(recovery: Recovery) -> None:
    await somebody(recovery, email=OTHER, username="of.that.email")
    for _ in range(4):
        await recovery.ask_username(OTHER)
    for _ in range(6):
        await recovery.ask_username(OTHER, LAST_NAME, BORN)

    await recovery.tick_reminders()

    assert len(await recovery.reminders()) == 3 + 5


@pytest.mark.parametrize("round_", range(3))
async def test_however_many_ask_and_tick_at_once_nobody_is_mailed_more_than_that(
    recovery: Recovery, second: Recovery, round_: int
) -> None:
    addresses = [f"person.{number}@elsewhere.example" for number in range(10)]
    for address in addresses:
        await somebody(recovery, address, username=f"of.{address}", email=None)
    asking = asyncio.gather(
        *(recovery.ask_username(address, LAST_NAME, BORN) for address in addresses * 7)
    )

    await asyncio.gather(asking, *(side.tick_reminders() for side in (recovery, second) * 8))
    while await recovery.tick_reminders():
        pass

    told = Counter(mail.data.recipients[0] for mail in await recovery.reminders())
    assert told == dict.fromkeys(addresses, 5)
    assert len(await recovery.rows("SELECT FROM audit_entries")) == 70


async def test_a_miss_takes_every_step_of_a_hit_up_to_the_outbox_row(
    recovery: Recovery, clock: FakeClock
) -> None:
    await somebody(recovery, "first@mail.example", username="first.one", email=None)
    await somebody(recovery)
    await asked(recovery, "first@mail.example")  # the driver has learnt the types by now
    await recovery.ask_username(OTHER, "Hall", BORN)
    clock.advance(seconds=60)
    miss = await statements(recovery, recovery.tick_reminders)
    await recovery.ask_username(OTHER, LAST_NAME, BORN)

    hit = await statements(recovery, recovery.tick_reminders)

    assert len(miss) > 6
    assert [step for step in hit if "INSERT INTO outbox" not in step] == miss
    assert len(hit) == len(miss) + 1
