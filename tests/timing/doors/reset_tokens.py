"""A practice's token (RC-5): whether a name has a live one, by the time of a 422.

Each name is tried once, with eight wrong digits: `reset_token_invalid` tells no cause.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import uuid4

import msgspec

from deploy.local.provision import connected
from services.recovery.practice_tokens.model import LONGEST, RESET_TOKEN
from shared import one_time
from shared.one_time import Mint
from shared.trust.hashing import PasswordHasher
from tests.bench.load import Job
from tests.bench.rows.people import JSON
from tests.bench.site import Site
from tests.timing.accounts import COST, QUICK
from tests.timing.pairs import Door
from tests.timing.secrets import UNSEALED
from tests.timing.snapshots import ELM_STREET, RANDOMNESS, STATES, digests_of, known, nobodys

TOKEN, WRONG = "01234567", "76543210"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """Gives tokens to accounts of the practice."""

    site: Site
    hashed: str

    @classmethod
    async def at(cls, site: Site) -> "Given":
        environ = site.surroundings.of("recovery")
        hasher = PasswordHasher(pepper=environ["PORTICO_PEPPER"].encode(), cost=COST, wait=60)
        hashed = await hasher.hash(TOKEN)
        hasher.close()
        return cls(site=site, hashed=hashed)

    async def none(self, count: int, **said: Any) -> Sequence[str]:
        """Names of accounts that were given none."""
        return [one.username for one in await known(self.site, count, **said)]

    async def one(self, count: int, *, ended: str = "", **said: Any) -> Sequence[str]:
        """Names of accounts that were given one each, which has ended or is live."""
        made, now = await known(self.site, count, **said), datetime.now(UTC)
        mint = Mint(randomness=RANDOMNESS, digests=digests_of(self.site), sealer=UNSEALED)
        secrets = [
            mint.make(RESET_TOKEN, one.owner, life=LONGEST, now=now, security_version=1).secret
            for one in made
        ]
        async with connected(self.site.surroundings.database.url("recovery")) as connection:
            await one_time.issue(connection, RESET_TOKEN, secrets, now=now)
        await self.site.database.copy_records_to_table(
            "practice_tokens",
            schema_name="recovery",
            columns=("secret_id", "practice_id", "patient_id", "hash"),
            records=[(one.id, ELM_STREET, uuid4(), self.hashed) for one in secrets],
        )
        if ended:
            await self.site.database.execute(
                "UPDATE recovery.one_time_secrets SET state = $2, ended_at = $3"
                " WHERE id = ANY ($1)",
                [one.id for one in secrets],
                ended,
                now,
            )
        return [one.username for one in made]

    async def nobody(self, count: int) -> Sequence[str]:
        """Names like theirs that are nobody's."""
        return nobodys(count)


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Door]:
    """Hold recovery alone."""
    given = await Given.at(site)
    others = {
        "unknown": given.nobody,
        **{name: partial(given.one, **said) for name, said in STATES.items()},
        "none given": given.none,
        "used": partial(given.one, ended="used"),
        "void": partial(given.one, ended="void"),
    }
    async with site.services("recovery", extra=QUICK, but=("sessions",)) as (recovery,):
        yield Door(
            job=Job(port=recovery.http_port, path="/resets/tokens/redeem", headers=JSON),
            accepted=422,
            known=partial(tried, given.one),
            others={name: partial(tried, names) for name, names in others.items()},
        )


async def tried(names: Any, count: int) -> Sequence[str]:
    """The wrong token with so many names."""
    return [
        msgspec.json.encode({"username": name, "token": WRONG}).decode()
        for name in await names(count)
    ]
