"""RC-9 beside whatever opens or changes the account: nothing of before outlives the freeze."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.builders.freezes import THIEF_S, change_password, freeze
from tests.builders.merges import Registry, deliver, envelope, no_deadlock, outcomes
from tests.builders.practices import Postman
from tests.rigs.identity import PASSWORD, Identity, Person
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("RC-9", "SE-1", "V15.4.2")
MAIL = "maria@mail.example"
ROUNDS = 3


async def a_link(identity: Identity, postman: Postman, person: Person, name: str) -> str:
    """The link of the mail about a username that was changed, which ends no session."""
    token = str((await identity.logged_on(person.username))["access_token"])
    proof = {"password": PASSWORD, "verb": "username"}
    grant = (await identity.call("POST", "/account/reauthenticate", proof, token=token)).body
    body = {"username": name, "reauthenticated": grant["grant"]}
    assert (await identity.call("PUT", "/account/username", body, token=token)).status == 200
    return (await postman.not_me("username-changed"))[-1][1]


async def nothing_survives(
    identity: Identity, second: Identity, person: Person, answers: Sequence[Answer]
) -> None:
    """It is frozen, and none of the tokens that were handed out opens anything anywhere."""
    [row] = await identity.rows(
        "SELECT state, password_hash FROM accounts WHERE id = $1", person.id
    )
    assert tuple(row) == ("frozen", None)
    left = "SELECT FROM sessions WHERE account_id = $1 AND ended_at IS NULL"
    assert await identity.rows(left, person.id) == []
    for answer in answers:
        if "refresh_token" in answer.body:
            for replica in (identity, second):
                dead = await replica.refresh(answer.body["refresh_token"])
                assert dead.code == "refresh_invalid"
                token = answer.body["access_token"]
                assert (await replica.call("GET", "/account", token=token)).status == 401
    await no_deadlock(identity, second)


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_log_ons_refreshes_and_a_changed_password_beside_it_leave_nothing(
    identity: Identity, second: Identity, postman: Postman, round_: int
) -> None:
    person = await identity.an_account(email=MAIL)
    link = await a_link(identity, postman, person, "taken.over")
    sessions = [await identity.logged_on("taken.over") for _ in range(6)]

    frozen, *answers = await asyncio.gather(
        freeze((identity, second)[round_ % 2], link),
        *(replica.log_on("taken.over") for replica in (identity, second) * 4),
        *(second.refresh(one["refresh_token"]) for one in sessions[:4]),
        *(change_once(identity, one["access_token"]) for one in sessions[4:]),
    )

    assert frozen.status == 204
    assert {answer.status for answer in answers} <= {200, 201, 400, 401}
    await nothing_survives(identity, second, person, answers)


async def change_once(identity: Identity, token: str) -> Answer:
    """Change the password, as far as the freeze lets it."""
    proof = {"password": PASSWORD, "verb": "password"}
    granted = await identity.call("POST", "/account/reauthenticate", proof, token=token)
    if granted.status != 200:
        return Answer(status=401, headers=granted.headers, body={})
    body = {"new_password": THIEF_S, "reauthenticated": granted.body["grant"]}
    return await identity.call("PUT", "/account/password", body, token=token)


@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_beside_a_changed_password_whose_link_is_used_too_one_freezes(
    identity: Identity, second: Identity, postman: Postman, round_: int
) -> None:
    """A, B, A: both links at once, each from two replicas."""
    person = await identity.an_account(email=MAIL)
    first = await a_link(identity, postman, person, "taken.over")
    token = str((await identity.logged_on("taken.over"))["access_token"])
    changed = await change_password(identity, token)
    later = (await postman.not_me("password-changed"))[-1][1]

    answers = await asyncio.gather(
        *(freeze(one, link) for one in (identity, second) for link in (first, later, first))
    )

    assert sorted(answer.status for answer in answers) == [204, *[422] * 5]
    assert len(await identity.events("account-frozen")) == 1
    await nothing_survives(identity, second, person, [changed])


@pytest.mark.proves("MG-1", "MG-3")
@pytest.mark.parametrize("which", [0, 1], ids=["survivor", "absorbed"])
@pytest.mark.parametrize("round_", range(ROUNDS))
async def test_beside_a_merge_either_its_proofs_are_stale_or_it_was_first(
    identity: Identity,
    second: Identity,
    postman: Postman,
    registry: Registry,
    which: int,
    round_: int,
) -> None:
    both = [*await registry.two()]
    link = await a_link(identity, postman, both[which], "taken.over")
    both[which] = replace(both[which], username="taken.over")
    request = await registry.request(*both)
    replicas = (identity, second) if round_ % 2 else (second, identity)

    _, answer = await asyncio.gather(
        deliver(replicas[0], envelope(request, identity)), freeze(replicas[1], link)
    )

    [(event, reason)] = await outcomes(identity)
    if event == "merge-rejected":
        assert (answer.status, reason) == (204, "merge_proof_stale")
    else:
        assert answer.status == (204 if which == 0 else 422)
    if answer.status == 204:
        await nothing_survives(identity, second, both[which], [])
