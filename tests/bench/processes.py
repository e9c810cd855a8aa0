"""What a process costs, and short programs of the bench: a job on stdin, its outcome on stdout."""

import asyncio
import os
import resource
import sys
from typing import TypeVar

import msgspec

from deploy.local.stack import ROOT
from tests.bench.figures import NotMeasured
from tests.support.proc import fields_of

TICKS = os.sysconf("SC_CLK_TCK")
LONGEST = 120.0  # seconds for one job that does not say

T = TypeVar("T")


async def outcome_of(
    module: str, job: msgspec.Struct, kind: type[T], *, within: float = LONGEST
) -> T:
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
        async with asyncio.timeout(within):
            output, complaint = await process.communicate(msgspec.json.encode(job))
    except TimeoutError:
        raise NotMeasured(f"{module} took longer than {within:.0f} s") from None
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
    return sum(map(int, fields_of(pid)[11:13])) / TICKS
