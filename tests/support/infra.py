"""The servers of a test run: the same module as `make run`, and a name for what this run makes."""

import fcntl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from deploy.local import servers
from deploy.local.processes import reap
from deploy.local.servers import Servers, Source
from shared.randomness import Randomness
from tests.support.leftovers import drop_leftovers, real_time

FOLDER = Path(__file__).resolve().parents[2] / ".local"


@asynccontextmanager
async def open_servers(
    environ: dict[str, str], say: Callable[[str], None]
) -> AsyncIterator[Servers]:
    """Hold the servers for a run; a machine that loses power may lose the test's data."""
    await reap(FOLDER, say)
    async with servers.opened(environ, folder=FOLDER, say=say, durable=False) as found:
        if found.source is Source.URLS:  # others end with the run that started them
            await drop_leftovers(found, now=real_time())
        yield found


@contextmanager
def one_at_a_time(what: str) -> Iterator[None]:
    """Hold a lock between the workers of a run, and between runs, of this checkout."""
    FOLDER.mkdir(mode=0o755, parents=True, exist_ok=True)
    with (FOLDER / f"{what}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def new_run_id() -> str:
    """Return what tells this run's databases and vhosts from another's on the same servers."""
    return Randomness().crockford(8).lower()
