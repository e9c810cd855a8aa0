"""The reset link (RC-3): whether a name is somebody's, by the time of a 202."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec

from tests.bench.rows.mailed import mailing
from tests.bench.site import Site
from tests.timing.pairs import Door
from tests.timing.snapshots import STATES, known, nobodys


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Door]:
    """Hold all services, so that what a hit leads to goes on behind the replies."""
    async with mailing(site) as ours:
        yield Door(
            job=ours.resets,
            accepted=202,
            known=partial(asked, site),
            others={
                "unknown": nobody,
                **{name: partial(asked, site, **said) for name, said in STATES.items()},
            },
        )


async def asked(site: Site, count: int, **said: Any) -> Sequence[str]:
    """Ask for a link for so many accounts, of which this is said; each once."""
    return [body(one.username) for one in await known(site, count, **said)]


async def nobody(count: int) -> Sequence[str]:
    """The same for names like theirs that are nobody's."""
    return [body(name) for name in nobodys(count)]


def body(name: str) -> str:
    return msgspec.json.encode({"name": name}).decode()
