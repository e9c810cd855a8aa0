"""The proof of an enrolment token (EN-1): whether a token is good, by the time of a 422.

Each token is tried once, with another person's name: `token_invalid` tells no cause. No account is
met here: a token is of a record that has none yet.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import msgspec

from tests.bench.load import Job
from tests.bench.rows.people import JSON
from tests.bench.site import Site
from tests.timing.accounts import QUICK, Accounts
from tests.timing.handed_out import HandedOut
from tests.timing.pairs import Door
from tests.timing.secrets import Texts


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Door]:
    """Hold identity alone."""
    tokens = (await HandedOut.at(Accounts(site=site))).tokens
    async with site.services("identity", extra=QUICK) as (identity,):
        yield Door(
            job=Job(port=identity.http_port, path="/enrolments/proofs", headers=JSON),
            accepted=422,
            known=partial(tried, tokens.live),
            others={name: partial(tried, made) for name, made in tokens.classes.items()},
        )


async def tried(tokens: Texts, count: int) -> Sequence[str]:
    """Proofs of so many tokens by another person."""
    return [
        msgspec.json.encode(
            {"token": token, "birth_date": "1970-01-01", "last_name": "Thorne"}
        ).decode()
        for token in await tokens(count)
    ]
