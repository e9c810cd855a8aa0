"""An operator's verbs as real processes, and what they say."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a verb ended."""

    code: int
    out: str
    err: str


@asynccontextmanager
async def begun(
    service: str, environ: Mapping[str, str], *argv: str, background: bool = False
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start a verb, as a terminal does or a script in the background, where Ctrl-C is ignored.

    It is killed where it has not ended.
    """
    on_ctrl_c = signal.SIG_IGN if background else signal.SIG_DFL
    started = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"services.{service}", *argv),
        env=dict(environ),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        preexec_fn=partial(signal.signal, signal.SIGINT, on_ctrl_c),
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def run(service: str, environ: Mapping[str, str], *argv: str) -> Said:
    """Run a verb to its end."""
    async with begun(service, environ, *argv) as started:
        out, err = await started.communicate()
        return Said(code=started.returncode or 0, out=out.decode(), err=err.decode())
