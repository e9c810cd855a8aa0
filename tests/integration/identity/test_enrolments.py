"""EN-1, EN-7: a token and a person's own data become one account."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from services.identity.enrolment import evidence
from shared import one_time
from shared.contracts.matching import same_person
from tests.builders.practices import (
    Postman,
    PracticeDesk,
    application,
    enrol,
    enrols,
)
from tests.rigs.identity import Identity

pytestmark = pytest.mark.proves("EN-1")
WRONG = {"birth_date": "1984-05-04"}


async def test_a_person_enrols_and_can_log_on(desk: PracticeDesk, postman: Postman) -> None:
    token = await desk.a_token()

    answer = await enrol(desk.identity, token, email="maria@mail.example")

    assert answer.status == 201
    assert answer.body == {
        "account_id": answer.body["account_id"],
        "username": "maria.garcia",
        "recovery_routes": ["email-link", "practice"],
        "email_verification": "sent",
    }
    assert (await desk.identity.log_on("Maria.Garcia")).status == 201


@pytest.mark.proves("EN-7")
async def test_without_an_e_mail_the_account_is_fully_usable(desk: PracticeDesk) -> None:
    answer = await enrol(desk.identity, await desk.a_token())

    assert answer.status == 201
    assert answer.body["recovery_routes"] == ["practice"]
    assert answer.body["email_verification"] == "none"
    [event] = await desk.identity.events("account-enrolled")
    assert (event["recipients"], event["claim"], event["verification"]) == ([], None, None)
    assert (await desk.identity.log_on("maria.garcia")).status == 201


async def test_the_account_the_person_and_the_welcome_are_told_in_one_transaction(
    desk: PracticeDesk, postman: Postman
) -> None:
    patient_id = await desk.a_patient()
    token = (await desk.issue(patient_id)).body["token"]

    answer = await enrol(desk.identity, token, email="maria@mail.example")

    account_id = answer.body["account_id"]
    [account] = await desk.identity.events("account-changed")
    assert account == {
        "account_id": account_id,
        "state": "active",
        "username": "maria.garcia",
        "email": None,
        "security_version": 1,
        "locale": "en-US",
        "time_zone": "America/New_York",
        "enrolments": [
            {"practice_id": desk.practice_id, "patient_id": patient_id, "state": "enrolled"}
        ],
        "reserved": [],
        "reset_by_practice": False,
        "frozen_in": 0,
        "reopened": None,
        "validated": False,
    }
    assert (await desk.identity.events("person-changed"))[-1]["account_id"] == account_id
    [welcome] = await desk.identity.events("account-enrolled")
    assert welcome["recipients"] == ["maria@mail.example"]
    assert (welcome["claim"], welcome["practice_name"]) == ("verify", "Elm Street Practice")


async def test_the_welcome_mail_holds_the_link_sealed_to_notify(
    desk: PracticeDesk, postman: Postman
) -> None:
    await enrol(desk.identity, await desk.a_token(), email="maria@mail.example")

    [token] = await postman.tokens("account-enrolled")

    assert token is not None
    assert len(token) == 43
    [row] = await desk.identity.rows(
        "SELECT convert_from(body, 'UTF8') AS b FROM outbox "
        "WHERE routing_key = 'identity.account-enrolled.v1'"
    )
    assert token not in row["b"]


async def test_without_notifys_key_nothing_is_written_unsealed_and_the_token_stays_good(
    desk: PracticeDesk,
) -> None:
    token = await desk.a_token()
    await desk.identity.rows("DELETE FROM public_keys")

    answer = await enrol(desk.identity, token, email="maria@mail.example")

    assert (answer.status, answer.code) == (503, "catching_up")
    assert "Retry-After" in answer.headers
    assert (await enrol(desk.identity, token)).status == 201


@pytest.mark.proves("ID-1")
async def test_a_taken_username_is_told_only_after_a_proven_token_and_uses_nothing_up(
    desk: PracticeDesk,
) -> None:
    await enrol(desk.identity, await desk.a_token())
    token = await desk.a_token()

    taken = await enrol(desk.identity, token)
    unproven = await enrol(desk.identity, "0000-0000-0000-0000")
    free = await enrol(desk.identity, token, username="maria.lopez")

    assert (taken.code, unproven.code, free.status) == ("username_taken", "token_invalid", 201)


@pytest.mark.proves("EN-7")
async def test_bad_input_is_named_and_uses_nothing_up(desk: PracticeDesk) -> None:
    token = await desk.a_token()
    bad: list[tuple[dict[str, Any], str, str | None]] = [
        ({"terms_version": "2025-01"}, "terms_required", None),
        ({"username": "maria"}, "username_too_short", "username"),
        ({"username": "m" * 51}, "username_too_long", "username"),
        ({"username": "maria garcia"}, "username_has_whitespace", "username"),
        ({"username": "maria\u200bgarcia"}, "username_not_printable", "username"),
        ({"username": "maria@mail.example"}, "username_is_an_address", "username"),
        ({"email": "maria"}, "email_malformed", "email"),
        ({"password": "Walnut-Harbour"}, "password_unacceptable", "password"),
        ({"password": "Maria-Garcia1!"}, "password_unacceptable", "password"),
        ({"password": "Elm-Street-1!"}, "password_unacceptable", "password"),
        ({"last_name": ""}, "body_invalid", "last_name"),
        ({"no_email": False}, "body_invalid", "email"),
        ({"email": "m@mail.example", "no_email": True}, "body_invalid", "email"),
    ]

    for changes, code, field in bad * 6:
        answer = await enrol(desk.identity, token, **changes)

        assert answer.code == code
        errors = {error["field"] for error in answer.body.get("errors", [])}
        assert errors == ({field} if field else set())
    assert (await enrol(desk.identity, token)).status == 201


@pytest.mark.parametrize("changes", [WRONG, {"last_name": "Garcia"}])
async def test_five_wrong_tries_void_the_token_and_four_do_not(
    desk: PracticeDesk, changes: dict[str, str]
) -> None:
    four, five = await desk.a_token(), await desk.a_token()

    wrong = [await enrol(desk.identity, four, **changes) for _ in range(4)]
    wrong += [await enrol(desk.identity, five, **changes) for _ in range(5)]

    assert {answer.code for answer in wrong} == {"token_invalid"}
    assert (await enrol(desk.identity, five)).code == "token_invalid"
    assert (await enrol(desk.identity, four)).status == 201
    rows = await desk.identity.rows("SELECT detail FROM audit_entries WHERE action = 'enrol'")
    details = Counter(row["detail"] for row in rows)
    assert details == {"wrong_person": 9, "token_invalid": 1, None: 1}


@pytest.mark.proves("V6.6.3")
async def test_a_right_try_among_parallel_wrong_ones_counts_like_any_other(
    desk: PracticeDesk,
) -> None:
    token = await desk.a_token()
    days = [f"1984-05-{day:02}" for day in range(31, 0, -1)]  # the 3rd is right

    answers = await enrols(desk.identity, *(application(token, birth_date=day) for day in days))

    [row] = await desk.identity.rows("SELECT state, tries FROM one_time_secrets")
    if row["state"] == "used":
        assert json.loads(row["tries"]).get("wrong-person", 0) < 5
    else:
        assert tuple(row) == ("void", '{"wrong-person": 5}')
    assert sum(answer.status == 201 for answer in answers) == (row["state"] == "used")


@pytest.mark.parametrize(
    ("record", "typed"),
    [("Łuczak", "Luczak"), ("YILDIZ", "Yıldız"), ("Søby", "Soeby"), ("Carter Jr.", "Carter")],
)
async def test_nobody_is_refused_for_how_a_practices_keyboard_writes(
    desk: PracticeDesk, record: str, typed: str
) -> None:
    token = await desk.a_token(last_name=record)
    pasted = "\ufeff" + token.replace("-", "\u2013") + "\r\n"

    assert (await enrol(desk.identity, pasted, last_name="सोनी")).code == "token_invalid"
    assert (await enrol(desk.identity, pasted, last_name=typed)).status == 201


@pytest.mark.proves("ID-6")
async def test_an_address_another_account_has_verified_gets_the_same_reply_and_no_link(
    desk: PracticeDesk, postman: Postman
) -> None:
    await desk.identity.an_account("somebody", email="taken@mail.example")

    hit = await enrol(desk.identity, await desk.a_token(), email="Taken@mail.example")
    miss = await enrol(
        desk.identity, await desk.a_token(), email="free@mail.example", username="maria.lopez"
    )

    own = {"account_id": None, "username": None}
    assert {**hit.body, **own} == {**miss.body, **own}
    assert (hit.status, sorted(hit.headers)) == (miss.status, sorted(miss.headers))
    told = await desk.identity.events("account-enrolled")
    assert [(event["claim"], event["verification"] is None) for event in told] == [
        ("taken", True),
        ("verify", False),
    ]


@pytest.mark.proves("EN-9")
async def test_the_accepted_version_of_the_terms_is_kept_with_its_time(
    desk: PracticeDesk,
) -> None:
    terms = await desk.identity.call("GET", "/terms")
    await enrol(desk.identity, await desk.a_token(), terms_version=terms.body["version"])

    [row] = await desk.identity.rows("SELECT version, accepted_at FROM terms_acceptances")
    assert tuple(row) == (terms.body["version"], desk.identity.clock.now())


@pytest.mark.proves("V15.4.2")
async def test_a_token_tells_ten_times_that_a_username_is_taken_and_is_void_then(
    identity: Identity, desk: PracticeDesk
) -> None:
    await identity.an_account("maria.garcia")
    patient_id = await desk.a_patient()
    token = (await desk.issue(patient_id)).body["token"]

    answers = await enrols(identity, *(application(token) for _ in range(16)))
    freed = await enrol(identity, token, username="maria.garcia.2")

    assert Counter(answer.code for answer in answers) == {"username_taken": 10, "token_invalid": 6}
    assert freed.code == "token_invalid"
    [row] = await identity.rows("SELECT state, tries FROM one_time_secrets")
    assert tuple(row) == ("void", '{"username-taken": 10}')
    another = (await desk.issue(patient_id)).body["token"]
    assert (await enrol(identity, another, username="maria.garcia.2")).status == 201


@pytest.mark.proves("V15.4.2")
async def test_a_guess_that_is_accepted_was_among_the_first_five_that_were_compared(
    identity: Identity, desk: PracticeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Five are compared, and their counts come late: the sixth waits until they are there."""
    token = await desk.a_token()
    compared: list[bool] = []
    all_compared = asyncio.Event()
    count = one_time.count_try

    async def late(*arguments: Any, **named: Any) -> None:
        await asyncio.sleep(0.5)
        await count(*arguments, **named)

    def spied(*arguments: Any) -> bool:
        compared.append(same_person(*arguments))
        if len(compared) == len(guesses):
            all_compared.set()
        return compared[-1]

    monkeypatch.setattr(one_time, "count_try", late)
    monkeypatch.setattr(evidence, "same_person", spied)
    guesses = [application(token, last_name=f"Guess-{number}") for number in range(5)]
    guessing = asyncio.create_task(enrols(identity, *guesses))
    await all_compared.wait()

    answer = await enrol(identity, token)

    await guessing
    assert compared[:5] == [False] * 5
    assert answer.code == "token_invalid"
