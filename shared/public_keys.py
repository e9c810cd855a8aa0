"""The public keys of other services, as their events told them; in the service's own schema.

A key is published before it is used, so that whoever must check or seal already has it. Where it
has not arrived, `find` and `arrived` wait up to a second.
"""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from shared.clock import Clock
from shared.contracts.envelope import Received
from shared.contracts.keys import KeyPurpose, KeysChanged, PublicKey
from shared.db import Connection, Database
from shared.errors import CatchingUp, DatabaseUnavailable
from shared.keys import FRESH, elapsed, key_in, newest_of
from shared.messaging.subscriptions import Undeliverable

WAIT = 1.0  # seconds for a key that has not arrived
POLL = 0.05  # seconds between looks at the table, however many wait


class PublicKeys:
    """The keys other services have published, applied by version; own ones are read too."""

    def __init__(self, *, database: Database, clock: Clock, own_issuer: str) -> None:
        self._database = database
        self._clock = clock
        self._own_issuer = own_issuer
        self._sets: Mapping[str, tuple[PublicKey, ...]] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def apply(self, tx: Connection, event: Received[KeysChanged]) -> None:
        """A consumer's handler for every `keys-changed`; an older version changes nothing.

        A service speaks for its own keys alone, or any of them could publish identity's.
        """
        if event.data.issuer.rpartition("/")[2] != event.publisher:
            raise Undeliverable(f"{event.publisher} published keys of another issuer")
        await tx.execute(
            """
            INSERT INTO public_keys AS known (issuer, version, keys, applied_at)
            VALUES ($1, $2, $3, $4)
            ON CONFLICT (issuer) DO UPDATE
            SET version = excluded.version, keys = excluded.keys, applied_at = excluded.applied_at
            WHERE known.version < excluded.version
            """,
            event.data.issuer,
            event.version,
            msgspec.json.encode(event.data.keys).decode(),
            self._clock.now(),
        )

    async def find(self, issuer: str, kid: str) -> PublicKey:
        """Wait up to 1 s for an unknown key, then raise CatchingUp; cached in process.

        Ask only for an issuer one trusts: whoever forges a `kid` gets the wait. Waiters share
        one look at the table each 50 ms.
        """

        def known() -> PublicKey | None:
            return next((key for key in self._sets.get(issuer, ()) if key.kid == kid), None)

        return await self._awaited(known, f"no key {kid} of {issuer}")

    async def arrived(self, issuer: str, purpose: KeyPurpose, now: datetime) -> PublicKey:
        """The newest key for that; waits like `find`, so never ask inside a transaction."""

        def known() -> PublicKey | None:
            return newest_of(self._sets.get(issuer, ()), purpose, now)

        return await self._awaited(known, f"no key of {issuer} yet")

    async def newest(
        self, tx: Connection, issuer: str, purpose: KeyPurpose, now: datetime
    ) -> PublicKey:
        """The key to seal with, read in the caller's transaction; it holds locks, so no waiting.

        Raises CatchingUp at once where there is none; `arrived` has waited before.
        """
        found = await tx.fetchval("SELECT keys FROM public_keys WHERE issuer = $1", issuer)
        newest = newest_of(_decoded(found), purpose, now) if found else None
        if newest is None:
            raise CatchingUp(f"no key of {issuer} yet")
        return newest

    async def _awaited(self, known: Callable[[], PublicKey | None], missing: str) -> PublicKey:
        if elapsed() - self._read_at > FRESH:
            await self._look_or_keep()
        deadline = elapsed() + WAIT
        while (key := known()) is None:
            if elapsed() >= deadline:
                raise CatchingUp(missing)
            await self._look()
        return key

    async def _look_or_keep(self) -> None:
        """Tokens are checked while the database is away, as long as the keys are known."""
        try:
            await self._look()
        except DatabaseUnavailable:
            if not self._sets:
                raise

    async def _look(self) -> None:
        """Read the table, at most once in POLL seconds for all who wait."""
        asked = elapsed()
        async with self._reading:
            if self._read_at >= asked:
                return
            await asyncio.sleep(max(0.0, self._read_at + POLL - elapsed()))
            begun = elapsed()
            async with self._database.connection() as connection:
                others = await connection.fetch("SELECT issuer, keys FROM public_keys")
                own = await connection.fetch("SELECT * FROM own_keys")
            sets = {row["issuer"]: _decoded(row["keys"]) for row in others}
            sets[self._own_issuer] = tuple(key_in(row) for row in own)
            self._sets, self._read_at = sets, begun


def _decoded(keys: str) -> tuple[PublicKey, ...]:
    return msgspec.json.decode(keys, type=tuple[PublicKey, ...])
