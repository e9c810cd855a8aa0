"""A practice added to an existing account (EN-5, LG-2, EN-1): whether a name is somebody's, locked,
frozen or has two-step on, or whether a token is good, by the time of a 401.

A token, a name, a password and a code are typed together. Each is tried once: with a wrong
password beside a code of either form, or with the right one where it opens nothing. Only who has
proven the account hears of the token.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import msgspec

from tests.bench.load import Job
from tests.bench.rows.people import JSON
from tests.bench.seeds import PASSWORD
from tests.bench.site import Site
from tests.timing.accounts import CLASSES, QUICK, VERIFIED, Accounts, Names, by_username
from tests.timing.handed_out import HandedOut
from tests.timing.pairs import Door
from tests.timing.second_steps import (
    APP_CODE,
    GUESSED_AT,
    GUESSES,
    RECOVERY_CODE,
    REFUSED,
    SHUT_TWICE,
    TWO_STEP,
    waiting,
)
from tests.timing.secrets import Texts

WRONG = "Wrong-Guess-1234"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What is sent beside names of a class."""

    accounts: Accounts
    tokens: Texts
    password: str = WRONG
    code: str = APP_CODE

    async def __call__(self, names: Names, count: int) -> Sequence[str]:
        return [
            msgspec.json.encode(
                {"token": token, "name": name, "password": self.password, "code": self.code}
            ).decode()
            for token, name in zip(
                await self.tokens(count), await names(self.accounts, count), strict=True
            )
        ]


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Door]:
    """Hold identity alone: what a lock leads to goes on behind the replies."""
    accounts = Accounts(site=site)
    tokens = (await HandedOut.at(accounts)).tokens
    known = by_username(*VERIFIED)
    wrong = Tried(accounts=accounts, tokens=tokens.live)
    right = Tried(accounts=accounts, tokens=tokens.live, password=PASSWORD)
    classes: dict[str, Names] = {**CLASSES, "two-step on": by_username(*TWO_STEP)}
    guessed = Tried(accounts=accounts, tokens=tokens.live, code=RECOVERY_CODE)
    guesses = {f"{name}, recovery code": partial(guessed, one) for name, one in GUESSED_AT.items()}
    async with site.services("identity", extra=QUICK) as (identity,):
        # What is sent as the right password is: it logs on where nothing is shut.
        await waiting(accounts, identity.http_port, await accounts.made(1, *VERIFIED))
        yield Door(
            job=Job(port=identity.http_port, path="/enrolments/existing-account", headers=JSON),
            accepted=401,
            known=partial(wrong, known),
            others={
                **{name: partial(wrong, names) for name, names in classes.items()},
                **{
                    f"{name}, right password": partial(right, one)
                    for name, one in SHUT_TWICE.items()
                },
                **{
                    f"token that is {name}": partial(Tried(accounts=accounts, tokens=made), known)
                    for name, made in tokens.classes.items()
                    if made != tokens.live
                },
                **guesses,
            },
            against=dict.fromkeys(guesses, partial(guessed, known)),
        )


@asynccontextmanager
async def codes(site: Site) -> AsyncIterator[Door]:
    """The right password beside a code that is not taken (MF-3): whether the second step is locked,
    or the token good. Guesses of one form are held against others of that form.
    """
    accounts = Accounts(site=site)
    tokens = (await HandedOut.at(accounts)).tokens
    known = by_username(*TWO_STEP)
    of = partial(Tried, accounts=accounts, password=PASSWORD)
    classes = {
        f"{name}, by {form}": (code, names)
        for form, code in GUESSES.items()
        for name, names in REFUSED.items()
    }
    async with site.services("identity", extra=QUICK) as (identity,):
        yield Door(
            job=Job(port=identity.http_port, path="/enrolments/existing-account", headers=JSON),
            accepted=403,
            known=partial(of(tokens=tokens.live), known),
            others={
                **{
                    name: partial(of(tokens=tokens.live, code=code), names)
                    for name, (code, names) in classes.items()
                },
                **{
                    f"token that is {name}": partial(of(tokens=made), known)
                    for name, made in tokens.classes.items()
                    if made != tokens.live
                },
            },
            against={
                name: partial(of(tokens=tokens.live, code=code), known)
                for name, (code, _) in classes.items()
            },
        )
