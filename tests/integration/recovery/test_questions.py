"""RC-8: five security questions are set, the first or others in their place."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from services.recovery.__main__ import PROGRAM
from services.recovery.questions.bank import BANK
from services.recovery.questions.model import Holder
from services.recovery.questions.store import questions
from shared.contracts.identity import AccountState
from shared.contracts.languages import Language
from shared.contracts.recovery import SECURITY_QUESTIONS_SET, SecurityQuestionsSet
from shared.trust.access import AccessTokenInvalid, SessionCaller, SessionGuard
from shared.trust.ciphers import KeyPair
from shared.trust.grants import GrantAct, GrantChecker, Verb
from tests.builders.people import Person, a_person
from tests.builders.questions import FIVE, OTHERS, chosen
from tests.rigs.issuer import Issuer
from tests.rigs.recovery import ISSUER, USERNAME, Recovery, a_merge, an_account, replica
from tests.support.clock import FakeClock
from tests.support.database import Database

HERE = (f"{ISSUER}/recovery",)


@pytest_asyncio.fixture
async def person(recovery: Recovery) -> Person:
    """Somebody whom recovery knows as her token does."""
    person = a_person()
    await recovery.knows(an_account(account_id=person.account_id), version=person.version)
    return person


async def confirmed(identity: Issuer, person: Person, **said: Any) -> str:
    """Her password, given again for this verb."""
    return await identity.reauthenticated(
        person, **{"verb": Verb.QUESTIONS, "audience": HERE, **said}
    )


async def told(recovery: Recovery) -> list[SecurityQuestionsSet]:
    return [
        msgspec.json.decode(envelope.data, type=SecurityQuestionsSet)
        for envelope in await recovery.envelopes(SECURITY_QUESTIONS_SET)
    ]


@pytest.mark.proves("RC-8")
async def test_the_bank_has_fifteen_questions_at_least_in_both_languages(
    recovery: Recovery,
) -> None:
    english = (await recovery.call("GET", "/security-questions")).body
    spanish = (await recovery.call("GET", "/security-questions?locale=es-US")).body

    assert len(english["questions"]) == len(BANK) >= 15
    assert [each["code"] for each in english["questions"]] == [
        each["code"] for each in spanish["questions"]
    ]
    assert (english["language"], spanish["language"]) == ("en", "es")
    texts = [each["text"] for reply in (english, spanish) for each in reply["questions"]]
    assert len(set(texts)) == 2 * len(BANK)


@pytest.mark.proves("RC-8", "SE-3", "V6.5.2")
async def test_the_first_five_are_set_within_ten_minutes_of_the_log_on(
    recovery: Recovery, identity: Issuer, person: Person
) -> None:
    token = await identity.token(person, since=timedelta(minutes=9, seconds=59))

    answer = await recovery.sets(token)

    assert answer.status == 200, answer.body
    [kept] = await recovery.rows("SELECT * FROM security_questions")
    assert kept["codes"] == [*FIVE]
    assert {text.split("$")[1] for text in kept["answers"]} == {"portico"}
    assert not [text for text in FIVE.values() if text.casefold() in str(answer.body).casefold()]
    [event] = await told(recovery)
    assert (event.account_id, event.set_id) == (person.account_id, kept["set_id"])
    assert event.account_version == person.version


@pytest.mark.proves("RC-8")
async def test_the_receipt_says_to_identity_which_five_were_set(
    recovery: Recovery, identity: Issuer, person: Person
) -> None:
    answer = await recovery.sets(await identity.token(person))

    checker = GrantChecker(
        issuer=ISSUER, service="identity", public_keys=recovery.plumbing.public_keys
    )
    receipt = await checker.check(
        answer.body["receipt"], act=GrantAct.QUESTIONS_SET, now=recovery.clock.now()
    )
    [kept] = await recovery.rows("SELECT set_id FROM security_questions")
    assert (receipt.account_id, receipt.jti) == (person.account_id, str(kept["set_id"]))
    assert (receipt.account_version, answer.body["expires_in"]) == (person.version, 600)


@pytest.mark.proves("RC-8", "SE-3", "V7.5.1")
async def test_ten_minutes_after_the_log_on_even_the_first_five_need_the_password_again(
    recovery: Recovery, identity: Issuer, person: Person
) -> None:
    late = await identity.token(person, since=timedelta(minutes=10))

    assert (await recovery.sets(late)).refused() == (403, "reauthentication_required")
    assert await recovery.rows("SELECT FROM security_questions") == []

    grant = await confirmed(identity, person)
    assert (await recovery.sets(late, reauthenticated=grant)).status == 200


@pytest.mark.proves("RC-8", "SE-3", "V7.5.1")
async def test_others_in_their_place_need_the_password_again_however_fresh_the_session(
    recovery: Recovery, identity: Issuer, person: Person
) -> None:
    token = await identity.token(person)
    await recovery.sets(token)
    [before] = await recovery.rows("SELECT * FROM security_questions")

    refused = await recovery.sets(token, OTHERS)

    assert refused.refused() == (403, "reauthentication_required")
    assert await recovery.rows("SELECT * FROM security_questions") == [before]

    grant = await confirmed(identity, person)
    assert (await recovery.sets(token, OTHERS, reauthenticated=grant)).status == 200
    [after] = await recovery.rows("SELECT * FROM security_questions")
    assert after["set_id"] != before["set_id"]
    assert set(after["answers"]).isdisjoint(before["answers"])
    assert len(await told(recovery)) == 2


@pytest.mark.proves("RC-8", "SE-3")
@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"verb": Verb.USERNAME}, "grant_wrong_act"),
        ({"audience": (f"{ISSUER}/notify",)}, "grant_wrong_service"),
        ({"session_id": a_person().session_id}, "grant_wrong_session"),
    ],
)
async def test_a_proof_for_something_else_sets_nothing(
    recovery: Recovery, identity: Issuer, person: Person, said: Mapping[str, Any], code: str
) -> None:
    grant = await confirmed(identity, person, **said)

    refused = await recovery.sets(await identity.token(person), reauthenticated=grant)

    assert refused.refused() == (400, code)
    assert await recovery.rows("SELECT FROM security_questions") == []


@pytest.mark.proves("RC-8", "SE-3")
async def test_a_proof_sets_five_once(recovery: Recovery, identity: Issuer, person: Person) -> None:
    token, grant = await identity.token(person), await confirmed(identity, person)

    racers = await asyncio.gather(*(recovery.sets(token, reauthenticated=grant) for _ in range(16)))

    assert sorted(answer.status for answer in racers) == [200, *[400] * 15]
    assert {answer.code for answer in racers if answer.status == 400} == {"grant_used"}
    assert len(await told(recovery)) == 1


@pytest.mark.proves("RC-8", "LG-3")
@pytest.mark.parametrize("gate", ["second-step", "new-password", "terms", "account-email"])
async def test_who_stands_at_another_gate_sets_no_questions(
    recovery: Recovery, identity: Issuer, person: Person, gate: str
) -> None:
    refused = await recovery.sets(await identity.token(person, gate=gate))

    assert refused.refused() == (403, "session_scope_missing")
    assert (await recovery.sets(await identity.token(person, gate="questions"))).status == 200


@pytest.mark.proves("RC-8", "V15.4.2")
async def test_of_first_fives_that_are_set_at_once_one_is_left_whole(
    recovery: Recovery, second: Recovery, identity: Issuer, person: Person
) -> None:
    token = await identity.token(person)
    fives = [{code: f"{answer} {n}" for code, answer in FIVE.items()} for n in range(16)]

    racers = await asyncio.gather(
        *((recovery, second)[n % 2].sets(token, five) for n, five in enumerate(fives))
    )

    assert sorted(answer.status for answer in racers) == [200, *[403] * 15]
    winner = fives[[answer.status for answer in racers].index(200)]
    assert (await recovery.answers(answers=winner)).status == 200


@pytest.mark.proves("RC-8", "V15.4.2")
async def test_of_fives_that_take_each_others_place_at_once_one_is_left_whole(
    recovery: Recovery, second: Recovery, identity: Issuer, person: Person
) -> None:
    token = await identity.token(person)
    await recovery.sets(token)
    fives = [{code: f"{answer} {n}" for code, answer in FIVE.items()} for n in range(8)]
    grants = [await confirmed(identity, person) for _ in fives]

    racers = await asyncio.gather(
        *(
            (recovery, second)[n % 2].sets(token, five, reauthenticated=grants[n])
            for n, five in enumerate(fives)
        )
    )

    assert {answer.status for answer in racers} == {200}
    hasher = recovery.features.questions.setting.hasher
    [kept] = await recovery.rows("SELECT codes, answers FROM security_questions")
    whose = {
        n
        for place, code in enumerate(kept["codes"])
        for n, five in enumerate(fives)
        if await hasher.verify(five[code].casefold(), kept["answers"][place])
    }
    assert len(whose) == 1


DOUBLED = [*chosen()[:4], chosen()[0]]


@pytest.mark.proves("RC-8")
@pytest.mark.parametrize(
    ("questions", "wrong"),
    [
        (chosen()[:4], {("questions", "questions_not_five")}),
        (
            [*chosen(), {"code": "first-film", "answer": "Heron"}],
            {("questions", "questions_not_five")},
        ),
        (
            DOUBLED,
            {
                ("questions[0].code", "question_doubled"),
                ("questions[4].code", "question_doubled"),
                ("questions[0].answer", "answer_doubled"),
                ("questions[4].answer", "answer_doubled"),
            },
        ),
        (
            [*chosen()[:4], {"code": "shoe-size", "answer": "eleven"}],
            {("questions[4].code", "question_unknown")},
        ),
        (
            [*chosen()[:4], {"code": "first-film", "answer": " a\u200bb "}],
            {("questions[4].answer", "answer_too_short")},
        ),
        (
            [*chosen()[:4], {"code": "first-film", "answer": "x" * 101}],
            {("questions[4].answer", "answer_too_long")},
        ),
        (
            [*chosen()[:4], {"code": "first-film", "answer": "  BARLEY   soup"}],
            {("questions[3].answer", "answer_doubled"), ("questions[4].answer", "answer_doubled")},
        ),
        (
            [
                *chosen()[:4],
                {"code": "first-film", "answer": BANK["first-film"][Language.SPANISH].upper()},
            ],
            {("questions[4].answer", "answer_is_question")},
        ),
        (
            [*chosen()[:4], {"code": "first-film", "answer": f" {USERNAME.upper()}"}],
            {("questions[4].answer", "answer_is_username")},
        ),
    ],
)
async def test_what_cannot_be_set_is_named_field_by_field_and_uses_nothing_up(
    recovery: Recovery,
    identity: Issuer,
    person: Person,
    questions: list[dict[str, str]],
    wrong: set[tuple[str, str]],
) -> None:
    grant = await confirmed(identity, person)
    token = await identity.token(person)

    body = {"questions": questions, "reauthenticated": grant}
    refused = await recovery.call("PUT", "/security-questions", body, token=token)

    assert refused.refused() == (422, "questions_unacceptable")
    assert {(each["field"], each["code"]) for each in refused.body["errors"]} == wrong
    assert await recovery.rows("SELECT FROM security_questions") == []
    assert (await recovery.sets(token, reauthenticated=grant)).status == 200


@pytest.mark.proves("RC-8")
async def test_answers_at_both_ends_of_the_length_are_taken(
    recovery: Recovery, identity: Issuer, person: Person
) -> None:
    answers = {**FIVE, "first-pet": "Ada", "first-dish": "é" * 100}

    assert (await recovery.sets(await identity.token(person), answers)).status == 200


@pytest.mark.proves("RC-9", "RC-8")
async def test_a_freeze_drops_the_five_questions_whatever_order_its_snapshots_come_in(
    recovery: Recovery, identity: Issuer, person: Person
) -> None:
    await recovery.sets(await identity.token(person))
    frozen_in = person.version + 2
    thawed = an_account(account_id=person.account_id, frozen_in=frozen_in, reset_by_practice=True)
    frozen = an_account(
        account_id=person.account_id, frozen_in=frozen_in, state=AccountState.FROZEN
    )

    await recovery.knows(thawed, version=frozen_in + 1)
    await recovery.knows(frozen, version=frozen_in)

    assert await recovery.rows("SELECT FROM security_questions") == []


@pytest.mark.proves("RC-9", "RC-8")
async def test_who_was_frozen_since_her_token_sets_no_questions_and_the_first_are_first_again(
    recovery: Recovery, identity: Issuer, person: Person
) -> None:
    await recovery.sets(await identity.token(person))
    account = an_account(account_id=person.account_id, frozen_in=person.version + 1)
    await recovery.knows(account, version=person.version + 2)

    before = await recovery.sets(await identity.token(person), OTHERS)
    after = replace(person, version=person.version + 2)

    assert before.status == 401
    assert (await recovery.sets(await identity.token(after), OTHERS)).status == 200


@pytest.mark.proves("SE-1", "RC-8")
async def test_a_session_that_ends_while_answers_are_hashed_sets_no_questions(
    recovery: Recovery, identity: Issuer, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five slow hashes take seconds; whose session was ended within them is nobody by then."""
    held: list[object] = []
    hold, guard = questions.hold_holder, type(recovery.plumbing.access_tokens.sessions)
    check = guard.check

    async def hold_meanwhile(*said: Any, **more: Any) -> Holder | None:
        held.append(said)
        return await hold(*said, **more)

    async def check_meanwhile(self: SessionGuard, caller: SessionCaller, *, now: datetime) -> None:
        if len(held) == 2:  # once before the hashing, and once in the transaction
            raise AccessTokenInvalid
        await check(self, caller, now=now)

    monkeypatch.setattr(questions, "hold_holder", hold_meanwhile)
    monkeypatch.setattr(guard, "check", check_meanwhile)

    answer = await recovery.sets(await identity.token(person))

    assert answer.refused() == (401, "unauthenticated")
    assert await recovery.rows("SELECT FROM security_questions") == []
    assert await told(recovery) == []


@pytest.mark.proves("MG-5", "RC-8")
async def test_a_merge_keeps_the_survivors_questions_and_forgets_the_others(
    recovery: Recovery, identity: Issuer, person: Person
) -> None:
    other = a_person()
    await recovery.knows(
        an_account(account_id=other.account_id, username="lin.hale", email=None),
        version=other.version,
    )
    await recovery.sets(await identity.token(person))
    await recovery.sets(await identity.token(other), OTHERS)

    await recovery.merged(a_merge(other.account_id, into=person.account_id))

    [kept] = await recovery.rows("SELECT account_id FROM security_questions")
    assert kept["account_id"] == person.account_id
    assert (await recovery.answers("lin.hale", FIVE)).status == 200
    assert (await recovery.sets(await identity.token(other), OTHERS)).status == 401


@pytest.mark.proves("RC-8")
async def test_a_token_that_is_ahead_of_what_arrived_waits_and_sets_nothing(
    recovery: Recovery, identity: Issuer, person: Person
) -> None:
    ahead = replace(person, version=person.version + 1)

    answer = await recovery.sets(await identity.token(ahead))

    assert answer.refused() == (503, "catching_up")
    assert await recovery.rows("SELECT FROM security_questions") == []


@pytest.mark.proves("RC-8", "V11.2.2")
async def test_answers_outlive_a_change_of_pepper_and_check_counts_those_of_a_lost_one(
    recovery: Recovery,
    identity: Issuer,
    person: Person,
    database: Database,
    clock: FakeClock,
    notify_key: KeyPair,
) -> None:
    await recovery.sets(await identity.token(person))
    old = recovery.plumbing.settings.pepper.reveal()
    new = "another pepper that is long enough for a test"
    (checkup,) = [one for one in PROGRAM.checkups if one.name == "peppers"]

    async with replica(database, clock, notify_key, pepper=new) as without:
        assert (await checkup.run(without.plumbing) or "").startswith("1 sets of questions are")
    async with replica(database, clock, notify_key, pepper=new, peppers_retired=old) as after:
        assert await checkup.run(after.plumbing) is None
        assert (await after.answers()).status == 200
