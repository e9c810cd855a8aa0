"""The terms: published by the operator, asked for at log-on, accepted or declined (EN-9)."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from services.identity.__main__ import PROGRAM
from services.identity.log_on.errors import TermsPublished
from shared.program.commands import main
from tests.builders.practices import PracticeDesk, enrol
from tests.builders.two_step import turned_on
from tests.rigs.identity import TERMS_VERSION, Identity
from tests.rigs.replica import Answer, environment
from tests.support.database import Database

pytestmark = pytest.mark.proves("EN-9")
NEW = "2026-02"
TERMS = {"name": "terms", "required": True}
EMAIL = {"name": "account-email", "required": False}
TWO_STEP = {"name": "two-step", "required": False}
OFFERS = [EMAIL, TWO_STEP]


async def answered(
    identity: Identity, session: dict[str, Any], *, accepted: bool = True, version: str = NEW
) -> Answer:
    body = {"version": version, "accepted": accepted}
    return await identity.call("POST", "/gates/terms", body, token=session["access_token"])


async def renewed(identity: Identity, session: dict[str, Any]) -> dict[str, Any]:
    answer = await identity.refresh(session["refresh_token"])
    assert answer.status == 200
    return dict(answer.body)


# ---- published


async def test_a_text_is_read_in_the_language_asked_for_or_in_english(identity: Identity) -> None:
    await identity.publish_terms(NEW, es="Condiciones.")

    shown = {
        locale: (await identity.call("GET", f"/terms?locale={locale}")).body
        for locale in ("es", "es-US", "en-GB", "fr", "", "%00", "*")
        if locale != "%00"
    }

    assert {locale: body["language"] for locale, body in shown.items()} == {
        "es": "es",
        "es-US": "es",
        "en-GB": "en",
        "fr": "en",
        "": "en",
        "*": "en",
    }
    assert shown["es-US"] == {"version": NEW, "language": "es", "text": "Condiciones."}
    assert (await identity.call("GET", "/terms")).body["language"] == "en"


async def test_of_versions_published_at_once_each_has_a_place_and_one_is_current(
    identity: Identity,
) -> None:
    versions = [f"2027-{number:02}" for number in range(16)]

    done = await asyncio.gather(*(identity.publish_terms(version) for version in versions))

    assert all(done)
    rows = await identity.rows("SELECT version, place FROM terms ORDER BY place")
    assert [row["place"] for row in rows] == list(range(1, 18))
    assert {row["version"] for row in rows} == {TERMS_VERSION, *versions}
    assert (await identity.call("GET", "/terms")).body["version"] == rows[-1]["version"]


async def test_of_64_who_publish_one_version_with_other_texts_one_does(identity: Identity) -> None:
    async def publish(number: int) -> str:
        try:
            return str(await identity.publish_terms(NEW, es=f"Texto {number % 2}"))
        except TermsPublished as refused:
            return refused.code

    told = Counter(await asyncio.gather(*map(publish, range(64))))

    assert told == {"True": 1, "False": 31, "terms_published": 32}
    [row] = await identity.rows(
        "SELECT count(*) FROM audit_entries WHERE action = 'terms.publish' AND outcome = 'done'"
    )
    assert row["count"] == 1


async def test_a_version_that_was_replaced_does_not_come_back(identity: Identity) -> None:
    await identity.publish_terms("A")
    await identity.publish_terms("B")

    with pytest.raises(TermsPublished):
        await identity.publish_terms("A")

    assert (await identity.call("GET", "/terms")).body["version"] == "B"


def publish(database: Database, *arguments: str) -> int:
    return main(
        PROGRAM,
        ["terms", "publish", *arguments],
        environment("identity", database.url("identity")),
    )


async def test_the_operator_publishes_a_folder_of_a_file_a_language(
    database: Database, identity: Identity, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "en.txt").write_text("Be kind.\n\nAlways.\n")
    (tmp_path / "es.txt").write_text("Sé amable.\n")

    codes = [await asyncio.to_thread(publish, database, "2026-03", str(tmp_path)) for _ in range(2)]

    assert codes == [0, 0]
    said = capsys.readouterr().out
    assert "published 2026-03 (en, es)" in said
    assert "current already: 2026-03" in said
    shown = (await identity.call("GET", "/terms?locale=es")).body
    assert (shown["version"], shown["text"]) == ("2026-03", "Sé amable.")


@pytest.mark.parametrize(
    ("version", "files"),
    [
        ("v 1", {"en.txt": "Be kind."}),
        ("", {"en.txt": "Be kind."}),
        ("v1", {"es.txt": "Sé amable."}),
        ("v1", {"en.txt": " \n"}),
        ("v1", {"en.txt": "Be\u202ekind."}),
        ("v1", {"en.txt": "x" * 20_001}),
        ("v1", {"en.txt": "Be kind.", "spanish.txt": "Sé."}),
        ("v1", {}),
    ],
)
async def test_what_is_no_version_or_no_text_publishes_nothing(
    database: Database, identity: Identity, tmp_path: Path, version: str, files: dict[str, str]
) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    with pytest.raises(SystemExit) as stopped:
        await asyncio.to_thread(publish, database, version, str(tmp_path))

    assert stopped.value.code == 2
    assert (await identity.call("GET", "/terms")).body["version"] == TERMS_VERSION


# ---- asked for


@pytest.mark.proves("LG-3")
async def test_a_new_version_asks_at_the_next_log_on_and_not_before(identity: Identity) -> None:
    person = await identity.an_account()
    before = await identity.logged_on(person.username)
    await identity.publish_terms(NEW)

    went_on = await renewed(identity, before)
    asked = await identity.logged_on(person.username)

    assert went_on["gates"] == OFFERS
    assert (await identity.introspected(went_on["access_token"]))["scope"] == "full"
    assert asked["gates"] == [TERMS, *OFFERS]
    assert (await identity.introspected(asked["access_token"]))["scope"] == "gates"


@pytest.mark.proves("LG-3", "SE-4")
async def test_accepting_opens_the_session_with_new_tokens_and_is_kept_with_its_time(
    identity: Identity,
) -> None:
    person = await identity.an_account()
    await identity.publish_terms(NEW)
    session = await identity.logged_on(person.username)
    beside = await identity.logged_on(person.username)
    identity.clock.advance(minutes=2)

    answer = await answered(identity, session)
    void = await identity.call("GET", "/account", token=session["access_token"])

    assert answer.status == 204
    assert void.status == 401
    for each in (session, beside):
        opened = await renewed(identity, each)
        assert opened["gates"] == OFFERS
        assert (await identity.introspected(opened["access_token"]))["scope"] == "full"
    assert (await identity.logged_on(person.username))["gates"] == OFFERS
    [row] = await identity.rows("SELECT accepted_at FROM terms_acceptances WHERE version = $1", NEW)
    assert row["accepted_at"] == identity.clock.now()
    entries = await identity.rows("SELECT body FROM outbox WHERE routing_key = ''")
    assert sum(session["session_id"].encode() in row["body"] for row in entries) == 1


@pytest.mark.proves("LG-3")
@pytest.mark.parametrize("minutes", [11, 24 * 60])
async def test_the_gate_is_taken_up_again_at_minute_11_and_a_day_later(
    identity: Identity, minutes: int
) -> None:
    person = await identity.an_account()
    await identity.publish_terms(NEW)
    session = await identity.logged_on(person.username)
    identity.clock.advance(minutes=minutes)

    resumed = await identity.refresh(session["refresh_token"])
    session = resumed.body if minutes == 11 else await identity.logged_on(person.username)

    assert resumed.status == (200 if minutes == 11 else 401)
    assert session["gates"] == [TERMS, *OFFERS]
    assert (await answered(identity, session)).status == 204
    assert (await renewed(identity, session))["gates"] == OFFERS


async def test_declining_ends_this_session_alone_and_the_next_log_on_asks_again(
    identity: Identity,
) -> None:
    person = await identity.an_account()
    await identity.publish_terms(NEW)
    beside = await identity.logged_on(person.username)
    session = await identity.logged_on(person.username)

    answer = await answered(identity, session, accepted=False)

    assert (answer.status, answer.code) == (403, "terms_declined")
    assert (await identity.refresh(session["refresh_token"])).status == 401
    assert (await renewed(identity, beside))["gates"] == [TERMS, *OFFERS]
    assert (await identity.logged_on(person.username))["gates"] == [TERMS, *OFFERS]
    [row] = await identity.rows("SELECT ended_by FROM sessions WHERE ended_at IS NOT NULL")
    assert row["ended_by"] == "terms-declined"
    assert await identity.rows("SELECT FROM terms_acceptances WHERE version = $1", NEW) == []
    [row] = await identity.rows("SELECT * FROM audit_entries WHERE action = 'terms.decline'")
    assert (row["outcome"], row["detail"]) == ("refused", "terms_declined")


@pytest.mark.proves("LG-3")
async def test_of_64_answers_at_once_the_first_one_counts(identity: Identity) -> None:
    person = await identity.an_account()
    await identity.publish_terms(NEW)
    session = await identity.logged_on(person.username)

    answers = await asyncio.gather(
        *(answered(identity, session, accepted=bool(number % 2)) for number in range(64))
    )

    told = Counter((answer.status, answer.code) for answer in answers)
    kept = bool(await identity.rows("SELECT FROM terms_acceptances WHERE version = $1", NEW))
    ended = bool(await identity.rows("SELECT FROM sessions WHERE ended_at IS NOT NULL"))
    assert kept is not ended
    if ended:
        assert told == {(403, "terms_declined"): 1, (401, "unauthenticated"): 63}
    else:
        assert (403, "terms_declined") not in told
        assert set(told) <= {(204, ""), (409, "gate_closed"), (401, "unauthenticated")}


async def test_a_version_that_is_published_while_one_reads_is_asked_for_instead(
    identity: Identity,
) -> None:
    person = await identity.an_account()
    await identity.publish_terms(NEW)
    session = await identity.logged_on(person.username)
    await identity.publish_terms("2026-03")

    late = await answered(identity, session)
    again = await answered(identity, session, version="2026-03")

    assert (late.status, late.code) == (422, "terms_required")
    assert again.status == 204


async def test_nobody_enrols_before_terms_are_published_or_by_those_of_before(
    desk: PracticeDesk,
) -> None:
    identity = desk.identity
    token = await desk.a_token()
    await identity.publish_terms(NEW)

    replaced = await enrol(identity, token)
    await identity.rows("TRUNCATE terms")
    none = await enrol(identity, token, terms_version=NEW)
    read = await identity.call("GET", "/terms")

    assert (replaced.status, replaced.code) == (422, "terms_required")
    assert (none.status, none.code) == (422, "terms_required")
    assert (read.status, read.code) == (404, "not_found")


# ---- offers


async def skipped(identity: Identity, session: dict[str, Any], gate: str) -> Answer:
    return await identity.call("POST", f"/gates/{gate}/skip", token=session["access_token"])


@pytest.mark.proves("LG-3")
async def test_an_offer_declined_is_not_made_again_in_this_session(identity: Identity) -> None:
    person = await identity.an_account()
    session = await identity.logged_on(person.username)

    for _ in range(2):
        assert (await skipped(identity, session, "account-email")).status == 204

    assert (await renewed(identity, session))["gates"] == [TWO_STEP]
    assert (await identity.logged_on(person.username))["gates"] == OFFERS
    [row] = await identity.rows("SELECT skipped FROM sessions WHERE skipped <> '{}'")
    assert row["skipped"] == ["account-email"]


@pytest.mark.proves("LG-3")
async def test_two_step_declined_is_never_offered_again_in_whatever_session(
    identity: Identity,
) -> None:
    person = await identity.an_account()
    beside, session = [await identity.logged_on(person.username) for _ in range(2)]

    for _ in range(2):
        assert (await skipped(identity, session, "two-step")).status == 204

    assert (await renewed(identity, session))["gates"] == [EMAIL]
    assert (await renewed(identity, beside))["gates"] == [EMAIL]
    identity.clock.advance(days=30)
    assert (await identity.logged_on(person.username))["gates"] == [EMAIL]
    assert (await identity.logged_on())["gates"] == OFFERS  # somebody else


@pytest.mark.proves("LG-3")
async def test_an_offer_is_made_until_it_is_answered(identity: Identity) -> None:
    person = await identity.an_account()

    gates = [(await identity.logged_on(person.username))["gates"] for _ in range(2)]

    assert gates == [OFFERS, OFFERS]


@pytest.mark.proves("LG-3")
async def test_two_step_turned_on_is_offered_no_more_though_it_is_turned_off(
    identity: Identity,
) -> None:
    june = await turned_on(identity)
    body = {"reauthenticated": await june.proof(june.token, "two-step-off")}

    off = await identity.call("POST", "/account/two-step/off", body, token=june.token)

    assert off.status == 204
    assert (await identity.logged_on(june.person.username))["gates"] == [EMAIL]


@pytest.mark.proves("LG-3")
@pytest.mark.parametrize("gate", ["second-step", "new-password", "terms", "disclaimers"])
async def test_what_is_required_or_answered_is_no_offer_to_decline(
    identity: Identity, gate: str
) -> None:
    session = await identity.logged_on()

    refused = await skipped(identity, session, gate)

    assert refused.refused() == (409, "gate_not_offered")
    assert (await renewed(identity, session))["gates"] == OFFERS


@pytest.mark.proves("LG-3")
async def test_at_a_required_gate_nothing_is_skipped(identity: Identity) -> None:
    person = await identity.an_account()
    await identity.publish_terms(NEW)
    session = await identity.logged_on(person.username)

    answers = [await skipped(identity, session, gate) for gate in ("terms", "two-step")]

    assert {answer.refused() for answer in answers} == {(403, "session_scope_missing")}
    assert (await renewed(identity, session))["gates"] == [TERMS, *OFFERS]
