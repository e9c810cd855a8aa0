"""RC-6 at recovery: who one is, then one's address among four; once, and three rounds a day."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import jwt
import msgspec
import pytest

from deploy.client.eventually import eventually
from services.recovery.validation.model import VALIDATION
from services.recovery.validation.store import rounds
from shared import one_time
from shared.contracts.identity import AccountState
from shared.contracts.ids import AccountId, PracticeId
from shared.contracts.practice_settings import PracticeSettings
from shared.db import Row
from tests.builders import events
from tests.builders.people import a_person
from tests.rigs.issuer import Issuer
from tests.rigs.recovery import ADDRESS, USERNAME, Recovery, a_merge, an_account
from tests.rigs.replica import Answer
from tests.support.database import Database
from tests.support.statements import noted

FIELDS: Mapping[str, Any] = {
    "username": USERNAME,
    "birth_date": "1988-04-17",
    "last_name": "Hale",
    "first_name": "Juniper",
    "home_phone": "+1 213 555 0142",
}
UNAVAILABLE = (422, "validation_unavailable")


async def somebody(recovery: Recovery, username: str = USERNAME, **said: Any) -> AccountId:
    """Who has neither account e-mail nor questions, and one record."""
    account_id = await recovery.knows(an_account(username=username, email=None, **said))
    await recovery.knows_record_of(account_id)
    return account_id


async def begin(recovery: Recovery, *, key: str | None = None, **said: Any) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return await recovery.call("POST", "/resets/validations", {**FIELDS, **said}, headers=headers)


async def answer(recovery: Recovery, question: Answer, choice: int) -> Answer:
    said = {"challenge": question.body["challenge"], "choice": choice}
    return await recovery.call("POST", "/resets/validations/answer", said)


def true_of(question: Answer) -> int:
    return list(question.body["addresses"]).index(ADDRESS)


def wrong_of(question: Answer) -> int:
    return (true_of(question) + 1) % 4


async def validated(recovery: Recovery, **said: Any) -> Answer:
    question = await begin(recovery, **said)
    return await answer(recovery, question, true_of(question))


@pytest.mark.proves("RC-6")
async def test_right_fields_and_the_right_address_are_a_grant_that_ends_at_the_log_on(
    recovery: Recovery,
) -> None:
    account_id = await somebody(recovery, security_version=4)

    question = await begin(recovery)
    given = await answer(recovery, question, true_of(question))

    assert question.status == 200
    assert (len(question.body["addresses"]), question.body["expires_in"]) == (4, 900)
    assert given.status == 200, given.body
    assert (given.body["username"], given.body["ends"]) == (USERNAME, "log-on")
    assert given.body["expires_in"] == 600
    claims = jwt.decode(given.body["grant"], options={"verify_signature": False})
    assert (claims["act"], claims["route"]) == ("password.set", "validation")
    assert (claims["sub"], claims["sv"]) == (str(account_id), 4)


@pytest.mark.proves("RC-6")
@pytest.mark.parametrize(
    "said",
    [
        {"home_phone": "213.555.0142"},
        {"last_name": "HALÉ", "first_name": "juniper"},
        {"username": " Juniper.HALE "},
    ],
)
async def test_phones_are_compared_by_digits_and_names_however_they_are_written(
    recovery: Recovery, said: Mapping[str, Any]
) -> None:
    await somebody(recovery)

    assert (await validated(recovery, **said)).status == 200


@pytest.mark.proves("RC-6")
@pytest.mark.parametrize(
    "said",
    [
        {"birth_date": "1988-04-18"},
        {"last_name": "Pine"},
        {"first_name": "June"},
        {"home_phone": "213 555 0143"},
        {"username": "nobody.at.all"},
    ],
)
async def test_wrong_fields_bring_up_four_addresses_of_which_none_is_right(
    recovery: Recovery, said: Mapping[str, Any]
) -> None:
    await somebody(recovery)

    question = await begin(recovery, **said)
    refused = await answer(recovery, question, 0)

    assert question.status == 200
    assert len(set(question.body["addresses"])) == 4
    assert not any("Elm Street, Springfield" in each for each in question.body["addresses"])
    assert refused.refused() == UNAVAILABLE


@pytest.mark.proves("RC-6")
async def test_fields_of_two_records_prove_nothing_together(recovery: Recovery) -> None:
    account_id = await somebody(recovery)
    await recovery.knows_record_of(account_id, last_name="Pine", home_phone="213 555 0199")

    mixed = await begin(recovery, last_name="Pine")

    assert ADDRESS not in mixed.body["addresses"]
    assert (
        ADDRESS
        in (await begin(recovery, last_name="Pine", home_phone="213 555 0199")).body["addresses"]
    )


@pytest.mark.proves("RC-6")
@pytest.mark.parametrize("lacks", [{"home_phone": None}, {"address": None}, {"address": "-"}])
async def test_a_record_without_phone_or_address_cannot(
    recovery: Recovery, lacks: Mapping[str, Any]
) -> None:
    account_id = await recovery.knows(an_account(email=None))
    await recovery.knows_record_of(account_id, **lacks)

    question = await begin(recovery)

    assert (question.status, ADDRESS in question.body["addresses"]) == (200, False)


@pytest.mark.proves("RC-6")
async def test_what_was_typed_brings_up_the_same_four_and_another_spelling_too(
    recovery: Recovery, second: Recovery
) -> None:
    await somebody(recovery)
    right = [FIELDS, {"last_name": "hálé", "home_phone": "2135550142"}]
    wrong = [{"first_name": "Zoë"}, {"first_name": "ZOE", "home_phone": "2135550142"}]

    for said in (right, wrong):
        questions = [
            await begin(replica, **each)
            for replica, each in zip((recovery, second), said, strict=True)
        ]
        assert questions[0].body["addresses"] == questions[1].body["addresses"]
        recovery.clock.advance(hours=24)


@pytest.mark.proves("RC-6")
async def test_by_another_of_her_usernames_the_same_four_come_up(recovery: Recovery) -> None:
    """Two sets of which both hold the true one would show it."""
    await somebody(recovery, reserved=("juniper.pine",))

    questions = [await begin(recovery, username=name) for name in (USERNAME, "juniper.pine")]

    assert questions[0].body["addresses"] == questions[1].body["addresses"]
    assert ADDRESS in questions[0].body["addresses"]


@pytest.mark.proves("RC-6")
async def test_by_what_two_practices_know_and_by_what_one_has_corrected_the_same_four_come_up(
    recovery: Recovery,
) -> None:
    """Likewise: who knows both of her phones would see the one address that stands in both."""
    account_id = await somebody(recovery)
    await recovery.knows_record_of(
        account_id, home_phone="213 555 0199", address="12 ELM ST, Springfield, IL 62704"
    )

    by_one, by_other = [
        {each.casefold().replace(" street", " st") for each in question.body["addresses"]}
        for question in (await begin(recovery), await begin(recovery, home_phone="213 555 0199"))
    ]

    assert by_one == by_other


@pytest.mark.proves("RC-6")
async def test_two_accounts_at_one_address_bring_up_the_same_four(recovery: Recovery) -> None:
    """Likewise: else who knows both people's fields sees which stands in both."""
    await somebody(recovery)
    other = await recovery.knows(an_account(username="jasper.hale", email=None))
    await recovery.knows_record_of(other, first_name="Jasper", home_phone="213 555 0199")

    hers, his = [
        set((await begin(recovery, **said)).body["addresses"])
        for said in (
            {},
            {"username": "jasper.hale", "first_name": "Jasper", "home_phone": "213 555 0199"},
        )
    ]

    assert ADDRESS in hers
    assert hers == his


Happens = Callable[[Recovery, Issuer, AccountId], Awaitable[None]]


def heard(**said: Any) -> Happens:
    """Identity tells something else of the account."""

    async def happens(recovery: Recovery, _: Issuer, account_id: AccountId) -> None:
        await recovery.knows(an_account(account_id=account_id, **{"email": None, **said}))

    return happens


async def sets_five_questions(recovery: Recovery, identity: Issuer, account_id: AccountId) -> None:
    """Which recovery keeps itself: identity's snapshot says nothing of them."""
    assert (await recovery.sets(await identity.token_of(account_id, version=1))).status == 200


SHUTS: Mapping[str, Happens] = {
    "account e-mail": heard(email="juniper.hale@mail.example"),
    "five questions": sets_five_questions,
    "validated": heard(validated=True),
    "frozen": heard(state=AccountState.FROZEN),
    "reset by practice": heard(reset_by_practice=True),
}


@pytest.mark.proves("RC-6", "RC-7")
@pytest.mark.parametrize("shuts", SHUTS.values(), ids=SHUTS)
async def test_where_the_way_is_shut_right_fields_look_like_wrong_ones(
    recovery: Recovery, identity: Issuer, shuts: Happens
) -> None:
    await shuts(recovery, identity, await somebody(recovery))

    question = await begin(recovery)

    assert (question.status, ADDRESS in question.body["addresses"]) == (200, False)
    assert (await answer(recovery, question, 1)).refused() == UNAVAILABLE


@pytest.mark.proves("RC-6")
@pytest.mark.parametrize(
    "shuts",
    [*SHUTS.values(), heard(security_version=9)],
    ids=[*SHUTS, "credentials changed"],
)
async def test_a_way_that_shuts_meanwhile_is_shut(
    recovery: Recovery, identity: Issuer, shuts: Happens
) -> None:
    account_id = await somebody(recovery)
    question = await begin(recovery)

    await shuts(recovery, identity, account_id)

    assert (await answer(recovery, question, true_of(question))).refused() == UNAVAILABLE


@pytest.mark.proves("RC-6", "MG-9")
async def test_an_absorbed_account_is_nobody_and_its_records_are_the_survivors(
    recovery: Recovery,
) -> None:
    survivor = await recovery.knows(an_account(username="other.hale", email=None))
    absorbed = await somebody(recovery)
    question = await begin(recovery)

    await recovery.merged(a_merge(absorbed, into=survivor))

    assert (await answer(recovery, question, true_of(question))).refused() == UNAVAILABLE
    given = await validated(recovery, username="other.hale")
    assert (given.status, given.body["username"]) == (200, "other.hale")


@pytest.mark.proves("RC-6")
async def test_past_three_rounds_in_a_day_right_fields_look_like_wrong_ones(
    recovery: Recovery, second: Recovery
) -> None:
    await somebody(recovery)

    rounds_ = [await begin(recovery) for _ in range(3)]
    fourth, fifth = await begin(second), await begin(recovery)
    last = await answer(recovery, rounds_[2], true_of(rounds_[2]))
    recovery.clock.advance(hours=24)

    assert len({tuple(one.body["addresses"]) for one in rounds_}) == 1
    assert fourth.body["addresses"] == fifth.body["addresses"]
    assert ADDRESS not in fourth.body["addresses"]
    assert last.status == 200
    assert ADDRESS in (await begin(recovery)).body["addresses"]


@pytest.mark.proves("RC-6")
async def test_past_three_rounds_what_comes_up_is_another_for_wrong_fields_too(
    recovery: Recovery,
) -> None:
    """Else who knows her address sees by the change that the rest was right."""
    for _ in range(2):
        shown = [
            tuple((await begin(recovery, username="nobody.at.all")).body["addresses"])
            for _ in range(5)
        ]
        assert len(set(shown[:3])) == len(set(shown[3:])) == 1
        assert shown[0] != shown[4]
        recovery.clock.advance(hours=24)


@pytest.mark.proves("RC-6")
async def test_three_by_one_of_her_names_leave_none_by_another_and_nobody_is_told(
    recovery: Recovery,
) -> None:
    await somebody(recovery, reserved=("juniper.pine",))
    for _ in range(3):
        await begin(recovery)

    question = await begin(recovery, username="juniper.pine")

    assert question.status == 200
    assert ADDRESS not in question.body["addresses"]


@pytest.mark.proves("RC-6")
@pytest.mark.parametrize("choice", [4, "wrong"])
async def test_a_wrong_address_to_right_fields_fails_the_days_other_rounds_without_a_word(
    recovery: Recovery, second: Recovery, choice: object
) -> None:
    await somebody(recovery)
    first, other = await begin(recovery), await begin(recovery)

    third = await begin(recovery)
    wrong = await answer(recovery, first, 4 if choice == 4 else wrong_of(first))
    silent = await answer(second, other, true_of(other))
    again = await answer(second, third, true_of(third))
    recovery.clock.advance(hours=24)

    assert wrong.refused() == silent.refused() == again.refused() == UNAVAILABLE
    assert wrong.alike() == silent.alike()
    assert (await validated(recovery)).status == 200


@pytest.mark.proves("RC-6")
@pytest.mark.parametrize("typed", ["1988-02-30", "04/17/1988"])
async def test_a_date_that_there_is_not_is_named_and_costs_no_round(
    recovery: Recovery, typed: str
) -> None:
    await somebody(recovery)

    impossible = [await begin(recovery, birth_date=typed) for _ in range(4)]

    assert {one.refused() for one in impossible} == {(422, "birth_date_impossible")}
    [error] = impossible[0].body["errors"]
    assert (error["field"], error["code"]) == ("birth_date", "birth_date_impossible")
    assert (await validated(recovery)).status == 200


@pytest.mark.proves("RC-6")
async def test_wrong_fields_cost_a_round_and_no_more(recovery: Recovery) -> None:
    await somebody(recovery)
    for first_name in ("June", "Jun"):
        await answer(recovery, await begin(recovery, first_name=first_name), 0)

    assert (await validated(recovery)).status == 200


@pytest.mark.proves("RC-6")
async def test_a_question_is_over_after_fifteen_minutes(recovery: Recovery) -> None:
    await somebody(recovery)
    late, early = await begin(recovery), await begin(recovery)

    recovery.clock.advance(minutes=14, seconds=59)
    given = await answer(recovery, early, true_of(early))
    recovery.clock.advance(seconds=1)
    over = await answer(recovery, late, true_of(late))

    assert given.status == 200
    assert over.refused() == (422, "validation_over")


async def too_late(recovery: Recovery, question: Answer) -> int:
    recovery.clock.advance(minutes=15)
    return true_of(question)


async def answered_right(recovery: Recovery, question: Answer) -> int:
    assert (await answer(recovery, question, true_of(question))).status == 200
    return wrong_of(question)


async def answered_right_long_ago(recovery: Recovery, question: Answer) -> int:
    assert (await answer(recovery, question, true_of(question))).status == 200
    recovery.clock.advance(minutes=10)
    return true_of(question)


async def answered_wrong(recovery: Recovery, question: Answer) -> int:
    assert (await answer(recovery, question, wrong_of(question))).refused() == UNAVAILABLE
    return true_of(question)


@pytest.mark.proves("RC-6", "AU-1")
@pytest.mark.parametrize(
    "is_over", [too_late, answered_right, answered_right_long_ago, answered_wrong]
)
async def test_an_answer_to_a_question_that_is_over_leaves_a_row_and_changes_nothing(
    recovery: Recovery, is_over: Callable[[Recovery, Answer], Awaitable[int]]
) -> None:
    account_id = await somebody(recovery)
    question = await begin(recovery)
    choice = await is_over(recovery, question)
    before = await rounds_kept(recovery)

    assert await refusal(recovery, question.body["challenge"], choice) == {
        "subject": f"account:{account_id}"
    }
    assert await rounds_kept(recovery) == before


@pytest.mark.proves("RC-6", "RC-3", "AU-1")
async def test_an_answer_to_what_is_no_question_leaves_a_row_about_nobody(
    recovery: Recovery,
) -> None:
    await recovery.knows(an_account(username="june.hale"))
    link = await recovery.asks_and_is_mailed("june.hale")
    nobodys = await begin(recovery, username="nobody.at.all")
    recovery.clock.advance(minutes=15)
    before = await rounds_kept(recovery)

    for challenge in (link.token, nobodys.body["challenge"], "none"):
        assert await refusal(recovery, challenge, 0) == {}
    assert await rounds_kept(recovery) == before


async def rounds_kept(recovery: Recovery) -> list[list[Row]]:
    tables = ("one_time_secrets", "validation_rounds")
    return [await recovery.rows(f"SELECT * FROM {table} ORDER BY id") for table in tables]  # noqa: S608 - ours


async def refusal(recovery: Recovery, challenge: str, choice: int) -> dict[str, str]:
    """What the one row of an answer that is over says, besides who asked from where for what."""
    said, source = {"challenge": challenge, "choice": choice}, recovery.a_source()
    refused = await recovery.call("POST", "/resets/validations/answer", said, source=source)
    assert refused.refused() == (422, "validation_over")
    [row] = await recovery.refusals(refused)
    asked = {"actor": "anonymous", "source": source, "action": "validation.answer"}
    always = {**asked, "outcome": "refused", "detail": "validation_over"}
    assert row.items() >= always.items()
    return {name: said for name, said in row.items() if name not in always}


@pytest.mark.proves("RC-6")
async def test_a_reply_that_got_lost_is_given_again_by_the_same_proof_and_for_ten_minutes(
    recovery: Recovery, second: Recovery
) -> None:
    await somebody(recovery)
    question = await begin(recovery)

    first = await answer(recovery, question, true_of(question))
    recovery.clock.advance(minutes=9)
    again = await answer(second, question, true_of(question))
    other = await answer(second, question, wrong_of(question))
    recovery.clock.advance(minutes=1)
    late = await answer(second, question, true_of(question))

    jtis = {
        jwt.decode(one.body["grant"], options={"verify_signature": False})["jti"]
        for one in (first, again)
    }
    assert len(jtis) == 1
    assert again.body["expires_in"] == 60
    assert other.refused() == late.refused() == (422, "validation_over")


@pytest.mark.proves("RC-6")
async def test_of_64_who_guess_at_once_at_one_question_one_answer_is_looked_at(
    recovery: Recovery, second: Recovery
) -> None:
    await somebody(recovery)
    question = await begin(recovery)
    choices = [racer % 4 for racer in range(64)]

    answers = await asyncio.gather(
        *(
            answer((recovery, second)[racer % 2], question, choice)
            for racer, choice in enumerate(choices)
        )
    )

    told = Counter(
        (choice == true_of(question), one.refused())
        for choice, one in zip(choices, answers, strict=True)
    )
    rights, over = (True, (200, "")), (422, "validation_over")
    if told[rights]:  # then all who picked it were given the one proof
        assert told == {rights: 16, (False, over): 48}
    else:
        assert told == {(False, UNAVAILABLE): 1, (False, over): 47, (True, over): 16}


@pytest.mark.proves("RC-6")
async def test_a_right_answer_waits_for_a_wrong_one_that_is_being_counted_and_fails(
    recovery: Recovery, second: Recovery, database: Database
) -> None:
    await somebody(recovery)
    first, other = await begin(recovery), await begin(recovery)
    digest = VALIDATION.digest(recovery.plumbing.digests, first.body["challenge"])

    async with recovery.plumbing.database.transaction() as tx:
        asked = await one_time.use(tx, VALIDATION, digest, now=recovery.clock.now())
        assert asked is not None
        wrong = wrong_of(first)
        await rounds.judge(tx, asked.id, asked.owner, wrong, now=recovery.clock.now())
        right = asyncio.ensure_future(answer(second, other, true_of(other)))
        await eventually(partial(database.waits_for_a_lock, "recovery"))

    assert (await right).refused() == UNAVAILABLE


@pytest.mark.proves("RC-6")
async def test_of_64_at_once_three_have_a_round(recovery: Recovery, second: Recovery) -> None:
    await somebody(recovery)

    questions = await asyncio.gather(*(begin((recovery, second)[racer % 2]) for racer in range(64)))

    assert {one.status for one in questions} == {200}
    assert [ADDRESS in one.body["addresses"] for one in questions].count(True) == 3


@pytest.mark.proves("RC-6", "V2.3.3")
@pytest.mark.parametrize("said", [{}, {"first_name": "June"}], ids=["right", "wrong"])
async def test_of_64_with_one_key_at_once_one_has_a_round_and_all_are_asked_alike(
    recovery: Recovery, second: Recovery, said: Mapping[str, str]
) -> None:
    await somebody(recovery)

    questions = await asyncio.gather(
        *(begin((recovery, second)[racer % 2], key="asked-twice", **said) for racer in range(64))
    )
    others = [await begin(second, key=f"another-{number}", **said) for number in range(3)]

    assert {one.status for one in questions} == {200}
    assert len({one.body["challenge"] for one in questions}) == 1
    assert len({tuple(one.body["addresses"]) for one in [*questions, *others[:2]]}) == 1
    assert others[2].body["addresses"] != others[1].body["addresses"], "the fourth round is one"
    assert len({one.body["challenge"] for one in [questions[0], *others]}) == 4


@pytest.mark.proves("RC-6")
async def test_a_repetition_is_asked_what_was_asked_whatever_the_practice_says_by_now(
    recovery: Recovery, second: Recovery
) -> None:
    account_id = await recovery.knows(an_account(email=None))
    record = await recovery.knows_record_of(account_id)
    first = await begin(recovery, key="asked-twice")
    recovery.clock.advance(minutes=5)
    moved = msgspec.structs.replace(record, address="7 Elsewhere Road, Salem, OR 97301")
    await recovery.knows_person(moved, version=2)
    again = await begin(second, key="asked-twice")
    other = await begin(second, key="asked-twice", first_name="June")
    given = await answer(second, again, true_of(again))
    recovery.clock.advance(minutes=10)
    late = await begin(recovery, key="asked-twice")
    recovery.clock.advance(minutes=15)
    await recovery.loop("idempotency").once()

    assert again.body == first.body | {"expires_in": 10 * 60}
    assert other.refused() == (422, "idempotency_key_reused")
    assert given.status == 200
    assert late.body["challenge"] != first.body["challenge"]
    assert await recovery.rows("SELECT FROM idempotency_keys") == []  # nor her address with it


@pytest.mark.proves("RC-6")
async def test_known_and_unknown_names_take_the_same_statements(recovery: Recovery) -> None:
    await somebody(recovery)
    sent = []
    for said in ({}, {"first_name": "June"}, {"username": "nobody.at.all"}):
        with noted(recovery.plumbing.database) as statements:
            question = await begin(recovery, **said)
            await answer(recovery, question, 4)
        sent.append(statements)

    assert sent[0] == sent[1] == sent[2]


@pytest.mark.proves("RC-6")
async def test_nothing_that_was_typed_is_kept(recovery: Recovery) -> None:
    typed = {"home_phone": "213 555 7788", "last_name": "Zimmer", "username": "zimmer.frei"}
    asked = await begin(recovery, key="asked-once", **typed)

    tables = (
        *("validation_rounds", "one_time_secrets", "limits", "audit_entries"),
        "idempotency_keys",
    )
    kept = [
        str(await recovery.rows(f"SELECT t::text AS row FROM {table} t"))  # noqa: S608 - ours
        for table in tables
    ]
    assert all(kept)
    assert not any(word in str(kept) for word in ("7788", "Zimmer", "zimmer"))
    assert asked.body["challenge"] not in str(kept)


@pytest.mark.proves("RC-6", "MG-9")
async def test_what_validation_alone_reads_is_forgotten_of_whom_it_is_shut_to_for_good(
    recovery: Recovery,
) -> None:
    waits = await somebody(recovery)
    frozen = await somebody(recovery, username="frozen.hale", state=AccountState.FROZEN)
    used = await somebody(recovery, username="used.hale", validated=True)
    absorbed = await somebody(recovery, username="absorbed.hale")
    await recovery.merged(a_merge(absorbed, into=used))
    written_to = await recovery.knows(an_account(username="june.hale", email="june@mail.example"))
    await recovery.knows_record_of(written_to, home_phone=None, address=None)

    forgotten = [await recovery.features.validation.validations.forget_unread() for _ in range(2)]

    rows = await recovery.rows("SELECT * FROM persons")
    kept = {row["account_id"] for row in rows if row["first_name"]}
    bare = [row for row in rows if row["account_id"] not in kept]
    assert forgotten == [3, 0]
    assert kept == {waits, frozen}
    assert {(row["home_phone"], row["address"]) for row in bare} == {(None, None)}
    assert all(row["last_name"] and row["birth_date"] for row in rows)  # RC-2 reads them
    assert (await validated(recovery)).status == 200


@pytest.mark.proves("RC-6", "RC-9")
async def test_where_a_freeze_has_taken_the_e_mail_away_it_is_open_once_the_records_came_again(
    recovery: Recovery,
) -> None:
    account = an_account(email="thief@mail.example")
    await recovery.knows(account)
    record = await recovery.knows_record_of(account.account_id)
    assert await recovery.features.validation.validations.forget_unread() == 1

    await recovery.knows(msgspec.structs.replace(account, email=None), version=2)
    await recovery.knows_person(record, version=2)

    assert (await validated(recovery)).status == 200


@pytest.mark.proves("RC-7")
@pytest.mark.parametrize(
    ("practice", "answered", "mails"),
    [({}, False, 0), ({}, True, 1), ({"security_questions": False}, False, 1)],
    ids=["before", "after", "none are asked"],
)
async def test_forgotten_again_before_her_five_questions_are_set_no_link_is_mailed(
    recovery: Recovery,
    identity: Issuer,
    practice: Mapping[str, Any],
    answered: bool,
    mails: int,
) -> None:
    person = a_person()
    at = PracticeId(person.account_id)
    settings = PracticeSettings(**practice)
    await recovery.knows_practice(msgspec.structs.replace(events.practice(at), settings=settings))
    validated = an_account(account_id=person.account_id, practices=[at], validated=True)
    await recovery.knows(validated, version=person.version)
    if answered:
        assert (await recovery.sets(await identity.token(person))).status == 200

    await recovery.ask()
    await recovery.tick()

    assert len(await recovery.mails()) == mails
