"""The link "this was not me" (RC-9): whether one is good, by the time of a 422.

Each link is tried once, with another date of birth: `link_invalid` tells no cause. Nobody unknown
has one, and a freeze has voided that of who is frozen.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID

import msgspec

from services.identity.accounts.model import NOT_ME, NOT_ME_LIFE
from tests.bench.load import Job
from tests.bench.rows.people import JSON
from tests.bench.site import Site
from tests.timing.accounts import QUICK, STATES, Accounts, State
from tests.timing.pairs import Door
from tests.timing.secrets import Secrets, Texts


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Door]:
    """Hold identity alone."""
    accounts = Accounts(site=site)
    links = of(accounts)
    held = {name: of(accounts, *states) for name, states in STATES.items()}
    classes = {
        **links.classes,
        **{f"of somebody {name}": each.live for name, each in held.items()},
        "of somebody frozen": held["frozen"].void,
    }
    async with site.services("identity", extra=QUICK) as (identity,):
        yield Door(
            job=Job(port=identity.http_port, path="/freezes", headers=JSON),
            accepted=422,
            known=partial(tried, links.live),
            others={name: partial(tried, made) for name, made in classes.items()},
        )


def of(accounts: Accounts, *states: State) -> Secrets:
    """Links of accounts in a state."""

    async def holders(count: int) -> Sequence[UUID]:
        return list(await accounts.made(count, *states))

    return Secrets(accounts=accounts, purpose=NOT_ME, life=NOT_ME_LIFE, owners=holders)


async def tried(links: Texts, count: int) -> Sequence[str]:
    """So many links with a date of birth that is nobody's."""
    return [
        msgspec.json.encode({"token": link, "birth_date": "1970-01-01"}).decode()
        for link in await links(count)
    ]
