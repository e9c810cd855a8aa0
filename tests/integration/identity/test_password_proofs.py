"""Every door that takes a password: log-on, re-authentication, another account's proof, EN-5."""

from collections.abc import Awaitable, Callable

import pytest

from shared.trust.hashing import PasswordHasher
from tests.builders.merges import Registry
from tests.builders.practices import add_practice
from tests.rigs.identity import PASSWORD, Identity
from tests.rigs.replica import Answer

LG_1 = pytest.mark.proves("LG-1")
LG_2 = pytest.mark.proves("LG-2")
NAME = "june.hale"
NOBODY = "nobody.at.all"

Door = Callable[[Registry, str, str], Awaitable[Answer]]


async def log_on(registry: Registry, name: str, password: str) -> Answer:
    return await registry.identity.log_on(name, password)


async def re_authenticate(registry: Registry, name: str, password: str) -> Answer:
    """Of the holder's own session, whatever name is meant."""
    token = (await registry.identity.log_on(name)).body["access_token"]
    body = {"password": password, "verb": "merge"}
    return await registry.identity.call("POST", "/account/reauthenticate", body, token=token)


async def prove_ownership(registry: Registry, name: str, password: str) -> Answer:
    person = await registry.identity.an_account()
    token = (await registry.identity.log_on(person.username)).body["access_token"]
    body = {"name": name, "password": password}
    return await registry.identity.call("POST", "/account/ownership-proofs", body, token=token)


async def add_a_practice(registry: Registry, name: str, password: str) -> Answer:
    token = await registry.desks[0].a_token()
    return await add_practice(registry.identity, token, name=name, password=password)


BY_NAME: tuple[Door, ...] = (log_on, prove_ownership, add_a_practice)
ALL: tuple[Door, ...] = (*BY_NAME, re_authenticate)


@LG_1
@LG_2
@pytest.mark.parametrize("door", ALL)
async def test_an_empty_password_is_named_and_counts_toward_no_lock(
    identity: Identity, registry: Registry, door: Door
) -> None:
    await identity.an_account(NAME)

    answers = [await door(registry, NAME, "") for _ in range(4)]

    assert {(answer.status, answer.code) for answer in answers} == {(400, "body_invalid")}
    assert [error["field"] for error in answers[0].body["errors"]] == ["password"]
    assert await identity.rows("SELECT FROM lockouts WHERE failures > 0") == []
    assert (await identity.log_on(NAME)).status == 201


@LG_1
@pytest.mark.proves("V6.3.8")
@pytest.mark.parametrize("door", BY_NAME)
async def test_a_name_nobody_has_costs_the_one_hash_that_a_known_one_costs(
    identity: Identity,
    registry: Registry,
    door: Door,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await identity.an_account(NAME)
    compared: list[str | None] = []
    verify = PasswordHasher.verify

    async def spied(hasher: PasswordHasher, password: str, stored: str | None) -> bool:
        if password == "wrong":
            compared.append(stored)
        return await verify(hasher, password, stored)

    monkeypatch.setattr(PasswordHasher, "verify", spied)

    for name in (NAME, NOBODY):
        await door(registry, name, "wrong")

    assert [stored is None for stored in compared] == [False, True]


@pytest.mark.proves("ID-5")
@LG_2
@pytest.mark.parametrize("door", ALL)
@pytest.mark.parametrize("password", [PASSWORD, "wrong"])
async def test_a_hash_nobody_can_read_is_a_failure_of_ours_and_counts_toward_no_lock(
    identity: Identity, registry: Registry, door: Door, password: str
) -> None:
    person = await identity.an_account(NAME)

    async def store(kept: str) -> None:
        async with identity.plumbing.database.connection() as connection:
            await connection.execute(
                "UPDATE accounts SET password_hash = $2 WHERE id = $1", person.id, kept
            )

    if door is re_authenticate:  # the session is there before the hash is damaged
        token = (await identity.log_on(NAME)).body["access_token"]
        await store("$portico$another-scheme$")
        body = {"password": password, "verb": "merge"}
        answer = await identity.call("POST", "/account/reauthenticate", body, token=token)
    else:
        await store("$portico$another-scheme$")
        answer = await door(registry, NAME, password)

    assert (answer.status, answer.code) == (503, "unavailable")
    assert await identity.rows("SELECT FROM lockouts WHERE failures > 0") == []
    assert identity.plumbing.metrics.value("hashing_unreadable", reason="format") == 1


@pytest.mark.proves("ID-5")
async def test_a_renewal_that_the_database_refuses_costs_nobody_the_session(
    identity: Identity,
) -> None:
    await identity.an_account(NAME)
    pepper = identity.plumbing.settings.pepper.reveal().encode()
    older = PasswordHasher(pepper=pepper, cost=5, wait=30)
    async with identity.database.administrator() as connection:
        await connection.execute("SET search_path = identity")
        await connection.execute(
            "UPDATE accounts SET password_hash = $1", await older.hash(PASSWORD)
        )
        await connection.execute(
            "ALTER TABLE accounts ADD CHECK (password_hash NOT LIKE '%$04$%') NOT VALID"
        )
    older.close()

    refused = await identity.log_on(NAME)
    async with identity.database.administrator() as connection:
        await connection.execute(
            "ALTER TABLE identity.accounts DROP CONSTRAINT accounts_password_hash_check"
        )
    taken = await identity.log_on(NAME)

    assert (refused.status, taken.status) == (201, 201)
    assert (await identity.refresh(refused.body["refresh_token"])).status == 200
    [row] = await identity.rows("SELECT password_hash FROM accounts")
    assert "$04$" in row["password_hash"]
