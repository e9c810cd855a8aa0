"""Enrolment with an e-mail (EN-1, ID-6): whether an address is somebody's, by the time of a 201.

Each enrols with a good token under a name of its own; only whose address it claims differs. Who has
no account e-mail has none to be claimed. Which token is good is the door `tokens`; that a username
is taken is told to whoever has a good one.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import msgspec

from tests.bench.load import Job
from tests.bench.rows.mailed import mailing
from tests.bench.rows.people import JSON
from tests.bench.seeds import PASSWORD
from tests.bench.site import Site
from tests.timing.accounts import QUICK, STATES, VERIFIED, Accounts, Names, by_email
from tests.timing.handed_out import BORN, LAST_NAME, TERMS, HandedOut
from tests.timing.pairs import Door


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Door]:
    """Hold all services, so that what is mailed goes on behind the replies."""
    accounts = Accounts(site=site)
    tokens = await HandedOut.at(accounts)
    async with mailing(site, of_identity=QUICK["identity"]) as ours:
        yield Door(
            job=Job(port=ours.of("identity").http_port, path="/enrolments", headers=JSON),
            accepted=201,
            known=partial(enrolling, tokens, by_email(*VERIFIED)),
            others={
                "unknown": partial(enrolling, tokens, nobodys_address),
                **{
                    name: partial(enrolling, tokens, by_email(*states))
                    for name, states in STATES.items()
                    if states
                },
            },
        )


async def enrolling(tokens: HandedOut, addresses: Names, count: int) -> Sequence[str]:
    """So many who enrol, and claim an address of a class."""
    accounts = tokens.accounts
    return [
        msgspec.json.encode(
            {
                "terms_version": TERMS,
                "token": token,
                "birth_date": BORN,
                "last_name": LAST_NAME,
                "email": address,
                "username": f"bench.new.{next(accounts.numbers)}",
                "password": PASSWORD,
            }
        ).decode()
        for token, address in zip(
            await tokens.tokens.live(count), await addresses(accounts, count), strict=True
        )
    ]


async def nobodys_address(accounts: Accounts, count: int) -> Sequence[str]:
    """Addresses that nobody has."""
    return [f"nobody{next(accounts.numbers)}@mail.example" for _ in range(count)]
