"""`python -m deploy.local` as a person runs it: what a signal ends, and with which exit code."""

import asyncio
import signal
import sys
from pathlib import Path

import msgspec
import pytest

from deploy.client.eventually import eventually
from deploy.local import __main__ as program
from deploy.local import postgres, rabbitmq
from deploy.local.addresses import ClientCredentials, PracticeCredentials, StackAddresses
from deploy.local.processes import RunRecord
from tests.support.infra import FOLDER

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
)

installed = pytest.mark.skipif(
    postgres.find() is None or rabbitmq.find() is None,
    reason="PostgreSQL and RabbitMQ are not installed on this machine",
)


def sessions() -> dict[int, int]:
    """Return the session of every process that lives: each program of a run leads its own."""
    found = {}
    for file in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = file.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # gone
        if fields[0] != "Z":
            found[int(file.parent.name)] = int(fields[3])
    return found


def of_run(record: RunRecord) -> dict[int, int]:
    """Return the processes that the run has started, and those that they have."""
    leaders = {process.pid for process in record.processes}
    return {pid: session for pid, session in sessions().items() if session in leaders}


def folders_left(record: RunRecord) -> list[str]:
    """Return the folders of the run that are still there."""
    return [folder for folder in record.folders if Path(folder).exists()]


async def servers_started() -> asyncio.subprocess.Process:
    """Start `make servers`."""
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
    assert (of_run(record), await asyncio.to_thread(file.exists)) == ({}, False)
    assert folders_left(record) == []


@installed
async def test_a_signal_ends_servers_with_130_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SERVERS", "local")
    started = await servers_started()
    await urls_told(started)

    await ends(started, signal.SIGTERM, *record_of(started, programs=3))


@installed
async def test_ctrl_c_while_servers_start_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVERS", "local")
    started = await servers_started()
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
