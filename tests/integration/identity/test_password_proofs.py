"""Every door that takes a password: log-on, re-authentication, another account's proof, EN-5."""

import asyncio
from collections import Counter

import pytest

from shared.trust.hashing import PasswordHasher
from tests.builders.doors import (
    ALL,
    BY_NAME,
    LOG_ON,
    PROVE,
    REAUTHENTICATE,
    Door,
    by_name,
    details,
    every_door,
)
from tests.builders.merges import Registry
from tests.rigs.identity import PASSWORD, Identity

ROWS = ("LG-1", "LG-2", "SE-3", "MG-1", "EN-5")
NAME = "june.hale"
NOBODY, WRONG = "nobody.at.all", "Wrong-Guess-1234"


@pytest.mark.proves(*ROWS)
@every_door
async def test_an_empty_password_is_named_and_counts_toward_no_lock(
    identity: Identity, registry: Registry, door: Door
) -> None:
    await identity.an_account(NAME)
    entry = await door.opened(registry, NAME)

    answers = [await entry(identity, "") for _ in range(4)]

    assert {(answer.status, answer.code) for answer in answers} == {(400, "body_invalid")}
    assert [error["field"] for error in answers[0].body["errors"]] == ["password"]
    assert await identity.rows("SELECT FROM lockouts WHERE failures > 0") == []
    assert (await identity.log_on(NAME)).status == 201


@pytest.mark.proves("LG-1", "LG-2", "V6.3.8")
@by_name
@pytest.mark.parametrize("typed", [PASSWORD, WRONG], ids=["her password", "a wrong one"])
async def test_every_name_costs_the_one_hash_that_a_known_one_costs(
    identity: Identity,
    registry: Registry,
    door: Door,
    typed: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    names = {
        "known": (await identity.an_account()).username,
        "unknown": NOBODY,
        "locked": (await identity.an_account()).username,
        "frozen": (frozen := await identity.an_account()).username,
        "merged": (await registry.merged())[1].username,
    }
    await identity.log_ons(names["locked"], WRONG, 4)
    await identity.freeze(frozen.id)
    entries = {state: await door.opened(registry, name) for state, name in names.items()}
    compared = hashes_compared(monkeypatch)

    costs: dict[str, list[bool]] = {}
    for state, entry in entries.items():
        await entry(identity, typed)
        costs[state] = [stored is not None for stored in compared]
        compared.clear()

    assert costs == {
        "known": [True],
        "unknown": [False],
        "locked": [True],
        "frozen": [False],
        "merged": [True],
    }


@pytest.mark.proves("LG-1", "LG-2", "SE-3")
async def test_a_lock_costs_the_one_hash_in_a_session_too(
    identity: Identity, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    await identity.an_account(NAME)
    entry = await REAUTHENTICATE.opened(registry, NAME)
    await identity.log_ons(NAME, WRONG, 4)
    compared = hashes_compared(monkeypatch)

    for password in (PASSWORD, WRONG):
        await entry(identity, password)

    assert [stored is not None for stored in compared] == [True, True]


def hashes_compared(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """What a password is compared with from now on, as it comes; None: with nobody's."""
    compared: list[str | None] = []
    verify = PasswordHasher.verify

    async def spied(hasher: PasswordHasher, password: str, stored: str | None) -> bool:
        compared.append(stored)
        return await verify(hasher, password, stored)

    monkeypatch.setattr(PasswordHasher, "verify", spied)
    return compared


@pytest.mark.proves(*ROWS, "V6.3.8")
@every_door
async def test_a_refusal_says_the_rule(identity: Identity, registry: Registry, door: Door) -> None:
    await identity.an_account(NAME)

    answer = await (await door.opened(registry, NAME))(identity, WRONG)

    assert answer.refused() == (door.status, door.code)
    assert "4 wrong passwords in a row lock a name for 20 minutes" in answer.body["detail"]
    [rule] = answer.body["errors"]
    assert rule["code"] == "lock_rule"
    assert rule["params"] == {"failures": 4, "minutes": 20, "disabled_after": 100}


@pytest.mark.proves(*ROWS)
@every_door
async def test_wrong_passwords_are_counted_together_with_those_at_log_on_for_twenty_minutes(
    identity: Identity, registry: Registry, door: Door
) -> None:
    await identity.an_account(NAME)
    entry = await door.opened(registry, NAME)
    for _ in range(2):
        await identity.log_on(NAME, WRONG)
        await entry(identity, WRONG)

    assert (await identity.log_on(NAME)).status == 401
    assert (await entry(identity, PASSWORD)).refused() == (door.status, door.code)

    identity.clock.advance(minutes=20)
    assert (await identity.log_on(NAME)).status == 201


@pytest.mark.proves(*ROWS, "V2.3.2", "V2.3.4", "V6.3.1", "V6.6.3", "V15.4.2")
@pytest.mark.parametrize(
    ("door", "name"), [*((door, NAME) for door in ALL), *((door, NOBODY) for door in BY_NAME)]
)
async def test_of_64_parallel_guesses_over_two_replicas_exactly_four_are_told(
    identity: Identity, second: Identity, registry: Registry, door: Door, name: str
) -> None:
    await identity.an_account(NAME)
    entry = await door.opened(registry, name)

    answers = await asyncio.gather(*(entry(at, WRONG) for at in (identity, second) * 32))

    assert {answer.refused() for answer in answers} == {(door.status, door.code)}
    assert await details(identity, door) == Counter(wrong=4, locked=60)
    [row] = await identity.rows("SELECT failures, notice_due FROM lockouts WHERE failures > 0")
    assert tuple(row) == (4, True)
    assert (await entry(identity, PASSWORD)).refused() == (door.status, door.code)


@pytest.mark.proves("SE-3", "MG-1", "AU-1", "V16.3.1")
@pytest.mark.parametrize("door", [LOG_ON, REAUTHENTICATE, PROVE], ids=lambda door: door.action)
async def test_every_try_leaves_one_audit_row_of_the_account_and_not_of_the_name(
    identity: Identity, registry: Registry, door: Door
) -> None:
    person = await identity.an_account(NAME)
    entry, tried = await door.opened(registry, NAME), [WRONG, PASSWORD]
    nobodys = entry if door is REAUTHENTICATE else await door.opened(registry, NOBODY)
    known = await identity.rows("SELECT id FROM audit_entries")

    for password in tried:
        await entry(identity, password)
    await nobodys(identity, WRONG)

    rows = await identity.rows(
        "SELECT subject, outcome, detail FROM audit_entries WHERE id <> ALL($1)",
        [row["id"] for row in known],
    )
    whose = f"account:{person.id}"
    assert Counter(tuple(row) for row in rows) == Counter(
        [
            (whose, "done", door.done),
            (whose, "refused", "wrong"),
            (whose if nobodys is entry else None, "refused", "wrong"),
        ]
    )


@pytest.mark.proves("ID-5", "LG-2")
@pytest.mark.parametrize("password", [PASSWORD, WRONG])
@every_door
async def test_a_hash_nobody_can_read_is_a_failure_of_ours_and_counts_toward_no_lock(
    identity: Identity, registry: Registry, door: Door, password: str
) -> None:
    person = await identity.an_account(NAME)
    entry = await door.opened(registry, NAME)
    await identity.rows(
        "UPDATE accounts SET password_hash = '$portico$another-scheme$' WHERE id = $1", person.id
    )

    answer = await entry(identity, password)

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
