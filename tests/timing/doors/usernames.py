"""The forgotten username (RC-1, RC-2): whether an address is somebody's, or goes with the name and
the date of birth, by the time of a 202.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from typing import Any

import msgspec

from deploy.local.provision import connected
from services.recovery.projections.names import name_digest
from services.recovery.projections.store import notification_addresses, persons
from shared.contracts.identity import AccountState
from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.notify import NotificationAddressesChanged
from shared.randomness import Randomness
from shared.settings.values import Secret, key_bytes
from shared.trust.tokens import Digests
from tests.bench.rows.mailed import mailing
from tests.bench.seeds import known_accounts, mailbox_of, name_of
from tests.bench.site import Site
from tests.builders import events
from tests.timing.pairs import Door

RANDOMNESS = Randomness()


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Door]:
    """Hold all services, so that what a hit leads to goes on behind the replies."""
    async with mailing(site) as ours:
        known = partial(asked, site)
        yield Door(
            job=msgspec.structs.replace(ours.resets, path="/usernames/reminders"),
            accepted=202,
            known=known,
            others={
                "known as well": known,  # what the lab itself adds
                "another name": partial(known, typed={"last_name": "Hall"}),
                "another date": partial(known, typed={"birth_date": "1988-04-18"}),
                "by account e-mail": partial(account_emails, site),
                "unknown": partial(nobody, site),
                "frozen": partial(known, state=AccountState.FROZEN),
                "merged": partial(known, state=AccountState.MERGED),
            },
        )


async def asked(
    site: Site, count: int, typed: dict[str, str] | None = None, **said: Any
) -> Sequence[str]:
    """What the holders of so many accounts type, each with a notification address and a record."""
    numbers = await known_accounts(site, count, **said)
    key = Secret(site.surroundings.of("recovery")["PORTICO_DIGEST_KEY"])
    digest, now = partial(name_digest, Digests(key_bytes(key))), datetime.now(UTC)
    async with connected(site.surroundings.database.url("recovery")) as connection:
        rows = await connection.fetch(
            "SELECT username, account_id FROM accounts WHERE username = ANY ($1)",
            [name_of(number) for number in numbers],
        )
        known = [
            NotificationAddressesChanged(
                account_id=row["account_id"], addresses=(address_of(row["username"]),)
            )
            for row in rows
        ]
        heard = [events.received(one, version=1, time=now) for one in known]
        await notification_addresses.keep(connection, heard, digest=digest)
        people = [
            events.person(
                PracticeId(RANDOMNESS.uuid()), PatientId(RANDOMNESS.uuid()), one.account_id
            )
            for one in known
        ]
        await persons.keep(
            connection, [events.received(one, version=1, time=now) for one in people]
        )
        await connection.execute("ANALYZE persons; ANALYZE notification_addresses")
    return [body(address_of(row["username"]), **(typed or {})) for row in rows]


async def account_emails(site: Site, count: int) -> Sequence[str]:
    """The same with account e-mails."""
    return [body(mailbox_of(number)) for number in await known_accounts(site, count)]


async def nobody(_: Site, count: int) -> Sequence[str]:
    """The same with addresses that are nobody's."""
    return [body(f"nobody{number}@elsewhere.example") for number in range(count)]


def address_of(username: str) -> str:
    return f"{username}@elsewhere.example"


def body(address: str, **typed: str) -> str:
    said = {
        "email": address,
        "last_name": events.LAST_NAME,
        "birth_date": events.BIRTH_DATE.isoformat(),
    }
    return msgspec.json.encode({**said, **typed}).decode()
