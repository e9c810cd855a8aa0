"""`python -m deploy.local` as a person runs it: what a signal ends, and with which exit code."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from deploy.local import __main__ as program
from deploy.local import postgres, rabbitmq
from deploy.local.addresses import ClientCredentials, PracticeCredentials, StackAddresses
from deploy.local.processes import RunRecord
from tests.support.infra import FOLDER
from tests.support.proc import SESSION, STATE, processes

STARTED_WITHIN = 100.0
ADDRESSES = StackAddresses(
    services={"identity": ("http://127.0.0.1:8101",)},
    metrics={"identity": ("http://127.0.0.1:9101",)},
    smtp_url="smtp://127.0.0.1:8125",
    mails="http://127.0.0.1:8180",
    portal="http://localhost:8100",
    desk="http://localhost:8109",
    portals=("http://127.0.0.1:8100",),
    clock_file=FOLDER / "clock",
    practice=PracticeCredentials(practice_id="p", client_id="c", client_secret="s"),
    neighbour=PracticeCredentials(practice_id="n", client_id="d", client_secret="s"),
    gateway=ClientCredentials(client_id="g", client_secret="s"),
    mail_server=ClientCredentials(client_id="m", client_secret="s"),
)


def of_run(record: RunRecord) -> set[int]:
    """Return the processes of the run: each program of it leads a session of its own."""
    leaders = {process.pid for process in record.processes}
    return {
        pid
        for pid, fields in processes()
        if fields[STATE] != "Z" and int(fields[SESSION]) in leaders
    }


@pytest_asyncio.fixture
async def started(monkeypatch: pytest.MonkeyPatch) -> asyncio.subprocess.Process:
    """`make servers`, with servers of this machine."""
    if postgres.find() is None or rabbitmq.find() is None:
        pytest.skip("PostgreSQL and RabbitMQ are not installed on this machine")
    monkeypatch.setenv("SERVERS", "local")
    command = (sys.executable, "-m", "deploy.local", "servers")
    return await asyncio.create_subprocess_exec(
        *command, cwd=FOLDER.parent, stdout=asyncio.subprocess.PIPE
    )


async def urls_told(started: asyncio.subprocess.Process) -> None:
    """Wait until both servers answer."""
    assert started.stdout is not None
    async with asyncio.timeout(STARTED_WITHIN):
        async for line in started.stdout:
            if line.startswith(b"export PORTICO_RABBITMQ_MANAGEMENT_URL"):
                break


def record_of(started: asyncio.subprocess.Process, *, programs: int) -> tuple[Path, RunRecord]:
    """Return the run's record, once it has started so many programs."""
    files = list((FOLDER / "runs").glob(f"{started.pid}-*.json"))
    assert files
    record = msgspec.json.decode(files[0].read_bytes(), type=RunRecord)
    assert len(record.processes) >= programs
    return files[0], record


async def ends(
    started: asyncio.subprocess.Process, number: signal.Signals, file: Path, record: RunRecord
) -> None:
    """Assert that the signal ends it with 130, and that nothing of it is left."""
    assert len(of_run(record)) >= 3  # PostgreSQL, RabbitMQ and its port mapper

    started.send_signal(number)
    said, _ = await started.communicate()

    assert (started.returncode, said.splitlines()[-1]) == (130, b"stopped")
    assert (of_run(record), await asyncio.to_thread(file.exists)) == (set(), False)
    assert not await asyncio.to_thread(lambda: [*filter(os.path.exists, record.folders)])


async def test_a_signal_ends_servers_with_130_and_leaves_nothing(
    started: asyncio.subprocess.Process,
) -> None:
    await urls_told(started)

    await ends(started, signal.SIGTERM, *record_of(started, programs=3))


async def test_ctrl_c_while_servers_start_leaves_nothing(
    started: asyncio.subprocess.Process,
) -> None:
    programs = 4  # initdb, and the three that stay
    there = await eventually(lambda: record_of(started, programs=programs), within=STARTED_WITHIN)

    await ends(started, signal.SIGINT, *there)


@pytest.mark.parametrize(("outcome", "code"), [(0, 130), (1, 1)])
async def test_a_failed_tour_is_told_below_the_addresses_and_by_the_exit_code(
    outcome: int, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    staying = asyncio.create_task(program.stay(ADDRESSES, outcome))
    await asyncio.sleep(0)

    staying.cancel()

    assert await staying == code
    *addresses, last = capsys.readouterr().out.strip().split("\n\n")
    assert last == "Ctrl-C stops everything."
    assert [told for told in addresses[1:] if told.startswith("THE TOUR FAILED")] == addresses[1:]
    assert len(addresses) == 1 + outcome
