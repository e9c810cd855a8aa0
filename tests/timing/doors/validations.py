"""Once-only validation (RC-6): whether a name is somebody's, or its fields are right, by the time
of the question that comes of them.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec

from deploy.local.provision import connected
from services.recovery.projections.store import persons
from shared.contracts.identity import AccountState
from shared.contracts.ids import PatientId, PracticeId
from shared.randomness import Randomness
from tests.bench.rows.mailed import mailing
from tests.bench.seeds import known_accounts, name_of
from tests.bench.site import Site
from tests.builders import events
from tests.timing.pairs import Door

RANDOMNESS = Randomness()
PHONE, ADDRESS = "213 555 0142", "12 Elm Street, Springfield, IL 62704"


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Door]:
    """Hold all services; each name is asked about once."""
    async with mailing(site) as ours:
        accounts = partial(fields, site)
        yield Door(
            job=msgspec.structs.replace(ours.resets, path="/resets/validations"),
            accepted=200,
            known=accounts,
            others={
                "known as well": accounts,  # what the lab itself adds
                "wrong fields": partial(accounts, typed={"first_name": "June"}),
                "unknown": partial(nobody, site),
                "an account e-mail": partial(accounts, email="somebody@mail.example"),
                "used before": partial(accounts, validated=True),
                "frozen": partial(accounts, state=AccountState.FROZEN),
                "merged": partial(accounts, state=AccountState.MERGED),
            },
        )


async def fields(
    site: Site, count: int, typed: dict[str, str] | None = None, **said: Any
) -> Sequence[str]:
    """What the holders of so many accounts type, each with a record of its own."""
    numbers = await known_accounts(site, count, **{"email": None, **said})
    async with connected(site.surroundings.database.url("recovery")) as connection:
        rows = await connection.fetch(
            "SELECT username, account_id FROM accounts WHERE username = ANY ($1)",
            [name_of(number) for number in numbers],
        )
        await persons.keep(
            connection,
            [
                events.received(
                    events.person(
                        PracticeId(RANDOMNESS.uuid()),
                        PatientId(RANDOMNESS.uuid()),
                        row["account_id"],
                        home_phone=PHONE,
                        address=ADDRESS,
                    ),
                    version=1,
                    time=datetime.now(UTC),
                )
                for row in rows
            ],
        )
        await connection.execute("ANALYZE persons")
    return [body(row["username"], **(typed or {})) for row in rows]


async def nobody(_: Site, count: int) -> Sequence[str]:
    """The same with names that are nobody's."""
    return [body(f"bench.nobody.{number}") for number in range(count)]


def body(username: str, **typed: str) -> str:
    said = {
        "username": username,
        "birth_date": events.BIRTH_DATE.isoformat(),
        "last_name": events.LAST_NAME,
        "first_name": events.FIRST_NAME,
        "home_phone": PHONE,
    }
    return msgspec.json.encode({**said, **typed}).decode()
