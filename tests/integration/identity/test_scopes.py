"""Scopes of clients that were made before a verb of a later release (ST-1)."""

from importlib.resources import files

import pytest

from tests.rigs.identity import Identity

ST_1 = pytest.mark.proves("ST-1")
BEFORE = ["accounts:unlock", "communications:write", "deliveries:read", "patients:write"]
BEFORE += ["settings:read", "settings:write", "tokens:write"]


async def migrate_again(identity: Identity) -> None:
    """Apply the file once more, whatever came after it."""
    file = files("services.identity") / "migrations" / "0005_scopes.sql"
    async with identity.database.connection("identity_migration") as owner:
        await owner.execute(file.read_text())


async def scopes(identity: Identity) -> list[list[str]]:
    rows = await identity.rows("SELECT scopes FROM clients ORDER BY practice_id, scopes")
    return [row["scopes"] for row in rows]


@ST_1
@pytest.mark.parametrize("had", [[], ["enrolments:write"], ["merges:read"]], ids=str)
async def test_a_practice_of_before_may_un_enrol_and_read_merges_after_the_migration(
    identity: Identity, had: list[str]
) -> None:
    client_id, secret = await identity.a_practice_client()
    [whole] = await scopes(identity)
    await identity.rows("UPDATE clients SET scopes = $1", [*had, *reversed(BEFORE)])

    await migrate_again(identity)

    assert await scopes(identity) == [whole]
    answer = await identity.client_token(client_id, secret)
    assert answer.body["scope"].split() == whole


@ST_1
async def test_the_migration_gives_nothing_to_a_gateway_and_no_scope_twice(
    identity: Identity,
) -> None:
    await identity.a_practice_client()
    await identity.a_gateway_token()
    before = await scopes(identity)

    await migrate_again(identity)

    assert await scopes(identity) == before
    assert ["introspect"] in before
