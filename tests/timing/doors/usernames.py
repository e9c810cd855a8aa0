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
from shared.contracts.ids import AccountId, PatientId
from shared.contracts.notify import NotificationAddressesChanged
from tests.bench.rows.mailed import mailing
from tests.bench.seeds import known_accounts, mailbox_of
from tests.bench.site import Site
from tests.builders import events
from tests.timing.pairs import Door
from tests.timing.snapshots import ELM_STREET, RANDOMNESS, STATES, digests_of, known


@asynccontextmanager
async def opened(site: Site) -> AsyncIterator[Door]:
    """Hold all services, so that what a hit leads to goes on behind the replies."""
    async with mailing(site) as ours:
        holders = partial(asked, site)
        yield Door(
            job=msgspec.structs.replace(ours.resets, path="/usernames/reminders"),
            accepted=202,
            known=holders,
            others={
                "another name": partial(holders, typed={"last_name": "Hall"}),
                "another date": partial(holders, typed={"birth_date": "1988-04-18"}),
                "by account e-mail": partial(account_emails, site),
                "unknown": partial(nobody, site),
                **{name: partial(holders, **said) for name, said in STATES.items()},
            },
        )


async def asked(
    site: Site, count: int, typed: dict[str, str] | None = None, **said: Any
) -> Sequence[str]:
    """What the holders of so many accounts type, each with a notification address and a record."""
    made, now = await known(site, count, **said), datetime.now(UTC)
    async with connected(site.surroundings.database.url("recovery")) as connection:
        addresses = [
            NotificationAddressesChanged(
                account_id=AccountId(one.owner), addresses=(address_of(one.username),)
            )
            for one in made
        ]
        heard = [events.received(one, version=1, time=now) for one in addresses]
        digest = partial(name_digest, digests_of(site))
        await notification_addresses.keep(connection, heard, digest=digest)
        people = [
            events.person(ELM_STREET, PatientId(RANDOMNESS.uuid()), AccountId(one.account_id))
            for one in made
        ]
        await persons.keep(
            connection, *(events.received(one, version=1, time=now) for one in people)
        )
        await connection.execute("ANALYZE persons; ANALYZE notification_addresses")
    return [body(address_of(one.username), **(typed or {})) for one in made]


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
