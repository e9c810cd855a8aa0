"""What a process costs, and short programs of the bench: a job on stdin, its outcome on stdout."""

import asyncio
import os
import resource
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from deploy.local.stack import ROOT
from tests.bench.figures import NotMeasured

TICKS = os.sysconf("SC_CLK_TCK")
LONGEST = 120.0  # seconds for one job

T = TypeVar("T")


async def outcome_of(module: str, job: msgspec.Struct, kind: type[T]) -> T:
    """Run `python -m <module>` as a process of its own. Raises NotMeasured with its complaint."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", module),
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,  # a scheduling group of its own, as services have
    )
    try:
        async with asyncio.timeout(LONGEST):
            output, complaint = await process.communicate(msgspec.json.encode(job))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise NotMeasured(
            f"{module} ended with {process.returncode}:\n{complaint.decode()[-2000:]}"
        )
    return msgspec.json.decode(output, type=kind)


def given(kind: type[T]) -> T:
    """Read this process's own job."""
    return msgspec.json.decode(sys.stdin.buffer.read(), type=kind)


def tell(outcome: msgspec.Struct) -> None:
    """Write this process's own outcome."""
    sys.stdout.buffer.write(msgspec.json.encode(outcome))


def own_cpu() -> float:
    """Seconds that this process has spent."""
    spent = resource.getrusage(resource.RUSAGE_SELF)
    return spent.ru_utime + spent.ru_stime


def cpu_of(pid: int) -> float:
    """Seconds that a process has spent, its threads together, in ticks of 10 ms."""
    fields = stat(pid)
    return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_of_tree(root: int) -> float:
    """Seconds that a process and all it has started have spent, those that ended included."""
    total = 0.0
    for pid in tree(root):
        try:
            fields = stat(pid)
        except OSError:
            continue  # ended meanwhile; its parent has its time
        total += sum(map(int, fields[11:15])) / TICKS
    return total


def by_parent() -> Mapping[int, Sequence[int]]:
    """List every process of this machine under the one that started it."""
    found: dict[int, list[int]] = defaultdict(list)
    for path in Path("/proc").glob("[0-9]*"):
        try:
            found[int(stat(int(path.name))[1])].append(int(path.name))
        except OSError:
            continue
    return found


def tree(root: int) -> Iterator[int]:
    """List a process and its descendants."""
    children, waiting = by_parent(), [root]
    while waiting:
        pid = waiting.pop()
        waiting += children.get(pid, ())
        yield pid


def stat(pid: int) -> list[str]:
    """Read /proc/<pid>/stat from the state on: the name before it may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
