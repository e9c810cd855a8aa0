"""LG-4 over identity's own verbs: what a source is told adds up, whichever verb told it."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from services.identity.passwords.proofs import Attempt, PasswordProofs
from services.identity.sessions.replies import SessionReply
from services.identity.sessions.sessions import Opened, Sessions
from shared.http.source_budget import SourceBudget
from tests.builders.doors import Door, details, every_door
from tests.builders.merges import Registry
from tests.builders.practices import Postman, application, practice_desk
from tests.rigs.identity import PASSWORD, Identity, Recovery
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("LG-4")

ANN, BEN = "198.51.100.9", "198.51.100.10"


async def post(identity: Identity, path: str, body: Any, source: str = ANN) -> Answer:
    return await identity.call("POST", path, body, source=source)


async def log_on(identity: Identity, password: str, source: str = ANN) -> Answer:
    return await post(identity, "/sessions", {"name": "june.hale", "password": password}, source)


async def test_checking_a_candidate_costs_nothing_whatever_is_answered(identity: Identity) -> None:
    for candidate, status in ((PASSWORD, 200), (7, 400)) * 30:
        answer = await post(identity, "/passwords/check", {"candidate": candidate})

        assert answer.status == status
    assert (await log_on(identity, PASSWORD)).status == 401


# ---- one device spends the budget of everybody behind its address


async def exhaust(identity: Identity, source: str = ANN) -> None:
    """As one device does that asks again and again with a refresh token of long ago."""
    for _ in range(50):
        assert (await post(identity, "/sessions/refresh", {"refresh_token": "old"}, source)).status
    assert (await log_on(identity, PASSWORD, source)).status == 429


async def test_bad_refreshes_of_one_device_stop_no_session_reset_link_or_client_beside_it(
    identity: Identity, recovery: Recovery, postman: Postman
) -> None:
    ann, ben = await identity.an_account("june.hale"), await identity.an_account()
    session = (await log_on(identity, PASSWORD)).body
    await identity.call(
        "POST", "/account/email", {"address": "june@mail.example"}, token=session["access_token"]
    )
    [link] = await postman.tokens("email-verification-requested")
    client_id, secret = await identity.a_practice_client()
    await exhaust(identity)

    told = [
        await post(identity, "/sessions/refresh", {"refresh_token": session["refresh_token"]}),
        await post(
            identity,
            "/passwords/reset",
            {"grant": await recovery.grant(ben), "new_password": "Quiet-Meadow-42"},
        ),
        await identity.call(
            "POST",
            "/account/email/verify",
            {"token": link},
            token=session["access_token"],
            source=ANN,
        ),
        await identity.call(
            "POST",
            "/oauth/token",
            form={
                "grant_type": "client_credentials",
                "client_id": client_id,
                "client_secret": secret,
            },
            source=ANN,
        ),
        await post(identity, "/passwords/check", {"candidate": PASSWORD}),
        await identity.call("GET", "/account", token=session["access_token"], source=ANN),
    ]

    assert [answer.status for answer in told] == [200] * 6, [answer.body for answer in told]
    assert ann.username == "june.hale"


async def test_a_rotated_token_is_told_though_a_neighbour_spends_the_budget_before_the_reply(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    await identity.an_account("june.hale")
    token = (await log_on(identity, PASSWORD)).body["refresh_token"]
    sign = Sessions.sign
    neighbours = iter([exhaust])

    async def slowly(self: Sessions, opened: Opened, **more: Any) -> SessionReply:
        for neighbour in neighbours:  # between the commit and the reply, once
            await neighbour(identity)
        return await sign(self, opened, **more)

    monkeypatch.setattr(Sessions, "sign", slowly)
    first = await post(identity, "/sessions/refresh", {"refresh_token": token})
    twin = await post(identity, "/sessions/refresh", {"refresh_token": token})
    after = await post(
        identity, "/sessions/refresh", {"refresh_token": first.body["refresh_token"]}
    )

    assert [first.status, twin.status, after.status] == [200, 200, 200]
    assert first.body["refresh_token"] == twin.body["refresh_token"]


async def test_an_enrolment_that_was_made_is_told(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = await practice_desk(identity)
    body = application(await desk.a_token())
    audited = type(identity.plumbing.audit).record

    async def slowly(self: Any, tx: Any, *entries: Any) -> None:
        await audited(self, tx, *entries)
        if ("enrol", "done") in [(entry.action, entry.outcome) for entry in entries]:
            await exhaust(identity)

    monkeypatch.setattr(type(identity.plumbing.audit), "record", slowly)

    assert (await post(identity, "/enrolments", body)).status == 201


async def test_a_session_is_refreshed_without_a_question_to_the_budget(
    identity: Identity, monkeypatch: pytest.MonkeyPatch
) -> None:
    await identity.an_account("june.hale")
    token = (await log_on(identity, PASSWORD)).body["refresh_token"]

    async def asked(*_: Any) -> None:
        raise AssertionError

    for question in ("check", "used_up", "count"):
        monkeypatch.setattr(SourceBudget, question, asked)

    assert (await identity.refresh(token)).status == 200


# ---- what is guessed at


@every_door
async def test_a_right_password_whose_budget_is_spent_before_the_commit_is_kept_back(
    identity: Identity, registry: Registry, monkeypatch: pytest.MonkeyPatch, door: Door
) -> None:
    person = await registry.a_member(username="june.hale")
    entry = await door.opened(registry, person.username)
    sessions = await identity.rows("SELECT FROM sessions")
    held_up(monkeypatch, identity)

    kept_back = await entry(identity, PASSWORD)
    monkeypatch.undo()

    assert kept_back.refused() == (429, "too_many_requests")
    assert await identity.rows("SELECT FROM sessions") == sessions
    assert await details(identity, door) == {"source_exhausted": 1}
    assert await identity.rows(
        "SELECT FROM audit_entries WHERE action = $1 AND outcome = 'refused' AND subject = $2",
        door.action,
        f"account:{person.id}",
    )
    assert (await entry(identity, PASSWORD)).status < 300


async def test_of_200_parallel_guesses_over_many_names_exactly_fifty_refusals_are_told(
    identity: Identity, second: Identity
) -> None:
    """One password sprayed over names: the one that fits is told only before the fiftieth miss."""
    await identity.an_account("june.hale")
    names = [f"nobody.{number}" for number in range(199)]
    names.insert(150, "june.hale")

    answers = await asyncio.gather(
        *(
            post((identity, second)[n % 2], "/sessions", {"name": name, "password": PASSWORD})
            for n, name in enumerate(names)
        )
    )

    statuses = Counter(answer.status for answer in answers)
    assert statuses[401] == 50
    assert statuses[201] == len(await identity.rows("SELECT FROM sessions")) <= 1


def held_up(monkeypatch: pytest.MonkeyPatch, identity: Identity) -> None:
    """Everybody calls from one address, and its budget is spent while a right password has been
    compared and not yet counted.
    """
    compare = PasswordProofs._compare

    async def slowly(self: PasswordProofs, key: str, found: Any, password: str) -> Attempt:
        attempt = await compare(self, key, found, password)
        if attempt.right:
            for _ in range(50):
                await identity.refresh("old")
        return attempt

    monkeypatch.setattr(PasswordProofs, "_compare", slowly)
    monkeypatch.setattr(Identity, "a_source", lambda _: ANN)
