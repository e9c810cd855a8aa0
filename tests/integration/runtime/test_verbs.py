"""The operator's verbs against real servers, and a real process under SIGTERM."""

import argparse
import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from shared.audit.partitions import make_partitions
from shared.db import one_connection
from shared.program.commands import main
from shared.program.program import Plumbing, Verb
from shared.settings.service import ServiceSettings
from tests.integration.runtime.conftest import PROGRAM, verb
from tests.support import database as databases

DEAD_LETTER = (
    "INSERT INTO dead_letters (consumer, exchange, body, taken, reason, detail, attempts, died_at)"
    " VALUES ('merge.accounts', 'identity.events', 'x', false, 'unreadable', 'no JSON', 0, now())"
)

OVERDUE = (
    "INSERT INTO inbox_retry (consumer, exchange, body, taken, attempts, due_at, error, created_at)"
    " VALUES ('merge.accounts', 'identity.events', 'x', true, 1, now() - $1::interval, '', now())"
)


async def greet(plumbing: Plumbing[ServiceSettings], arguments: argparse.Namespace) -> int:
    await plumbing.database.ping()
    sys.stdout.write(f"hello {arguments.name}\n")
    return 0


GREET: Verb[ServiceSettings] = Verb(
    name="shop greet",
    help="say hello",
    run=greet,
    arguments=lambda parser: parser.add_argument("name"),
)


@pytest.mark.proves("ST-3")
async def test_migrate_and_topology_again_change_nothing(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await verb(environ, "migrate") == 0
    assert await verb(environ, "topology") == 0

    assert capsys.readouterr().out == "0 applied\napplied\n"


@pytest.mark.proves("ST-3")
async def test_check_warns_of_audit_partitions_that_run_out_until_migrate_makes_more(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await verb(environ, "check") == 1  # the tests' template has one month
    assert "WARN audit partitions: only 1 months ahead" in capsys.readouterr().out

    await verb(environ, "migrate")

    assert await verb(environ, "check") == 0
    assert "WARN" not in capsys.readouterr().out


async def test_check_names_dead_letters_and_retries_that_are_overdue(
    environ: dict[str, str], database: databases.Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await verb(environ, "migrate")
    async with database.connection("merge") as connection:
        await connection.execute(DEAD_LETTER)
        await connection.execute(OVERDUE, timedelta(hours=1))
        await connection.execute(OVERDUE, timedelta(hours=-1))

    assert await verb(environ, "check") == 1

    told = capsys.readouterr().out
    assert "WARN dead letters: 1, the oldest of 20" in told
    assert "WARN retries: 1 overdue, the oldest since 20" in told


@pytest.mark.parametrize(("ahead", "code"), [(3, 1), (4, 0)])
async def test_check_warns_when_audit_partitions_reach_only_three_months_ahead(
    environ: dict[str, str], database: databases.Database, ahead: int, code: int
) -> None:
    owner = database.migration_url("merge")
    async with one_connection(owner, application="test") as connection:
        now = await connection.fetchval("SELECT clock_timestamp()")
        await make_partitions(connection, now, ahead)

    assert await verb(environ, "check") == code


async def test_check_names_audit_rows_that_nobody_chains(
    environ: dict[str, str], database: databases.Database, capsys: pytest.CaptureFixture[str]
) -> None:
    async with database.connection("merge") as connection:
        await connection.execute(
            "INSERT INTO audit_pending VALUES (gen_random_uuid(), now() - interval '31 seconds')"
        )

    assert await verb(environ, "check") == 1

    assert "WARN audit chain: 1 rows wait to be chained" in capsys.readouterr().out


async def test_check_names_a_database_that_cannot_hold_every_name(
    environ: dict[str, str], template: databases.Template, capsys: pytest.CaptureFixture[str]
) -> None:
    async with template.foreign("latin1", "ENCODING 'LATIN1' LOCALE 'C'") as access:
        assert await verb({**environ, "PORTICO_DATABASE_URL": access.url("merge")}, "check") == 1

    told = capsys.readouterr().out
    assert "WARN database: the database's encoding is LATIN1, not UTF8" in told
    assert "WARN dead letters: UndefinedTableError 42P01" in told


async def test_check_and_every_verb_say_why_the_database_lets_nobody_in(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    url = environ["PORTICO_DATABASE_URL"].replace("merge:", "merge:hunter2")

    assert await verb({**environ, "PORTICO_DATABASE_URL": url}, "check") == 1
    assert await verb({**environ, "PORTICO_DATABASE_URL": url}, "audit", "verify") == 1

    told = capsys.readouterr()
    assert "WARN database: wrong password, or no such role (28P01)" in told.out
    assert "DatabaseUnavailable: wrong password, or no such role (28P01)" in told.err
    assert "hunter2" not in told.out + told.err


@pytest.mark.proves("ST-3")
async def test_dead_letters_are_listed_without_their_bodies_replayed_and_discarded(
    environ: dict[str, str], database: databases.Database, capsys: pytest.CaptureFixture[str]
) -> None:
    async with database.connection("merge") as connection:
        await connection.execute(DEAD_LETTER)

    assert await verb(environ, "dead-letters", "list") == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["consumer"] == "merge.accounts"
    assert "body" not in listed

    assert await verb(environ, "dead-letters", "replay", "--ids", str(listed["id"])) == 0
    assert await verb(environ, "dead-letters", "discard", "--all") == 0
    assert capsys.readouterr().out == "1 handed to the retry loop\n0 discarded\n"


@pytest.mark.proves("ST-3")
async def test_the_audit_chain_is_verified(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert await verb(environ, "audit", "verify") == 0
    assert "chain whole" in capsys.readouterr().out


async def test_a_service_s_own_verb_is_given_the_plumbing(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    program = replace(PROGRAM, verbs=(GREET,))

    code = await asyncio.to_thread(main, program, ("shop", "greet", "Ann"), environ)

    assert (code, capsys.readouterr().out) == (0, "hello Ann\n")


@asynccontextmanager
async def process(environ: dict[str, str]) -> AsyncIterator[asyncio.subprocess.Process]:
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "services.merge",
        env={"PATH": os.environ["PATH"], **environ},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def line(started: asyncio.subprocess.Process, event: str) -> dict[str, Any]:
    """Read log lines until that event."""
    assert started.stdout is not None
    async with asyncio.timeout(20):
        while raw := await started.stdout.readline():
            found: dict[str, Any] = json.loads(raw)
            if found["event"] == event:
                return found
    raise AssertionError(f"ended without {event}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_real_process_logs_where_it_listens_and_drains_on_a_signal(
    environ: dict[str, str], number: signal.Signals
) -> None:
    async with process(environ) as started:
        listening = await line(started, "listening")
        address = f"http://127.0.0.1:{listening['http_port']}"
        async with aiohttp.request("GET", f"{address}/health/live") as response:
            assert response.status == 200

        started.send_signal(number)

        assert (await line(started, "signal"))["signal"] == number.name
        await line(started, "stopped")
        assert await started.wait() == 0


async def test_a_port_that_is_taken_is_named_with_exit_1(environ: dict[str, str]) -> None:
    taken = await asyncio.start_server(lambda _, __: None, "127.0.0.1", 0)
    port = taken.sockets[0].getsockname()[1]

    async with taken, process({**environ, "PORTICO_HTTP_PORT": str(port)}) as started:
        _, told = await started.communicate()

    assert started.returncode == 1
    [said] = told.decode().splitlines()
    assert f"cannot listen on 127.0.0.1:{port}" in said
