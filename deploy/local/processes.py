"""The programs that one run starts, and their end: in order, or by the next run after a crash."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar, overload

import msgspec

from deploy.local.errors import ProgramFailed

LEASH = Path(__file__).with_name("leash.py")
UNKNOWN = "?"  # the start of a process, on a system without /proc
KEPT_LINES = 30  # of a program's log, shown when it fails

T = TypeVar("T")
U = TypeVar("U")
Say = Callable[[str], None]


class Trace(msgspec.Struct, frozen=True):
    """A process as the kernel knows it. A pid alone may be another program's by now."""

    pid: int
    started: str


class RunRecord(msgspec.Struct):
    """What a run has to its name, on disk while it lives."""

    owner: Trace
    processes: list[Trace] = []
    folders: list[str] = []


def trace(pid: int) -> Trace | None:
    """Return the process's pid, boot and start time, or None where it lives no more."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    return None if fields[0] == "Z" else Trace(pid, f"{boot}/{fields[19]}")


def known(pid: int) -> Trace:
    """Return the trace of a process that was just there, as far as this system tells."""
    return trace(pid) or Trace(pid, UNKNOWN)


def lives(process: Trace) -> bool:
    """True while exactly this process lives."""
    return trace(process.pid) == process


def is_gone(owner: Trace) -> bool:
    """True when what this process started is nobody's; never where the system does not tell."""
    return owner.started != UNKNOWN and not lives(owner)


@dataclass(slots=True)
class Program:
    """A started program, in a session of its own so that Ctrl-C reaches only its starter."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path
    stop_signal: int
    grace: float  # seconds to end by itself; none where nothing of it is kept

    @property
    def pid(self) -> int:
        return self.process.pid

    def check(self) -> None:
        """Raise ProgramFailed, with the end of its log, once it has ended."""
        code = self.process.poll()
        if code is not None:
            raise ProgramFailed(f"{self.name} ended with {code}:\n{self.last_words()}")

    def last_words(self) -> str:
        """Return the end of its log."""
        lines = self.log.read_text(errors="replace").splitlines() if self.log.exists() else []
        return "\n".join(f"  | {line}" for line in lines[-KEPT_LINES:])

    def kill(self) -> None:
        """SIGKILL to it and all it started; nothing is waited for."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)

    async def stop(self) -> None:
        """Ask it to end; kill it and all it started when its grace is over."""
        if self.grace and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
        try:
            await asyncio.to_thread(self.process.wait, self.grace)
        except subprocess.TimeoutExpired:
            self.kill()
            await asyncio.to_thread(self.process.wait)


@dataclass(slots=True)
class Run:
    """One run's programs and folders, written down under `.local/runs` before they are used."""

    folder: Path  # .local
    record: RunRecord = field(init=False)
    programs: list[Program] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.record = RunRecord(owner=known(os.getpid()))
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        (self.folder / "runs").mkdir(exist_ok=True)

    @property
    def file(self) -> Path:
        """Its record. One process may have two runs: they differ by their place in memory."""
        return self.folder / "runs" / f"{self.record.owner.pid}-{id(self):x}.json"

    def private_folder(
        self, name: str, *, user: str | None = None, base: Path | None = None
    ) -> Path:
        """Make a folder that only this user can read; it is removed when the run ends.

        Under `base`, or `.local`, where the user can reach it; else in the temporary folder.
        """
        base = base or self.folder / "servers"
        base.mkdir(mode=0o755, exist_ok=True)
        reachable = user is None or all(
            parent.stat().st_mode & 0o001 for parent in (base, *base.resolve().parents)
        )
        made = Path(tempfile.mkdtemp(prefix=f"portico-{name}-", dir=base if reachable else None))
        if user is not None:
            account = pwd.getpwnam(user)
            os.chown(made, account.pw_uid, account.pw_gid)
        self.record.folders.append(str(made))
        self.write()
        return made

    def start(
        self,
        name: str,
        command: Sequence[str | Path],
        *,
        environ: Mapping[str, str],
        log: Path,
        folder: Path | None = None,
        user: str | None = None,
        stop_signal: int = signal.SIGTERM,
        grace: float = 15.0,
    ) -> Program:
        """Start a program that gets the stop signal when this process dies, however it dies."""
        leash = [sys.executable, "-I", "-S", str(LEASH)]
        bond = [str(os.getpid()), str(int(stop_signal)), user or "-"]
        program_file = shutil.which(command[0], path=environ.get("PATH"))
        if program_file is None:
            raise ProgramFailed(f"{command[0]} is not a program of this machine")
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*leash, *bond, program_file, *map(str, command[1:])],
                env=dict(environ),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        program = Program(name, process, log, stop_signal, grace)
        self.programs.append(program)
        self.record.processes.append(known(process.pid))
        self.write()
        return program

    async def stop(self) -> None:
        """Stop every program, the last started first; remove the folders and the record."""
        while self.programs:
            await self.programs.pop().stop()
        for folder in self.record.folders:
            shutil.rmtree(folder, ignore_errors=True)
        self.file.unlink(missing_ok=True)

    def write(self) -> None:
        """Keep the record on disk, for the next run to find if this one crashes: always whole."""
        new = self.file.with_suffix(".new")
        new.write_bytes(msgspec.json.encode(self.record))
        new.replace(self.file)


async def reap(folder: Path, say: Say) -> None:
    """End what a crashed run left behind: known by pid and start time, never by name."""
    for file in sorted((folder / "runs").glob("*.json")):
        try:
            record = msgspec.json.decode(file.read_bytes(), type=RunRecord)
        except (OSError, msgspec.DecodeError):
            continue  # gone, or none of ours
        if not is_gone(record.owner):
            continue
        left = [process for process in reversed(record.processes) if lives(process)]
        if left:
            say(f"ending {len(left)} programs that a run before this one left behind")
        for process in left:
            await end(process)
        for path in record.folders:
            shutil.rmtree(path, ignore_errors=True)
        file.unlink(missing_ok=True)


async def end(process: Trace, *, grace: float = 10.0) -> None:
    """SIGTERM, then SIGKILL, to exactly this process; another run may be ending it as well."""
    with suppress(ProcessLookupError):
        os.kill(process.pid, signal.SIGTERM)
        for _ in range(int(grace / 0.05)):
            if not lives(process):
                return
            await asyncio.sleep(0.05)
        os.kill(process.pid, signal.SIGKILL)


@overload
async def together(
    first: Coroutine[Any, Any, T], second: Coroutine[Any, Any, U], /
) -> tuple[T, U]: ...
@overload
async def together(*work: Coroutine[Any, Any, T]) -> tuple[T, ...]: ...
async def together(*work: Coroutine[Any, Any, Any]) -> tuple[Any, ...]:
    """Do all of it at once; the first that fails ends the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(each) for each in work]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
    return tuple(task.result() for task in tasks)


def unprivileged(user: str) -> str | None:
    """Return the user to become when we are root and it exists, else None."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(user).pw_name
    except KeyError:
        return None
