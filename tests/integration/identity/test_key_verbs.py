"""The operator's verbs for keys (ST-3), and what a wrong key-encryption key looks like."""

import base64
import json
from typing import Any

import pytest

from services.identity.__main__ import PROGRAM
from shared.randomness import CROCKFORD
from tests.builders.two_step import set_up, turned_on
from tests.integration.identity.test_operator_verbs import run
from tests.rigs.identity import ENVIRONMENT, Identity
from tests.rigs.replica import environment, put_together
from tests.support import database as databases
from tests.support.clock import FakeClock
from tests.support.lines import logged

ANOTHER_KEY = base64.b64encode(b"another key-encryption key......").decode()


async def listed(identity: Identity, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert await run(identity, "keys", "list") == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.proves("ST-3")
async def test_keys_are_listed_rotated_and_revoked(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    # the verb's process has the real clock, the replica one that is years ahead
    await identity.rows("UPDATE own_keys SET usable_from = now() - interval '1 h' RETURNING kid")
    [first] = await listed(identity, capsys)

    assert await run(identity, "keys", "rotate") == 0
    assert await run(identity, "keys", "rotate", "signing") == 0
    kids = [key["kid"] for key in await listed(identity, capsys)]
    assert await run(identity, "keys", "revoke", kids[1], "--yes") == 0

    assert [key["kid"] for key in await listed(identity, capsys)] == [first["kid"], kids[2]]
    audited = await identity.rows(
        "SELECT actor, action, subject FROM audit_entries WHERE action LIKE 'keys.%' ORDER BY at"
    )
    assert [tuple(row) for row in audited] == [
        ("operator", "keys.rotate", f"key:{kids[1]}"),
        ("operator", "keys.rotate", f"key:{kids[2]}"),
        ("operator", "keys.revoke", f"key:{kids[1]}"),
    ]


async def test_a_revocation_says_what_it_does_and_waits_to_be_told_to(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    [first] = await listed(identity, capsys)

    assert await run(identity, "keys", "revoke", first["kid"]) == 1

    assert "can never be opened" in capsys.readouterr().err
    assert await listed(identity, capsys) == [first]


async def test_no_key_id_looks_like_an_option_and_an_old_one_is_taken_after_two_dashes(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    [first] = await listed(identity, capsys)
    assert set(first["kid"]) <= set(CROCKFORD)
    await identity.rows("UPDATE own_keys SET kid = '-hkXBYOHIYDdS3L1' RETURNING kid")

    assert await run(identity, "keys", "revoke", "--", "-hkXBYOHIYDdS3L1") == 1

    assert "can never be opened" in capsys.readouterr().err


async def test_a_key_or_purpose_that_is_not_there_is_named(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await run(identity, "keys", "revoke", "nobody's", "--yes") == 1
    assert "there is no such key" in capsys.readouterr().err
    assert await run(identity, "keys", "rotate", "sealing") == 1
    assert "identity has no sealing keys" in capsys.readouterr().err
    assert await run(identity, "keys", "rotate", "dancing") == 2


@pytest.mark.proves("ST-3")
async def test_the_private_keys_move_to_another_key_encryption_key(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    old = ENVIRONMENT["PORTICO_KEY_ENCRYPTION_KEY"]
    changed = {"PORTICO_KEY_ENCRYPTION_KEY": ANOTHER_KEY}

    retired = {**changed, "PORTICO_KEY_ENCRYPTION_KEYS_RETIRED": old}
    assert await run(identity, "keys", "re-encrypt", environ=retired) == 0
    assert capsys.readouterr().out.startswith("1 under PORTICO_KEY_ENCRYPTION_KEY")

    assert await run(identity, "keys", "list", environ=changed) == 0
    assert await run(identity, "keys", "list") == 1
    assert "PORTICO_KEY_ENCRYPTION_KEY" in capsys.readouterr().err


@pytest.mark.proves("ST-3")
@pytest.mark.parametrize(("key", "said"), [(ANOTHER_KEY, "WARN own keys"), (None, "ok   own keys")])
async def test_check_opens_the_keys(
    identity: Identity, capsys: pytest.CaptureFixture[str], key: str | None, said: str
) -> None:
    await run(identity, "check", environ={"PORTICO_KEY_ENCRYPTION_KEY": key} if key else {})

    assert said in capsys.readouterr().out


async def test_a_service_under_a_wrong_key_says_so_once_and_is_never_ready(
    identity: Identity, database: databases.Database, clock: FakeClock
) -> None:
    environ = environment("identity", database.url("identity"), key_encryption_key=ANOTHER_KEY)
    wrong = put_together(PROGRAM, environ, clock)
    [loop] = [one for one in wrong.loops if one.name == "own-keys"]

    with logged() as lines:
        for _ in range(3):
            await loop.once()

    told = lines.read_back("own_keys_unreadable")
    assert [line["setting"] for line in told] == ["PORTICO_KEY_ENCRYPTION_KEY"]
    assert wrong.health.own["own_keys"]() == "key_encryption_key_wrong"
    await wrong.close()


@pytest.mark.proves("MF-1", "ST-3")
async def test_whatever_is_sealed_under_the_key_moves_with_it(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    """A refreshed token's successor does not: it is under a key that the token itself makes."""
    june = await turned_on(identity)
    grant = await june.proof(june.token, "two-step")
    assert (await set_up(identity, june.token, reauthenticated=grant)).status == 201
    await identity.refresh((await june.log_on())["refresh_token"])
    before = await sealed(identity)
    changed = {
        "PORTICO_KEY_ENCRYPTION_KEY": ANOTHER_KEY,
        "PORTICO_KEY_ENCRYPTION_KEYS_RETIRED": ENVIRONMENT["PORTICO_KEY_ENCRYPTION_KEY"],
    }

    assert await run(identity, "keys", "re-encrypt", environ=changed) == 0

    after = await sealed(identity)
    assert all(before.values()), f"nothing is kept in one: {before}"
    stayed = {column for column in before if before[column] & after[column]}
    assert stayed == {"refresh_tokens.successor_sealed"}
    assert "\n3 under PORTICO_KEY_ENCRYPTION_KEY" in capsys.readouterr().out


async def sealed(identity: Identity) -> dict[str, set[bytes]]:
    """All that is kept in a column which says so, by its name."""
    columns = await identity.rows(
        """
        SELECT table_name AS table, column_name AS column FROM information_schema.columns
        WHERE table_schema = current_schema() AND column_name LIKE '%sealed%'
        """
    )
    kept = {}
    for table, column in map(tuple, columns):
        rows = await identity.rows(
            f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608 - names of ours
        )
        kept[f"{table}.{column}"] = {row[0] for row in rows}
    return kept
