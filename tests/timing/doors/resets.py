"""The reset link (RC-3): whether a name is somebody's, by the time of a 202.

Recovery is not told who is locked, so to this door a locked account is a known one.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import msgspec

from shared.contracts.identity import AccountState, EnrolmentState
from tests.bench.rows.mailed import mailing, resets_of
from tests.bench.seeds import known_accounts
from tests.bench.site import Site
from tests.timing.pairs import Door


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Door]:
    """Hold all services, so that what a hit leads to goes on behind the replies."""
    async with mailing(site) as ours:
        accounts = partial(names, site)
        yield Door(
            job=ours.resets,
            accepted=202,
            known=accounts,
            others={
                "known as well": accounts,  # what the lab itself adds
                "unknown": partial(nobody, site),
                "e-mail not verified": partial(accounts, email=None),
                "un-enrolled": partial(accounts, enrolled=EnrolmentState.UNENROLLED),
                "merged": partial(accounts, state=AccountState.MERGED),
            },
        )


async def names(site: Site, count: int, **said: Any) -> Sequence[str]:
    """Ask for a link for so many accounts, of which this is said; each once."""
    return [ask.body for ask in resets_of(await known_accounts(site, count, **said))]


async def nobody(_: Site, count: int) -> Sequence[str]:
    """Names like theirs that are nobody's."""
    return [
        msgspec.json.encode({"name": f"bench.nobody.{number}"}).decode() for number in range(count)
    ]
