"""What a client may do is its role's; clients of before, and narrowed ones, after the migration."""

import json
from collections.abc import Sequence
from importlib.resources import files

import asyncpg
import pytest

from shared.contracts.scopes import SCOPES, Role
from tests.integration.identity.test_operator_verbs import run
from tests.rigs.identity import Identity

pytestmark = pytest.mark.proves("ST-1")
PRACTICES = sorted(SCOPES[Role.PRACTICE])
BEFORE = ["accounts:unlock", "communications:write", "deliveries:read", "patients:write"]
BEFORE += ["settings:read", "settings:write", "tokens:write"]
ALL_THEN = [*BEFORE, "enrolments:write", "merges:read"]  # of the release before that migration
MIGRATIONS = list((files("services.identity") / "migrations").iterdir())
FORMER_TABLE = """
ALTER TABLE clients DROP COLUMN role;
ALTER TABLE clients RENAME COLUMN narrowed_to TO scopes;
UPDATE clients SET scopes = CASE WHEN practice_id IS NULL THEN ARRAY['introspect'] ELSE $1 END;
ALTER TABLE clients ALTER COLUMN scopes SET NOT NULL;
"""


async def migrate_clients_with(identity: Identity, scopes: Sequence[str], *applied: str) -> None:
    """Take the table back to where every row had its scopes, and apply these migrations."""
    listed = "ARRAY[" + ",".join(f"'{scope}'" for scope in scopes) + "]::text[]"
    async with identity.database.connection("identity_migration") as owner:
        await owner.execute(FORMER_TABLE.replace("$1", listed))
        for name in applied:
            [file] = [one for one in MIGRATIONS if one.name.endswith(f"_{name}.sql")]
            await owner.execute(file.read_text())


async def granted(identity: Identity, client_id: str, secret: str) -> list[str]:
    answer = await identity.client_token(client_id, secret)
    return answer.body["scope"].split() if answer.status == 200 else []


async def test_a_client_is_kept_by_its_role_and_has_all_of_it(identity: Identity) -> None:
    client_id, secret = await identity.a_practice_client()
    await identity.a_gateway_token()

    rows = await identity.rows("SELECT role, narrowed_to FROM clients ORDER BY role")

    assert [tuple(row) for row in rows] == [("gateway", None), ("practice", None)]
    assert await granted(identity, client_id, secret) == PRACTICES


@pytest.mark.parametrize("had", [[], ["enrolments:write"], ["merges:read"]], ids=str)
async def test_a_practice_of_before_may_un_enrol_and_read_merges_after_the_migration(
    identity: Identity, had: list[str]
) -> None:
    client_id, secret = await identity.a_practice_client()

    await migrate_clients_with(identity, [*had, *reversed(BEFORE)], "scopes", "client_roles")

    assert await granted(identity, client_id, secret) == PRACTICES
    assert [row[0] for row in await identity.rows("SELECT narrowed_to FROM clients")] == [None]


async def test_a_client_of_before_has_its_role_and_all_of_it_after_the_migration(
    identity: Identity,
) -> None:
    client_id, secret = await identity.a_practice_client()
    await identity.a_gateway_token()

    await migrate_clients_with(identity, ALL_THEN, "client_roles")

    rows = await identity.rows("SELECT role, narrowed_to FROM clients ORDER BY role")
    assert [tuple(row) for row in rows] == [("gateway", None), ("practice", None)]
    assert await granted(identity, client_id, secret) == PRACTICES


@pytest.mark.parametrize("narrowed", [["deliveries:read", "settings:read"], []], ids=str)
async def test_a_client_that_was_narrowed_stays_so_after_the_migration(
    identity: Identity, narrowed: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    client_id, secret = await identity.a_practice_client()

    await migrate_clients_with(identity, narrowed, "client_roles")

    assert await granted(identity, client_id, secret) == narrowed
    beyond = await identity.client_token(client_id, secret, scope="tokens:write")
    assert (beyond.status, beyond.body["error"]) == (400, "invalid_scope")
    capsys.readouterr()
    assert await run(identity, "client", "list") == 0
    assert json.loads(capsys.readouterr().out)["scopes"] == narrowed


async def test_a_scope_beyond_its_role_stops_the_migration_and_changes_nothing(
    identity: Identity,
) -> None:
    client_id, _ = await identity.a_practice_client()

    with pytest.raises(asyncpg.RaiseError, match=f"beyond their role: {client_id}"):
        await migrate_clients_with(identity, [*BEFORE, "introspect"], "client_roles")

    [row] = await identity.rows("SELECT scopes FROM clients")
    assert row["scopes"] == [*BEFORE, "introspect"]


async def test_a_row_gives_no_scope_that_its_role_does_not_have(identity: Identity) -> None:
    client_id, secret = await identity.a_practice_client()
    await identity.rows("UPDATE clients SET narrowed_to = ARRAY['introspect', 'settings:read']")

    assert await granted(identity, client_id, secret) == ["settings:read"]


@pytest.mark.parametrize(
    ("change", "constraint"),
    [
        ("UPDATE clients SET role = 'gateway'", "clients_practice"),
        ("UPDATE clients SET practice_id = NULL", "clients_practice"),
        ("UPDATE clients SET role = 'surgeon', practice_id = NULL", "clients_role"),
    ],
)
async def test_a_role_that_is_none_or_does_not_fit_is_not_kept(
    identity: Identity, change: str, constraint: str
) -> None:
    await identity.a_practice_client()

    with pytest.raises(asyncpg.CheckViolationError, match=constraint):
        await identity.rows(change)
