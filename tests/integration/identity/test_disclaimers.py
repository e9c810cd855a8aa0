"""Disclaimers: a practice words one, a session answers it, and sees by it (DISC-1, SE-4)."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.ids import PracticeId
from tests.builders.practices import PracticeDesk, add_practice, practice_desk
from tests.rigs.identity import PRACTICE, Identity
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("DISC-1")
ASKED = {"name": "disclaimers", "required": False}
DISCLAIMED = ("records", "medications")


async def answered(
    identity: Identity,
    session: dict[str, Any],
    answer: str,
    *,
    version: int = 1,
    practice: object = PRACTICE.id,
) -> Answer:
    return await identity.call(
        "POST",
        f"/gates/disclaimers/{practice}",
        {"version": version, "answer": answer},
        token=session["access_token"],
    )


async def renewed(identity: Identity, session: dict[str, Any]) -> dict[str, Any]:
    answer = await identity.refresh(session["refresh_token"])
    assert answer.status == 200
    return dict(answer.body)


async def areas(identity: Identity, session: dict[str, Any]) -> dict[str, dict[str, str]]:
    """What the session sees of each practice; introspection and the account say the same."""
    token = session["access_token"]
    account = (await identity.call("GET", "/account", token=token)).body
    told = await identity.introspected(token)
    seen = {each["practice_id"]: each["areas"] for each in account["practices"]}
    assert {each["practice_id"]: each["areas"] for each in told["practices"]} == seen
    assert told["gates"] == account["gates"]
    assert {each["patient_id"] for each in told["practices"]} == {
        each["patient_id"] for each in account["practices"]
    }
    return seen


def off(seen: dict[str, str]) -> dict[str, str]:
    return {area: state for area, state in seen.items() if state != "open"}


@pytest.mark.proves("SE-4", "LG-3")
async def test_unanswered_is_off_and_each_answer_does_what_it_says(identity: Identity) -> None:
    await identity.publish_disclaimer()
    session = await identity.logged_on()
    practice = str(PRACTICE.id)

    assert session["gates"][-1] == ASKED
    assert session["scope"] == "full"
    before = (await areas(identity, session))[practice]
    assert off(before) == dict.fromkeys(DISCLAIMED, "disclaimer-unanswered")

    assert (await answered(identity, session, "decline")).status == 204
    declined = await renewed(identity, session)
    assert ASKED not in declined["gates"]
    after = (await areas(identity, declined))[practice]
    assert off(after) == dict.fromkeys(DISCLAIMED, "disclaimer-declined")

    assert (await answered(identity, declined, "accept")).status == 204
    assert off((await areas(identity, declined))[practice]) == {}


@pytest.mark.proves("LG-3")
@pytest.mark.parametrize("minutes", [11, 24 * 60])
async def test_what_is_offered_and_asked_is_taken_up_again_at_minute_11_and_a_day_later(
    identity: Identity, minutes: int
) -> None:
    await identity.publish_disclaimer()
    person = await identity.an_account()
    session = await identity.logged_on(person.username)
    asked = session["gates"]
    identity.clock.advance(minutes=minutes)

    resumed = await identity.refresh(session["refresh_token"])
    session = resumed.body if minutes == 11 else await identity.logged_on(person.username)

    assert resumed.status == (200 if minutes == 11 else 401)
    assert [gate["name"] for gate in asked] == ["account-email", "two-step", "disclaimers"]
    assert session["gates"] == asked
    for offer in ("account-email", "two-step"):
        skip = f"/gates/{offer}/skip"
        assert (await identity.call("POST", skip, token=session["access_token"])).status == 204
    assert (await renewed(identity, session))["gates"] == [ASKED]
    assert (await answered(identity, session, "decline")).status == 204
    assert (await renewed(identity, session))["gates"] == []


async def test_accepting_is_for_this_session_and_keeping_for_those_that_come(
    identity: Identity,
) -> None:
    await identity.publish_disclaimer()
    person = await identity.an_account()
    first = await identity.logged_on(person.username)
    await answered(identity, first, "accept")
    second = await identity.logged_on(person.username)
    assert ASKED in second["gates"]

    await answered(identity, second, "accept-and-keep")

    third = await identity.logged_on(person.username)
    assert ASKED not in third["gates"]
    assert off((await areas(identity, third))[str(PRACTICE.id)]) == {}
    await answered(identity, third, "decline")  # she may change her mind
    assert ASKED in (await identity.logged_on(person.username))["gates"]


async def test_a_new_text_is_asked_at_the_next_log_on_and_changes_no_session(
    identity: Identity,
) -> None:
    await identity.publish_disclaimer()
    person = await identity.an_account()
    session = await identity.logged_on(person.username)
    await answered(identity, session, "accept-and-keep")

    assert await identity.publish_disclaimer(en="Another text.") == 2

    assert off((await areas(identity, session))[str(PRACTICE.id)]) == {}
    asked = await identity.logged_on(person.username)
    assert ASKED in asked["gates"]
    late = await answered(identity, asked, "accept", version=1)
    assert (late.status, late.code) == (409, "disclaimer_changed")
    assert (await answered(identity, asked, "accept", version=2)).status == 204


async def test_a_practice_that_asks_nothing_more_asks_nothing(identity: Identity) -> None:
    await identity.publish_disclaimer()
    made = await identity.features.log_on.disclaimers.publish(
        PRACTICE.id, {}, by=identity.operator()
    )

    session = await identity.logged_on()

    assert made.version == 2
    assert ASKED not in session["gates"]
    assert off((await areas(identity, session))[str(PRACTICE.id)]) == {}


@pytest.mark.proves("SE-4", "SE-1")
async def test_what_was_accepted_and_is_declined_is_void_at_once_with_its_tokens(
    identity: Identity,
) -> None:
    await identity.publish_disclaimer()
    person = await identity.an_account()
    beside = await identity.logged_on(person.username)
    session = await identity.logged_on(person.username)
    await answered(identity, beside, "accept")
    await answered(identity, session, "accept")

    assert (await answered(identity, session, "decline")).status == 204

    assert (await identity.call("GET", "/account", token=session["access_token"])).status == 401
    assert off((await areas(identity, beside))[str(PRACTICE.id)]) == {}
    seen = (await areas(identity, await renewed(identity, session)))[str(PRACTICE.id)]
    assert off(seen) == dict.fromkeys(DISCLAIMED, "disclaimer-declined")
    [entry] = [
        row
        for row in await identity.rows("SELECT body FROM outbox WHERE routing_key = ''")
        if session["session_id"].encode() in row["body"]
    ]
    assert b"not_before" in entry["body"]


@pytest.mark.proves("SE-4")
async def test_behind_the_terms_no_area_is_open(identity: Identity) -> None:
    person = await identity.an_account()
    await identity.publish_terms("2026-02")

    session = await identity.logged_on(person.username)

    [seen] = (await areas(identity, session)).values()
    assert set(seen.values()) == {"gate"}


@pytest.mark.proves("LG-3")
async def test_64_answers_at_once_leave_one_and_the_areas_follow_it(identity: Identity) -> None:
    await identity.publish_disclaimer()
    person = await identity.an_account()
    session = await identity.logged_on(person.username)
    said = ("accept", "accept-and-keep", "decline")

    answers = await asyncio.gather(
        *(answered(identity, session, said[number % 3]) for number in range(64))
    )

    assert {answer.status for answer in answers} <= {204, 401}  # a decline voids the token
    session = await renewed(identity, session)
    [row] = await identity.rows("SELECT answer FROM session_disclaimers")
    [seen] = (await areas(identity, session)).values()
    assert off(seen) == (
        dict.fromkeys(DISCLAIMED, "disclaimer-declined") if row["answer"] == "declined" else {}
    )
    kept = await identity.rows("SELECT FROM kept_disclaimers")
    assert not (row["answer"] == "declined" and kept)


# ---- practices that come and go


async def two_practices(identity: Identity) -> tuple[PracticeDesk, PracticeDesk, str]:
    """Two that ask, and the id of the second one's record of somebody at both."""
    elm, oak = await practice_desk(identity), await practice_desk(identity)
    for desk in (elm, oak):
        await identity.publish_disclaimer(PracticeId(UUID(desk.practice_id)))
    await elm.enrolled()
    patient_id = await oak.a_patient()
    token = (await oak.issue(patient_id)).body["token"]
    assert (await add_practice(identity, token)).status == 201
    return elm, oak, patient_id


async def kept_at_both(
    identity: Identity, desks: tuple[PracticeDesk, PracticeDesk]
) -> dict[str, Any]:
    session = await identity.logged_on("maria.garcia")
    for desk in desks:
        await answered(identity, session, "accept-and-keep", practice=desk.practice_id)
    assert ASKED not in (await identity.logged_on("maria.garcia"))["gates"]
    return session


@pytest.mark.proves("UN-1", "UN-3", "SE-4")
async def test_all_are_asked_anew_when_a_practice_goes_and_when_it_comes_back(
    identity: Identity,
) -> None:
    elm, oak, patient_id = await two_practices(identity)
    session = await kept_at_both(identity, (elm, oak))

    assert (await oak.un_enrol(patient_id)).status == 204
    session = await renewed(identity, session)
    seen = await areas(identity, session)
    assert set(seen[oak.practice_id].values()) == {"un-enrolled"}
    assert off(seen[elm.practice_id]) == dict.fromkeys(DISCLAIMED, "disclaimer-unanswered")
    assert ASKED in session["gates"]
    gone = await answered(identity, session, "accept", practice=oak.practice_id)
    assert (gone.status, gone.code) == (404, "not_found")

    await answered(identity, session, "accept-and-keep", practice=elm.practice_id)
    assert (await oak.reactivate(patient_id)).status == 204
    session = await renewed(identity, session)
    for desk in (elm, oak):
        assert off((await areas(identity, session))[desk.practice_id]) == dict.fromkeys(
            DISCLAIMED, "disclaimer-unanswered"
        )
    assert ASKED in (await identity.logged_on("maria.garcia"))["gates"]


@pytest.mark.proves("EN-5", "SE-4")
async def test_all_are_asked_anew_when_a_practice_is_added(identity: Identity) -> None:
    elm, oak, _ = await two_practices(identity)
    session = await kept_at_both(identity, (elm, oak))
    lime = await practice_desk(identity)

    assert (await add_practice(identity, await lime.a_token())).status == 201

    assert (await identity.call("GET", "/account", token=session["access_token"])).status == 401
    seen = await areas(identity, await renewed(identity, session))
    assert off(seen[elm.practice_id]) == dict.fromkeys(DISCLAIMED, "disclaimer-unanswered")
    assert off(seen[lime.practice_id]) == {}


async def test_they_are_listed_in_the_order_of_names_and_in_her_language(
    identity: Identity,
) -> None:
    elm, oak, _ = await two_practices(identity)
    await identity.rows("UPDATE practices SET name = 'Zed' WHERE id = $1", UUID(elm.practice_id))
    await identity.publish_disclaimer(PracticeId(UUID(oak.practice_id)), en="Ask.", es="Pregunte.")
    session = await identity.logged_on("maria.garcia")

    listed = await identity.call(
        "GET", "/gates/disclaimers?locale=es-US", token=session["access_token"]
    )

    first, second = listed.body["disclaimers"]
    assert (first["practice_id"], second["practice_id"]) == (oak.practice_id, elm.practice_id)
    assert (first["language"], first["text"]) == ("es", "Pregunte.")
    assert (second["language"], second["answer"]) == ("en", "unanswered")


# ---- worded


@pytest.mark.proves("ST-2")
async def test_a_practice_words_its_own_and_the_same_words_are_the_same_version(
    desk: PracticeDesk,
) -> None:
    async def put(texts: dict[str, str]) -> Answer:
        body = {"staff_id": "nurse-7", "reason": "the lawyers", "texts": texts}
        return await desk.call("/practice/disclaimer", body, method="PUT")

    none = await desk.call("/practice/disclaimer", method="GET")
    answers = [await put({"en": "Ask."}), await put({"en": "Ask."}), await put({"es": "Oiga."})]
    withdrawn = await put({})

    assert none.body == {"version": 0, "texts": {}}
    assert [answer.body["version"] for answer in answers] == [1, 1, 2]
    assert withdrawn.body == {"version": 3, "texts": {}}
    [*_, row] = await desk.identity.rows(
        "SELECT * FROM audit_entries WHERE action = 'disclaimer.publish' ORDER BY id"
    )
    assert (row["staff"], row["reason"]) == ("nurse-7", "the lawyers")


@pytest.mark.proves("ST-2")
@pytest.mark.parametrize(
    "texts", [{"english": "Ask."}, {"en": ""}, {"en": " \n"}, {"en": "Ask\u202e."}, {"en": 1}]
)
async def test_what_is_no_text_or_no_language_is_named(
    desk: PracticeDesk, texts: dict[str, Any]
) -> None:
    body = {"staff_id": "nurse-7", "reason": "the lawyers", "texts": texts}

    answer = await desk.call("/practice/disclaimer", body, method="PUT")

    assert (answer.status, answer.code) == (400, "body_invalid")
    assert answer.body["errors"][0]["field"].startswith("texts")


async def test_of_64_texts_at_once_each_is_a_version(identity: Identity) -> None:
    made = await asyncio.gather(
        *(identity.publish_disclaimer(en=f"Text {number}.") for number in range(64))
    )

    assert sorted(made) == list(range(1, 65))
