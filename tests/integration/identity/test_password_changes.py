"""ID-7: the holder sets another password; every session of before ends, and a new one begins."""

import asyncio
import unicodedata
from collections import Counter
from dataclasses import replace

import pytest

from services.identity.credentials.password_changes import REFUSED
from tests.builders.practices import PracticeDesk
from tests.rigs.identity import PASSWORD, Identity, Person, Recovery
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("ID-7", "SE-3")
NEW = "Copper!Lantern-9"
MAIL = "maria@mail.example"
LONG = "Aa1!" + "\U0001f600" * 196


async def grant(
    identity: Identity, token: str, verb: str = "password", password: str = PASSWORD
) -> str:
    body = {"password": password, "verb": verb}
    answer = await identity.call("POST", "/account/reauthenticate", body, token=token)
    return str(answer.body["grant"])


async def change(
    identity: Identity, token: str, new: str = NEW, *, by: str | None = None, **more: object
) -> Answer:
    """Change it, with a grant of its own unless one is given."""
    body = {"new_password": new, "reauthenticated": by or await grant(identity, token), **more}
    return await identity.call("PUT", "/account/password", body, token=token)


async def token_of(identity: Identity, person: Person) -> str:
    return str((await identity.logged_on(person.username, person.password))["access_token"])


@pytest.mark.proves("V6.2.2", "V6.2.3")
async def test_the_new_password_logs_on_and_the_old_one_does_not(identity: Identity) -> None:
    person = await identity.an_account()

    changed = await change(identity, await token_of(identity, person))

    assert changed.status == 200
    assert (await identity.log_on(person.username, NEW)).status == 201
    assert (await identity.log_on(person.username)).code == "invalid_credentials"


@pytest.mark.proves("ID-3", "ID-5")
@pytest.mark.parametrize(
    ("new", "typed", "almost"),
    [
        (LONG, LONG, LONG[:-1] + "\U0001f601"),
        ("Zoë-Ångström-17", unicodedata.normalize("NFD", "Zoë-Ångström-17"), "Zoe-Angstrom-17"),
        (unicodedata.normalize("NFD", "Zoë-Ångström-17"), "Zoë-Ångström-17", "Zoe-Angstrom-17"),
    ],
    ids=["200 of four bytes", "composed", "decomposed"],
)
async def test_every_code_point_counts_and_however_it_is_composed_it_is_one_password(
    identity: Identity, new: str, typed: str, almost: str
) -> None:
    person = await identity.an_account()

    assert (await change(identity, await token_of(identity, person), new)).status == 200

    assert (await identity.log_on(person.username, typed)).status == 201
    assert (await identity.log_on(person.username, almost)).code == "invalid_credentials"


@pytest.mark.proves("SE-1", "V7.4.3", "V7.2.4")
async def test_every_session_ends_and_the_reply_has_the_tokens_of_a_new_one(
    identity: Identity,
) -> None:
    person = await identity.an_account()
    here, elsewhere = [await identity.logged_on(person.username) for _ in range(2)]

    changed = (await change(identity, here["access_token"])).body

    for old in (here, elsewhere):
        read = await identity.call("GET", "/account", token=old["access_token"])
        assert (read.status, (await identity.refresh(old["refresh_token"])).status) == (401, 401)
    assert (await identity.refresh(changed["refresh_token"])).status == 200
    listed = await identity.call("GET", "/sessions", token=changed["access_token"])
    [only] = listed.body["sessions"]
    assert (only["session_id"], only["current"]) == (changed["session_id"], True)
    ended = await identity.rows("SELECT ended_by FROM sessions WHERE ended_at IS NOT NULL")
    assert [row["ended_by"] for row in ended] == ["password-change"] * 2


@pytest.mark.proves("SE-4")
async def test_the_tokens_are_for_the_services_that_were_asked_for(identity: Identity) -> None:
    token = await token_of(identity, await identity.an_account())

    changed = await change(identity, token, resource=["merge", "identity"])

    tokens = changed.body["access_tokens"]
    assert sorted(tokens) == ["identity", "merge"]
    assert (await identity.introspected(tokens["merge"]))["aud"].endswith("/merge")


async def test_it_is_told_to_the_account_e_mail_with_a_snapshot(identity: Identity) -> None:
    person = await identity.an_account(email=MAIL)

    await change(identity, await token_of(identity, person))

    [told] = await identity.events("password-changed")
    assert (told["recipients"], told["account_id"]) == ([MAIL], str(person.id))
    [snapshot] = await identity.events("account-changed")
    assert snapshot["security_version"] == 2


@pytest.mark.proves("ID-3")
async def test_none_of_the_last_five_is_taken_and_the_sixth_before_is(identity: Identity) -> None:
    person = await identity.an_account()
    token, used = await token_of(identity, person), [PASSWORD]
    for number in range(4):
        by = await grant(identity, token, password=used[-1])
        used.append(f"Copper!Lantern-{number}")
        token = (await change(identity, token, used[-1], by=by)).body["access_token"]

    by = await grant(identity, token, password=used[-1])
    refused = [await change(identity, token, old, by=by) for old in used]
    token = (await change(identity, token, NEW, by=by)).body["access_token"]
    by = await grant(identity, token, password=NEW)
    first_again = await change(identity, token, PASSWORD, by=by)

    assert {one.body["errors"][0]["code"] for one in refused} == {"not_recent"}
    assert first_again.status == 200


@pytest.mark.proves("ID-3")
async def test_it_is_judged_beside_what_the_account_is_known_by(desk: PracticeDesk) -> None:
    identity = desk.identity
    await desk.enrolled()  # Maria García, born 1984-05-03
    token = str((await identity.log_on("maria.garcia")).body["access_token"])

    refused = await change(identity, token, "Maria.Garcia-1984")

    assert (refused.status, refused.code) == (422, "password_unacceptable")
    codes = {error["code"] for error in refused.body["errors"]}
    assert {"not_username", "not_name"} <= codes
    assert {error["field"] for error in refused.body["errors"]} == {"new_password"}


async def test_what_is_refused_changes_nothing_and_costs_one_of_ten_tries_but_no_grant(
    identity: Identity,
) -> None:
    person = await identity.an_account(email=MAIL)
    token = await token_of(identity, person)
    by = await grant(identity, token)
    [(most, window)] = REFUSED.windows

    answers = [await change(identity, token, PASSWORD, by=by) for _ in range(most)]
    past_them = await change(identity, token, by=by)

    assert {answer.code for answer in answers} == {"password_unacceptable"}
    assert (past_them.status, past_them.code) == (429, "too_many_requests")
    assert past_them.headers["Retry-After"] == str(int(window.total_seconds()))
    assert await identity.events("password-changed") == []
    assert (await identity.call("GET", "/account", token=token)).status == 200
    identity.clock.advance(hours=1)
    assert (await change(identity, await token_of(identity, person))).status == 200


async def test_it_voids_what_was_proven_with_the_old_one(
    identity: Identity, recovery: Recovery
) -> None:
    person = await identity.an_account()
    link = await recovery.grant(person)
    token = await token_of(identity, person)

    await change(identity, token)

    assert (await identity.reset(link, "Harbour-Walnut-8")).code == "grant_superseded"


async def test_of_two_changes_at_once_one_is_done_and_its_password_alone_logs_on(
    identity: Identity, second: Identity
) -> None:
    """From two sessions, each with a grant of its own."""
    person = await identity.an_account()
    tokens = [await token_of(identity, person) for _ in range(2)]
    grants = [await grant(identity, token) for token in tokens]
    new = ["Copper!Lantern-1", "Copper!Lantern-2"]

    answers = await asyncio.gather(
        *(
            change(replica, token, word, by=by)
            for replica, token, word, by in zip(
                (identity, second), tokens, new, grants, strict=True
            )
        )
    )

    assert sorted(answer.status for answer in answers) in ([200, 400], [200, 401])
    logged_on = [await identity.log_on(person.username, word) for word in new]
    assert [one.status == 201 for one in logged_on] == [one.status == 200 for one in answers]
    assert len(await identity.events("password-changed")) == 1


@pytest.mark.proves("SE-1")
async def test_beside_64_refreshes_none_outlives_it_and_none_deadlocks(
    identity: Identity, second: Identity
) -> None:
    person = await identity.an_account()
    sessions = [await identity.logged_on(person.username) for _ in range(8)]
    token = sessions[0]["access_token"]
    by = await grant(identity, token)

    changed, *refreshed = await asyncio.gather(
        change(identity, token, by=by),
        *(
            (identity, second)[number % 2].refresh(sessions[number % 8]["refresh_token"])
            for number in range(64)
        ),
    )

    assert changed.status == 200
    assert set(Counter(answer.status for answer in refreshed)) <= {200, 401}
    for answer in refreshed:
        if answer.status == 200:
            old = answer.body
            assert (await identity.refresh(old["refresh_token"])).status == 401
            read = await identity.call("GET", "/account", token=old["access_token"])
            assert read.status == 401
    assert (await identity.refresh(changed.body["refresh_token"])).status == 200


async def test_a_reset_beside_it_leaves_one_password(
    identity: Identity, recovery: Recovery
) -> None:
    person = await identity.an_account()
    token = await token_of(identity, person)
    by, link = await grant(identity, token), await recovery.grant(person)

    await asyncio.gather(
        change(identity, token, "Copper!Lantern-1", by=by),
        identity.reset(link, "Copper!Lantern-2"),
    )

    opened = [
        (await identity.log_on(person.username, word)).status
        for word in ("Copper!Lantern-1", "Copper!Lantern-2", PASSWORD)
    ]
    assert sorted(opened) == [201, 401, 401]
    assert opened[2] == 401


async def test_whoever_s_account_was_merged_meanwhile_changes_nothing(identity: Identity) -> None:
    person = await identity.an_account()
    other = await identity.an_account()
    token = await token_of(identity, person)
    by = await grant(identity, await token_of(identity, replace(other)))

    assert (await change(identity, token, by=by)).code == "grant_wrong_account"
