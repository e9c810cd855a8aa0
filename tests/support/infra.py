"""The servers of a test run: the same module as `make run`, and a name for what this run makes."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local import servers
from deploy.local.servers import Servers
from shared.randomness import Randomness

FOLDER = Path(__file__).resolve().parents[2] / ".local"


@asynccontextmanager
async def open_servers(
    environ: dict[str, str], say: Callable[[str], None]
) -> AsyncIterator[Servers]:
    """Hold the servers for a run; a machine that loses power may lose the test's data."""
    async with servers.opened(environ, folder=FOLDER, say=say, durable=False) as found:
        yield found


def new_run_id() -> str:
    """Return what tells this run's databases and vhosts from another's on the same servers."""
    return Randomness().crockford(8).lower()
