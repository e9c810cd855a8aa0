"""One service's keys, grants and seals over a test's database, as its app would wire them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.audit.entries import Origin
from shared.clock import Clock
from shared.contracts.keys import KeyPurpose
from shared.db import Database
from shared.messaging.subscriptions import Message, Reader, subscribe
from shared.randomness import Randomness
from shared.trust.ciphers import Cipher, derive
from shared.trust.keys import KEYS_CHANGED
from shared.trust.own_keys import OwnKeys
from shared.trust.public_keys import PublicKeys
from tests.support import database as databases
from tests.support.acts import acts_of

ISSUER = "https://portico.example"
KEK = b"a key-encryption key of a test.."
ORIGIN = Origin(actor="service", source="", correlation_id=Randomness().uuid())


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What one replica of one service has."""

    service: str
    issuer: str
    database: Database
    own_keys: OwnKeys
    public_keys: PublicKeys

    async def published(self) -> list[bytes]:
        """The bodies of the keys-changed events in the outbox, in order."""
        async with self.database.connection() as connection:
            rows = await connection.fetch(
                "SELECT body FROM outbox WHERE routing_key = $1 ORDER BY id",
                KEYS_CHANGED[self.service].routing_key,
            )
        return [row["body"] for row in rows]

    async def confirmed(self) -> None:
        """What the relay does once the broker has taken them: nothing is left in the outbox."""
        async with self.database.connection() as connection:
            await connection.execute("DELETE FROM outbox")

    async def hear(self, publisher: str, body: bytes) -> None:
        """Handle a keys-changed event as the consumer would."""
        reader = Reader("keys", [subscribe(KEYS_CHANGED[publisher], self.public_keys.apply)])
        message = reader.read(body, publisher=publisher)
        assert isinstance(message, Message)
        async with self.database.transaction() as tx:
            await message.handler(tx, message.event)

    async def learn_from(self, other: "Trust") -> None:
        """Handle every event that the other has published so far."""
        for body in await other.published():
            await self.hear(other.service, body)


@asynccontextmanager
async def trusting(
    database: databases.Database,
    service: str,
    clock: Clock,
    *,
    purpose: KeyPurpose = KeyPurpose.SIGNING,
    kek: bytes = KEK,
    retired: tuple[bytes, ...] = (),
) -> AsyncIterator[Trust]:
    """Hold one replica's trust; its keys are not made yet."""
    randomness, issuer = Randomness(), f"{ISSUER}/{service}"
    pool = Database(database.url(service), application=service, wait=10.0)
    own_keys = OwnKeys(
        service=service,
        issuer=issuer,
        acts=acts_of(service, pool, clock),
        clock=clock,
        randomness=randomness,
        cipher=Cipher(
            derive(kek, "own keys"),
            randomness,
            retired=tuple(derive(key, "own keys") for key in retired),
        ),
        purposes=(purpose,),
    )
    public_keys = PublicKeys(database=pool, clock=clock, own_issuer=issuer)
    try:
        yield Trust(
            service=service,
            issuer=issuer,
            database=pool,
            own_keys=own_keys,
            public_keys=public_keys,
        )
    finally:
        await pool.close()
