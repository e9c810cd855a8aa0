"""Every operator's verb that changes something says what it would do, and does nothing (ST-3)."""

import asyncio
import importlib
import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from shared.contracts.topology import SERVICES
from shared.program.commands import COMMANDS, own
from tests.conformance.verbs import program
from tests.integration.identity.test_operator_verbs import added, run
from tests.rigs.identity import Identity
from tests.support.database import Database
from tests.support.tables import everything

pytestmark = pytest.mark.proves("ST-3")

DEAD_LETTER = (
    "INSERT INTO dead_letters (consumer, exchange, body, taken, reason, detail, attempts, died_at)"
    " VALUES ('identity.merges', 'merge.events', 'x', false, 'unreadable', 'no JSON', 0, now())"
    " RETURNING id"
)
READS = {
    *("serve", "settings", "check", "openapi", "asyncapi", "audit verify"),
    *("dead-letters list", "keys list", "projection list", "client list"),
    *("deliveries held", "deliveries failed", "deliveries show"),
    "suppressions list",
}
#: a call of each verb of identity's that changes rows; CLIENT and PRACTICE stand for ids
CALLS = {
    "practice add": ["Elm", "--contact", "desk", "--json"],
    "practice set": ["PRACTICE", "--reset-link-minutes", "30", "--name", "Oak Street"],
    "gateway add": ["Web", "--json"],
    "mail-server add": ["Mail", "--json"],
    "client add": ["PRACTICE", "Front desk", "--json"],
    "client rotate": ["CLIENT", "--json"],
    "client revoke": ["CLIENT"],
    "terms publish": ["2031-09", "TERMS"],
    "names re-key": [],
    "keys rotate": [],
    "keys re-encrypt": [],
    "dead-letters replay": ["--all"],
    "dead-letters discard": ["--all"],
    "purge": [],
}
ELSEWHERE = {
    "migrate": "below: it changes the schema, not rows",
    "topology": "it only names what it declares, and connects to no broker",
    "keys revoke": "below: the key has to be named",
    "audit drop-months": "tests/integration/runtime/test_audit_verbs.py",
    "snapshots publish": "tests/integration/runtime/test_snapshot_verbs.py",
    "projection rebuild": "tests/integration/runtime/test_snapshot_verbs.py",
    "deliveries resend": "notify's, by the same mechanism",
    "deliveries test-send": "likewise",
    "deliveries settle": "likewise",
    "suppressions lift": "likewise",
}


#: what the later of two calls is refused with; the others can be called twice
LATER = {"client revoke": ": there is none, or no more"}


@pytest.mark.parametrize("service", SERVICES)
def test_every_verb_reads_only_or_takes_dry_run_and_is_tried(service: str) -> None:
    for command in (*COMMANDS, *map(own, program(service).verbs)):
        assert command.changes is (command.name not in READS), command.name
        assert not command.changes or command.name in {*CALLS, *ELSEWHERE}, command.name


async def tables(database: Database) -> dict[str, list[str]]:
    """Every row that identity has."""
    async with database.connection("identity") as connection:
        return await everything(connection.fetch)


@pytest.mark.parametrize("verb", CALLS)
async def test_a_dry_run_says_what_it_does_and_leaves_every_row_as_it_was(
    verb: str,
    identity: Identity,
    database: Database,
    capsys: pytest.CaptureFixture[str],
) -> None:
    arguments = await called(identity, verb)
    before = await tables(database)
    capsys.readouterr()

    code = await run(identity, *verb.split(), *arguments, "--dry-run")

    told = capsys.readouterr()
    assert code == 0, told.err
    assert "dry run: nothing of it was done" in told.err
    assert await tables(database) == before
    assert await run(identity, *verb.split(), *arguments) == 0
    assert await tables(database) != before or verb in ("names re-key", "keys re-encrypt")


@pytest.mark.parametrize("verb", CALLS)
async def test_two_at_once_each_end_with_a_code_and_lines_of_their_own(
    verb: str, identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = await called(identity, verb)
    capsys.readouterr()

    codes = await asyncio.gather(*(run(identity, *verb.split(), *arguments) for _ in range(2)))

    told = capsys.readouterr()
    second = LATER.get(verb, "")
    assert (sorted(codes), second in told.err) == ([0, int(bool(second))], True), told.err
    assert len(told.err.splitlines()) == int(bool(second))
    assert told.out


@pytest.mark.parametrize("verb", [*CALLS, "audit verify", "keys list", "client list"])
async def test_before_an_older_schema_a_verb_says_so_and_does_nothing(
    verb: str, identity: Identity, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = await called(identity, verb)
    async with database.administrator() as connection:
        await connection.execute(
            "DELETE FROM identity.schema_migrations WHERE (folder, number) IN ("
            " SELECT folder, max(number) FROM identity.schema_migrations"
            " WHERE folder = 'identity' GROUP BY folder)"
        )
    before = await tables(database)
    capsys.readouterr()

    code = await run(identity, *verb.split(), *arguments)

    told = capsys.readouterr()
    assert (code, told.out) == (3, "")
    assert told.err.startswith("the schema lacks identity/")
    assert await tables(database) == before


async def called(identity: Identity, verb: str) -> Sequence[str]:
    """What is typed after the verb, once there is something that it can be about."""
    client_id, _ = await identity.a_practice_client()
    [row] = await identity.rows("SELECT practice_id::text AS id FROM clients")
    terms = importlib.import_module("services.identity").__path__[0]
    named = {"CLIENT": client_id, "PRACTICE": row["id"], "TERMS": str(Path(terms) / "terms")}
    await identity.rows(DEAD_LETTER)
    return [named.get(word, word) for word in CALLS.get(verb, [])]


async def test_a_dry_run_refuses_what_the_verb_refuses(
    identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    nobody = "11111111-1111-4111-8111-111111111111"

    codes = [
        await run(identity, "client", "revoke", nobody, "--dry-run"),
        await run(identity, "client", "add", nobody, "Front desk", "--dry-run"),
        await run(identity, "practice", "set", nobody, "--reset-link-minutes", "5", "--dry-run"),
    ]

    assert codes == [1, 1, 1]


async def test_a_key_is_not_revoked_though_nobody_said_yes(
    identity: Identity, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(identity, "keys", "rotate")
    capsys.readouterr()
    await run(identity, "keys", "list")
    kid = json.loads(capsys.readouterr().out.splitlines()[0])["kid"]
    before = await tables(database)

    assert await run(identity, "keys", "revoke", "--dry-run", "--", kid) == 0

    assert f"revoked {kid}" in capsys.readouterr().out
    assert await tables(database) == before


async def test_migrate_and_topology_name_what_they_would_make(
    identity: Identity, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    urls = {
        "PORTICO_MIGRATION_URL": database.migration_url("identity"),
        "PORTICO_BROKER_ADMIN_URL": "http://nobody:none@127.0.0.1:9",
    }

    codes = [
        await run(identity, "migrate", "--dry-run", environ=urls),
        await run(identity, "topology", "--remake", "identity.merges", "--dry-run", environ=urls),
    ]

    told = capsys.readouterr().out
    assert codes == [0, 0], told
    assert "0 to apply" in told
    assert "would delete identity.merges, with what it holds" in told
    assert "would make identity.merges, if missing" in told


async def test_what_is_replayed_and_discarded_leaves_a_row(identity: Identity) -> None:
    for verb in ("replay", "discard"):
        await identity.rows(DEAD_LETTER)
        assert await run(identity, "dead-letters", verb, "--all") == 0

    rows = await identity.rows(
        "SELECT action, actor, detail FROM audit_entries WHERE action LIKE 'dead-letters.%'"
        " ORDER BY at"
    )
    assert [tuple(row) for row in rows] == [
        ("dead-letters.replay", "operator", "letters:1"),
        ("dead-letters.discard", "operator", "letters:1"),
    ]


@pytest.mark.parametrize("verb", ["practice add", "gateway add", "mail-server add", "client add"])
async def test_the_secret_of_a_dry_run_is_not_shown(
    verb: str, identity: Identity, capsys: pytest.CaptureFixture[str]
) -> None:
    typed = [word for word in await called(identity, verb) if word != "--json"]

    made = await added(identity, capsys, *verb.split(), *typed, "--dry-run")

    assert made["client_secret"] == "none: a dry run"
