"""A session that waits for its second step (MF-3, MF-8, LG-3): how its account stands, by the time
of a refused code, or of what a passkey is asked.

Who is here has given the right password, so nobody unknown is; a freeze and a merge have ended the
session, and both verbs refuse it before anything is looked at. Who was locked out since is here.
Each session is used once, with a code that no app shows.
"""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial

import msgspec

from tests.bench.load import Job
from tests.bench.rows.people import JSON
from tests.bench.site import Site
from tests.timing.accounts import QUICK, VERIFIED, Accounts, State
from tests.timing.pairs import Door, InSession
from tests.timing.second_steps import give_passkeys, lock_codes, turn_on, waiting

PATH = "/sessions/second-step"
Opened = Callable[[Site], AbstractAsyncContextManager[Door]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How an account stands as its holder logs on, and what happens to it afterwards."""

    before: Sequence[State] = VERIFIED
    since: Sequence[State] = ()


STANDINGS: Mapping[str, Standing] = {
    "known as well": Standing(),  # what the lab itself adds
    "locked": Standing(since=(Accounts.lock,)),
    "codes locked": Standing(since=(lock_codes,)),
    "e-mail not verified": Standing(before=(Accounts.claim,)),
    "no e-mail": Standing(before=()),
    "un-enrolled": Standing(before=(*VERIFIED, Accounts.un_enrol)),
}


def door(job: Job, *, accepted: int, body: str, means: Sequence[State]) -> Opened:
    """One of its verbs, for accounts with these means."""

    @asynccontextmanager
    async def opened(site: Site) -> AsyncIterator[Door]:
        """Hold identity alone."""
        accounts = Accounts(site=site)
        async with site.services("identity", extra=QUICK) as (identity,):
            of = partial(partial, tried, accounts, identity.http_port, means, body)
            yield Door(
                job=msgspec.structs.replace(job, port=identity.http_port),
                accepted=accepted,
                known=of(Standing()),
                others={name: of(standing) for name, standing in STANDINGS.items()},
            )

    return opened


async def tried(
    accounts: Accounts,
    port: int,
    means: Sequence[State],
    body: str,
    standing: Standing,
    count: int,
) -> Sequence[InSession]:
    """The body in so many sessions."""
    made = await accounts.made(count, *standing.before, *means)
    tokens = await waiting(accounts, port, made)
    for state in standing.since:
        await state(accounts, made)
    return [InSession(body=body, token=token) for token in tokens]


codes = door(
    Job(port=0, path=PATH, headers=JSON),
    accepted=403,
    body='{"code": "AAAA-AAAA-AAAA-AAAA"}',
    means=(turn_on,),
)
passkeys = door(
    Job(port=0, path=f"{PATH}/options"), accepted=200, body="", means=(turn_on, give_passkeys)
)
