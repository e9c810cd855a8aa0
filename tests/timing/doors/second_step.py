"""The second step (MF-3): whether it is locked, by the time of a refused code.

At the proof of another account, since a code is typed there beside the right password, and no
log-on comes before each; what looks at the code is one for all verbs. Who asks has two-step on as
well, or would be told to set it up before any code is looked at (MG-5). Guesses of one form are
held against others of that form.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from tests.bench.seeds import PASSWORD
from tests.bench.site import Site
from tests.timing.accounts import QUICK, Accounts, by_username
from tests.timing.doors.ownership import asking, tried
from tests.timing.pairs import Door
from tests.timing.second_steps import GUESSES, REFUSED, TWO_STEP, turn_on


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Door]:
    """Hold identity, and sessions that ask."""
    accounts = Accounts(site=site)
    async with site.services("identity", extra=QUICK) as (identity,):
        of = partial(partial, tried, accounts, password=PASSWORD)
        known = by_username(*TWO_STEP)
        classes = {
            f"{name}, by {form}": (code, names)
            for form, code in GUESSES.items()
            for name, names in REFUSED.items()
        }
        yield Door(
            job=await asking(accounts, identity.http_port, turn_on),
            renewed=partial(asking, accounts, identity.http_port, turn_on),
            accepted=403,
            known=of(known),
            others={name: of(names, code=code) for name, (code, names) in classes.items()},
            against={name: of(known, code=code) for name, (code, _) in classes.items()},
        )
