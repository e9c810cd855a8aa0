"""What a run starts ends with it, also when the run itself is killed."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path
from subprocess import PIPE, Popen

import msgspec
import pytest
import pytest_asyncio

from deploy.client.eventually import eventually
from deploy.local import ports
from deploy.local.errors import PortsHeld, ProgramFailed
from deploy.local.processes import Run, RunRecord, Trace, lives, reap, trace
from deploy.local.stack_ports import Ports

SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]
STARTER = """
import os, sys, time
from pathlib import Path
from deploy.local.processes import Run
run = Run(Path(sys.argv[1]))
program = run.start("child", [sys.executable, "-c", "import time; time.sleep(600)"],
                    environ=os.environ, log=Path(sys.argv[1]) / "child.log")
print(program.pid, flush=True)
time.sleep(600)
"""
DRAW = """
import sys
from deploy.local import ports
ports.LOWEST, ports.HIGHEST = 20000, 20100
print(*ports.free_ports(30), flush=True)
sys.stdin.read()
"""


def start(run: Run, command: list[str], *, grace: float = 15) -> Trace:
    log = run.folder / "child.log"
    program = run.start("child", command, environ={}, log=log, grace=grace)
    found = trace(program.pid)
    assert found is not None
    return found


def left_behind(folder: Path, owner: Trace, process: Trace) -> Path:
    """Write the record of a run that has crashed."""
    (folder / "runs").mkdir(exist_ok=True)
    file = folder / "runs" / "crashed.json"
    kept = folder / "kept"
    kept.mkdir()
    record = RunRecord(owner=owner, processes=[process], folders=[str(kept)])
    file.write_bytes(msgspec.json.encode(record))
    return file


@pytest_asyncio.fixture
async def run(tmp_path: Path) -> AsyncIterator[Run]:
    """A run in a folder of its own; stopped again, nothing happens."""
    made = Run(tmp_path)
    yield made
    await made.stop()


async def test_a_stopped_run_leaves_no_process_folder_or_record(run: Run, tmp_path: Path) -> None:
    child = start(run, SLEEP)
    folder = run.private_folder("data")

    await run.stop()

    assert not lives(child)
    assert not folder.exists()
    assert list((tmp_path / "runs").iterdir()) == []


async def test_a_program_that_does_not_listen_to_sigterm_is_killed(run: Run) -> None:
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); "
    child = start(run, [sys.executable, "-c", deaf + "time.sleep(600)"], grace=0.2)
    log = run.folder / "child.log"
    await eventually(lambda: check("1" in log.read_text()))

    await run.stop()

    assert not lives(child)


def check(holds: bool) -> None:
    assert holds


async def test_a_program_dies_with_its_starter_however_that_one_dies(tmp_path: Path) -> None:
    starter = await asyncio.create_subprocess_exec(
        sys.executable, "-c", STARTER, tmp_path, stdout=asyncio.subprocess.PIPE
    )
    assert starter.stdout is not None
    child = trace(int(await starter.stdout.readline()))
    assert child is not None

    starter.send_signal(signal.SIGKILL)

    await eventually(lambda: check(not lives(child)))
    await starter.wait()


async def test_what_a_crashed_run_left_is_ended_by_the_next(run: Run, tmp_path: Path) -> None:
    child = start(run, SLEEP)
    record = left_behind(tmp_path, Trace(child.pid, "long gone"), child)

    await reap(tmp_path, lambda _: None)

    await eventually(lambda: check(not lives(child)))
    assert not record.exists()
    assert not (tmp_path / "kept").exists()


async def test_another_program_with_a_recorded_pid_is_left_alone(run: Run, tmp_path: Path) -> None:
    child = start(run, SLEEP)
    left_behind(tmp_path, Trace(child.pid, "long gone"), Trace(child.pid, "another start"))

    await reap(tmp_path, lambda _: None)

    assert lives(child)


async def test_a_program_that_ended_is_told_with_its_last_words(run: Run) -> None:
    start(run, [sys.executable, "-c", "raise SystemExit('no such setting')"])
    program = run.programs[0]
    await asyncio.to_thread(program.process.wait)

    with pytest.raises(ProgramFailed, match="no such setting"):
        program.check()


async def test_a_held_port_is_told_with_who_holds_it() -> None:
    server = await asyncio.start_server(lambda *_: None, ports.LOOPBACK, 0)
    port = server.sockets[0].getsockname()[1]
    mail = ports.free_port()
    held = Ports(smtp=port, mail=mail, desk=mail, portal=(), portal_metrics=(), http={}, metrics={})

    with pytest.raises(PortsHeld, match=rf"{port}: process {os.getpid()} \("):
        held.check()
    server.close()
    await server.wait_closed()


def test_the_ports_of_three_of_each_are_ten_apart_and_no_two_alike() -> None:
    fixed, free = Ports.fixed(replicas=3), Ports.free(replicas=3)

    assert fixed.http["identity"] == (8101, 8111, 8121)
    assert fixed.metrics["notify"] == (9104, 9114, 9124)
    assert fixed.portal == (8100, 8110, 8120)
    for listening in (fixed.listeners, free.listeners):
        assert len(set(listening)) == len(listening) == 3 + 2 * 3 * 5


def test_two_runs_never_draw_one_port() -> None:
    command = [sys.executable, "-c", DRAW]
    with ExitStack() as until_all_have_drawn:
        draws = [
            until_all_have_drawn.enter_context(Popen(command, stdin=PIPE, stdout=PIPE, text=True))
            for _ in range(2)
        ]
        drawn = [port for each in draws if each.stdout for port in each.stdout.readline().split()]

    assert len(set(drawn)) == len(drawn) == 2 * 30


async def test_a_server_listens_on_the_port_that_was_drawn_for_it() -> None:
    port = ports.free_port()

    async with await asyncio.start_server(lambda *_: None, ports.LOOPBACK, port):
        assert not ports.is_free(port)
    assert ports.is_free(port)
