"""What is over goes at once by an operator's verb, in every service, by real processes (ST-3)."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from shared.contracts.topology import SERVICES
from shared.program.own_loops import SWEPT
from tests.rigs.replica import environment
from tests.rigs.verbs import Said, begun, run
from tests.support import database as databases

pytestmark = pytest.mark.proves("ST-3")
OVER, YOUNG = 2 * SWEPT + 7, 3
OLD, RECENT = timedelta(days=31), timedelta(days=29)
SPENT = """
INSERT INTO spent_grants (issuer, jti, act, spent_at)
SELECT $1, gen_random_uuid(), 'reset', now() - $2::interval FROM generate_series(1, $3)
"""
OTHERS = """
WITH ends (one, at) AS (VALUES ('over', now() - interval '1 s'), ('young', now() + interval '1 d')),
answered AS (
    INSERT INTO idempotency_keys (caller, verb, key, body_digest, expires_at)
    SELECT 'anonymous', 'v', 'of ' || one || '...', sha256(''), at FROM ends
), secrets AS (
    INSERT INTO one_time_secrets (
        id, purpose, digest, owner, state, issued_at, expires_at, kept_until, ended_at
    )
    SELECT gen_random_uuid(), 'p', sha256(one::bytea), gen_random_uuid(), 'used',
        at - interval '2 d', at - interval '1 d', at, at - interval '1 d'
    FROM ends
)
INSERT INTO limits (purpose, key, taken_at, granted, idle_at)
SELECT 'p', one::bytea, '{}', 0, at FROM ends
"""
SWEPT_TOO = ("idempotency_keys", "one_time_secrets", "limits")
TAKEN = """
INSERT INTO inbox (consumer, publisher, event_id, received_at)
SELECT 'q', 'p', gen_random_uuid(), now() - interval '46 days' FROM generate_series(1, 12)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attic:
    """A service with more that is over than goes in two batches, and with what is not."""

    service: str
    database: databases.Database

    @property
    def environ(self) -> dict[str, str]:
        return environment(self.service, self.database.url(self.service))

    async def purge(self, *argv: str) -> Said:
        return await run(self.service, self.environ, "purge", *argv)

    async def left(self) -> tuple[int, int]:
        """Grants that are over, and others."""
        async with self.database.connection(self.service) as connection:
            [row] = await connection.fetch(
                "SELECT count(*) FILTER (WHERE issuer = 'over') AS over,"
                " count(*) FILTER (WHERE issuer = 'young') AS young FROM spent_grants"
            )
        return row["over"], row["young"]

    async def audited(self) -> list[str]:
        async with self.database.connection(self.service) as connection:
            rows = await connection.fetch(
                "SELECT detail FROM audit_entries WHERE action = 'purge' ORDER BY at, detail"
            )
        return [row["detail"] for row in rows]


async def filled(service: str, database: databases.Database) -> Attic:
    async with database.connection(service) as connection:
        await connection.execute(SPENT, "over", OLD, OVER)
        await connection.execute(SPENT, "young", RECENT, YOUNG)
        await connection.execute(OTHERS)
        await connection.execute(TAKEN)
    return Attic(service=service, database=database)


@pytest_asyncio.fixture
async def attic(database: databases.Database) -> AsyncIterator[Attic]:
    yield await filled("recovery", database)


@pytest.mark.parametrize("service", SERVICES)
async def test_what_is_over_goes_to_the_last_row_and_nothing_else(
    service: str, database: databases.Database
) -> None:
    attic = await filled(service, database)

    said = await attic.purge()

    assert said.code == 0, said.err
    lines = said.out.splitlines()
    assert f"purged {OVER} spent grants" in lines
    assert "purged 12 ids of messages that were taken" in lines
    for what in ("idempotency keys", "one-time secrets", "counts"):
        assert f"purged 1 {what}" in lines
    async with database.connection(service) as connection:
        for table in SWEPT_TOO:
            assert await connection.fetchval(f"SELECT count(*) FROM {table}") == 1  # noqa: S608
    assert lines[-1] == "done"
    assert await attic.left() == (0, YOUNG)
    audited = await attic.audited()
    assert "begun" in audited
    assert f"ended:spent-grants:{OVER}" in audited


async def test_what_would_go_is_counted_before(attic: Attic) -> None:
    said = await attic.purge("--dry-run")

    assert (said.code, said.err) == (0, "dry run: nothing of it was done\n")
    assert f"would purge {OVER} spent grants" in said.out.splitlines()
    assert await attic.left() == (OVER, YOUNG)
    assert await attic.audited() == []


async def test_of_two_at_once_each_row_goes_by_one(attic: Attic) -> None:
    both = await asyncio.gather(attic.purge(), attic.purge())

    assert [said.code for said in both] == [0, 0], [said.err for said in both]
    counts = [
        int(line.split()[1])
        for said in both
        for line in said.out.splitlines()
        if line.endswith(" spent grants")
    ]
    assert (sum(counts), len(counts)) == (OVER, 2)
    assert await attic.left() == (0, YOUNG)


async def test_interrupted_it_says_so_and_the_next_call_takes_what_is_left(attic: Attic) -> None:
    """It stands before its first batch, and waits for whoever reads there."""

    async def has_begun() -> None:
        assert await attic.audited() == ["begun"]

    async with attic.database.connection("recovery") as holder, holder.transaction():
        await holder.execute("LOCK TABLE spent_grants IN SHARE MODE")
        patient = {**attic.environ, "PORTICO_POOL_WAIT_SECONDS": "20"}  # also on a busy machine
        async with begun("recovery", patient, "purge") as verb:
            await eventually(has_begun, within=60)
            verb.terminate()
            _, told = await verb.communicate()

    assert (verb.returncode, "interrupted: " in told.decode()) == (130, True), told
    assert await attic.left() == (OVER, YOUNG)
    assert (await attic.purge()).code == 0
    assert await attic.left() == (0, YOUNG)


async def test_a_schema_that_lacks_something_is_left_alone(attic: Attic) -> None:
    async with attic.database.connection("recovery_migration") as owner:
        await owner.execute(
            "DELETE FROM recovery.schema_migrations"
            " WHERE folder = 'recovery' AND number = (SELECT max(number)"
            " FROM recovery.schema_migrations WHERE folder = 'recovery')"
        )

    said = await attic.purge()

    assert (said.code, said.out) == (3, "")
    assert "run `migrate`" in said.err
    assert await attic.left() == (OVER, YOUNG)
