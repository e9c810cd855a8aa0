"""The proof of another account (MG-1): whether a name is somebody's, locked, or has two-step on.

A name, a password and a code are typed together. Each name is tried once, with a wrong password
beside a code of either form, or with the right one where it opens nothing.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

import aiohttp
import msgspec

from deploy.local import ports
from tests.bench.load import Job
from tests.bench.rows.people import JSON, answered
from tests.bench.seeds import PASSWORD, name_of
from tests.bench.site import Site
from tests.timing.accounts import CLASSES, QUICK, VERIFIED, Accounts, Names, State, by_username
from tests.timing.pairs import Door
from tests.timing.second_steps import (
    APP_CODE,
    GUESSED_AT,
    RECOVERY_CODE,
    SHUT_TWICE,
    TWO_STEP,
    waiting,
)

WRONG = "Wrong-Guess-1234"


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Door]:
    """Hold identity, and sessions that ask."""
    accounts = Accounts(site=site)
    async with site.services("identity", extra=QUICK) as (identity,):
        # What is sent as the right password is: it logs on where nothing is shut.
        await waiting(accounts, identity.http_port, await accounts.made(1, *VERIFIED))
        classes: dict[str, Names] = {**CLASSES, "two-step on": by_username(*TWO_STEP)}
        guessed = partial(partial, tried, accounts, code=RECOVERY_CODE)
        guesses = {f"{name}, recovery code": guessed(one) for name, one in GUESSED_AT.items()}
        yield Door(
            job=await asking(accounts, identity.http_port),
            renewed=partial(asking, accounts, identity.http_port),
            accepted=403,
            known=partial(tried, accounts, by_username(*VERIFIED)),
            others={
                **{name: partial(tried, accounts, names) for name, names in classes.items()},
                **{
                    f"{name}, right password": partial(tried, accounts, names, password=PASSWORD)
                    for name, names in SHUT_TWICE.items()
                },
                **guesses,
            },
            against=dict.fromkeys(guesses, guessed(by_username(*VERIFIED))),
        )


async def asking(accounts: Accounts, port: int, *afterwards: State) -> Job:
    """The verb, in a session of somebody new."""
    made = await accounts.made(1)
    [number] = made.values()
    said = msgspec.json.encode({"name": name_of(number), "password": PASSWORD})
    async with aiohttp.ClientSession() as http:
        body = await answered(http, f"http://{ports.LOOPBACK}:{port}/sessions", said, JSON)
    for state in afterwards:
        await state(accounts, made)
    return Job(
        port=port,
        path="/account/ownership-proofs",
        headers={**JSON, "Authorization": f"Bearer {body['access_token']}"},
    )


async def tried(
    accounts: Accounts, names: Names, count: int, *, password: str = WRONG, code: str = APP_CODE
) -> Sequence[str]:
    """Proofs of so many accounts of a class."""
    return [
        msgspec.json.encode({"name": name, "password": password, "code": code}).decode()
        for name in await names(accounts, count)
    ]
