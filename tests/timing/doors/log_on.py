"""Log-on (LG-1, LG-2, RC-9): whether a name is somebody's, locked or frozen, by the time of a 401.

Each name is tried once, with a wrong password, or with the right one where it opens nothing.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import msgspec

from tests.bench.load import Job
from tests.bench.rows.people import JSON
from tests.bench.seeds import PASSWORD
from tests.bench.site import Site
from tests.timing.accounts import CLASSES, QUICK, SHUT, VERIFIED, Accounts, Names, by_username
from tests.timing.pairs import Door
from tests.timing.second_steps import waiting

WRONG = "Wrong-Guess-1234"


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Door]:
    """Hold identity alone: what a lock leads to goes on behind the replies."""
    accounts = Accounts(site=site)
    async with site.services("identity", extra=QUICK) as (identity,):
        # What is sent as the right password is: it logs on where nothing is shut.
        await waiting(accounts, identity.http_port, await accounts.made(1, *VERIFIED))
        yield Door(
            job=Job(port=identity.http_port, path="/sessions", headers=JSON),
            accepted=401,
            known=partial(tried, accounts, by_username(*VERIFIED)),
            others={
                **{name: partial(tried, accounts, names) for name, names in CLASSES.items()},
                **{
                    f"{name}, right password": partial(tried, accounts, names, password=PASSWORD)
                    for name, names in SHUT.items()
                },
            },
        )


async def tried(
    accounts: Accounts, names: Names, count: int, *, password: str = WRONG
) -> Sequence[str]:
    """Log-ons with so many names of a class."""
    return [
        msgspec.json.encode({"name": name, "password": password}).decode()
        for name in await names(accounts, count)
    ]
