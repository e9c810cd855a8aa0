"""The second step (MF-3): whether it is locked, by the time of a refused code.

At the proof of another account, since a code is typed there beside the right password, and no
log-on comes before each; what looks at the code is one for all verbs. Who asks has two-step on as
well, or would be told to set it up before any code is looked at (MG-5).
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from tests.bench.seeds import PASSWORD
from tests.bench.site import Site
from tests.timing.accounts import QUICK, Accounts, by_username
from tests.timing.doors.ownership import asking, tried
from tests.timing.pairs import Door
from tests.timing.second_steps import lock_codes, turn_on


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Door]:
    """Hold identity, and sessions that ask."""
    accounts = Accounts(site=site)
    async with site.services("identity", extra=QUICK) as (identity,):
        of = partial(partial, tried, accounts, password=PASSWORD)
        yield Door(
            job=await asking(accounts, identity.http_port, turn_on),
            renewed=partial(asking, accounts, identity.http_port, turn_on),
            accepted=403,
            known=of(by_username(turn_on)),
            others={
                "known as well": of(by_username(turn_on)),  # what the lab itself adds
                "locked": of(by_username(turn_on, lock_codes)),
            },
        )
