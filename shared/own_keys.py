"""Key pairs of this service, in its own schema; published by event, used a while later."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import MappingProxyType

import msgspec

from shared import ciphers
from shared.audit import Origin
from shared.ciphers import Cipher
from shared.clock import Clock
from shared.contracts.keys import KeyPurpose, KeysChanged, PublicKey
from shared.db import Connection, Database, Row
from shared.errors import CatchingUp, DatabaseUnavailable
from shared.keys import FRESH, KEYS_CHANGED, elapsed, good_for, key_in, newest_of
from shared.messaging.outbox import Outbox
from shared.randomness import Randomness

AHEAD = timedelta(minutes=10)  # between publishing a following key and its first use
OVERLAP: Mapping[KeyPurpose, timedelta] = MappingProxyType(
    {
        KeyPurpose.SIGNING: timedelta(hours=1),  # the longest token lives ten minutes
        KeyPurpose.SEALING: timedelta(days=7),  # who seals may hear of the new key late
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """A key pair of this service. `private` is raw."""

    public: PublicKey
    private: bytes = field(repr=False)


class OwnKeys:
    """Private keys at rest are encrypted (AES-256-GCM) under the service's key-encryption key."""

    def __init__(
        self,
        *,
        service: str,
        issuer: str,
        database: Database,
        outbox: Outbox,
        clock: Clock,
        randomness: Randomness,
        cipher: Cipher,
        purposes: tuple[KeyPurpose, ...],
    ) -> None:
        self._contract = KEYS_CHANGED[service]
        self._issuer = issuer
        self._database = database
        self._outbox = outbox
        self._clock = clock
        self._randomness = randomness
        self._cipher = cipher
        self._purposes = purposes
        self._keys: Mapping[str, OwnKey] = {}
        self._read_at = float("-inf")
        self._reading = asyncio.Lock()

    async def ensure(self) -> None:
        """Make and publish the first key of each purpose; one replica wins, the others see it."""
        async with self._database.transaction() as tx:
            version = await self._locked_version(tx)
            have = {key.purpose for key in await self._read_public(tx)}
            missing = [purpose for purpose in self._purposes if purpose not in have]
            for purpose in missing:
                await self._add(tx, purpose, usable_from=self._clock.now())
            if missing:
                await self._publish(tx, version + 1)
        await self._refresh()

    async def rotate(self, purpose: KeyPurpose | None = None) -> str:
        """Add a following key, published ten minutes before its first use; return its kid.

        Without a purpose it is the service's first. The key before stays good for an overlap.
        """
        purpose = purpose or self._purposes[0]
        begin = self._clock.now() + AHEAD
        async with self._database.transaction() as tx:
            version = await self._locked_version(tx)
            await tx.execute(
                "UPDATE own_keys SET usable_until = $2 WHERE purpose = $1 AND usable_until IS NULL",
                purpose,
                begin + OVERLAP[purpose],
            )
            kid = await self._add(tx, purpose, usable_from=begin)
            await self._publish(tx, version + 1)
        await self._refresh()
        return kid

    async def current(self, purpose: KeyPurpose, now: datetime) -> OwnKey:
        """The key to sign with, or to be sealed to. Raises CatchingUp before `ensure` is done."""
        if elapsed() - self._read_at > FRESH or not self._keys:
            await self._refresh_or_keep()
        newest = newest_of(tuple(key.public for key in self._keys.values()), purpose, now)
        if newest is None:
            raise CatchingUp(f"no key for {purpose} yet")
        return self._keys[newest.kid]

    async def find(self, kid: str) -> OwnKey:
        """The key of that id, also one that is no longer used. Raises CatchingUp."""
        if kid not in self._keys:
            await self._refresh()
        if kid not in self._keys:
            raise CatchingUp(f"no key {kid}")
        return self._keys[kid]

    async def public(self) -> tuple[PublicKey, ...]:
        """What is published, with the keys that have had their time left out: for the JWKS."""
        async with self._database.connection() as connection:
            keys = await self._read_public(connection)
        now = self._clock.now()
        return tuple(key for key in keys if good_for(key, key.purpose, now))

    async def _locked_version(self, tx: Connection) -> int:
        """Replicas queue here, so that the later snapshot holds the earlier one's key."""
        version: int = await tx.fetchval("SELECT version FROM own_keys_version FOR UPDATE")
        return version

    async def _add(self, tx: Connection, purpose: KeyPurpose, *, usable_from: datetime) -> str:
        make = {
            KeyPurpose.SIGNING: ciphers.signing_pair,
            KeyPurpose.SEALING: ciphers.sealing_pair,
        }[purpose]
        pair, kid = make(self._randomness), self._randomness.token(12)
        await tx.execute(
            """
            INSERT INTO own_keys
                (kid, purpose, generation, public_raw, private_sealed, usable_from, created_at)
            VALUES ($1, $2, 1 + (SELECT coalesce(max(generation), 0)
                                 FROM own_keys WHERE purpose = $2), $3, $4, $5, $6)
            """,
            kid,
            purpose,
            pair.public,
            self._cipher.encrypt(pair.private, _bound(kid, purpose)),
            usable_from,
            self._clock.now(),
        )
        return kid

    async def _publish(self, tx: Connection, version: int) -> None:
        await tx.execute("UPDATE own_keys_version SET version = $1", version)
        keys = await self._read_public(tx)
        await self._outbox.add(
            tx,
            self._contract,
            KeysChanged(issuer=self._issuer, keys=keys),
            subject=self._contract.owner,
            origin=Origin(actor="service", source="", correlation_id=self._randomness.uuid()),
            version=version,
        )

    async def _read_public(self, tx: Connection) -> tuple[PublicKey, ...]:
        rows = await tx.fetch("SELECT * FROM own_keys ORDER BY purpose, generation")
        return tuple(key_in(row) for row in rows)

    async def _refresh_or_keep(self) -> None:
        try:
            await self._refresh()
        except DatabaseUnavailable:
            if not self._keys:
                raise

    async def _refresh(self) -> None:
        async with self._reading:
            async with self._database.connection() as connection:
                rows = await connection.fetch("SELECT * FROM own_keys")
            self._keys = {row["kid"]: self._opened(row) for row in rows}
            self._read_at = elapsed()

    def _opened(self, row: Row) -> OwnKey:
        public = key_in(row)
        known = self._keys.get(public.kid)
        private = (
            known.private
            if known
            else self._cipher.decrypt(row["private_sealed"], _bound(public.kid, public.purpose))
        )
        return OwnKey(public=public, private=private)


def _bound(kid: str, purpose: KeyPurpose) -> bytes:
    """What an encrypted private key is bound to: a row copied over another does not open."""
    return msgspec.json.encode(["own key", kid, purpose])
