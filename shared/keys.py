"""Key pairs of this service and the public keys of the others, each in the service's own schema.

A key is published before it is used (ten minutes for a following one), so that whoever must check
or seal already has it. Where it has not arrived, `find` waits up to a second.
"""

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
from shared.contracts.contract import Contract
from shared.contracts.envelope import Received
from shared.contracts.identity import IDENTITY_KEYS_CHANGED
from shared.contracts.keys import KeyPurpose, KeysChanged, PublicKey
from shared.contracts.notify import NOTIFY_KEYS_CHANGED
from shared.contracts.recovery import RECOVERY_KEYS_CHANGED
from shared.db import Connection, Database, Row
from shared.errors import CatchingUp, DatabaseUnavailable
from shared.messaging.outbox import Outbox
from shared.messaging.subscriptions import Undeliverable
from shared.randomness import Randomness

AHEAD = timedelta(minutes=10)  # between publishing a following key and its first use
OVERLAP: Mapping[KeyPurpose, timedelta] = MappingProxyType(
    {
        KeyPurpose.SIGNING: timedelta(hours=1),  # the longest token lives ten minutes
        KeyPurpose.SEALING: timedelta(days=7),  # who seals may hear of the new key late
    }
)
FRESH = 30.0  # seconds a cached set is trusted: a key taken away is refused after it
WAIT = 1.0  # seconds for a key that has not arrived
POLL = 0.05  # seconds between looks at the table, however many wait

KEYS_CHANGED: Mapping[str, Contract[KeysChanged]] = MappingProxyType(
    {
        contract.owner: contract
        for contract in (IDENTITY_KEYS_CHANGED, RECOVERY_KEYS_CHANGED, NOTIFY_KEYS_CHANGED)
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """A key pair of this service. `private` is raw."""

    public: PublicKey
    private: bytes = field(repr=False)


def _public(row: Row) -> PublicKey:
    return PublicKey(
        kid=row["kid"],
        purpose=KeyPurpose(row["purpose"]),
        raw=row["public_raw"],
        usable_from=row["usable_from"],
        usable_until=row["usable_until"],
    )


def _elapsed() -> float:
    """Real seconds, for waits and caches: a test's clock may stand still."""
    return asyncio.get_running_loop().time()


def good_for(key: PublicKey, purpose: KeyPurpose, now: datetime) -> bool:
    """Whether a checker may still trust this key for that."""
    return key.purpose is purpose and (key.usable_until is None or now < key.usable_until)


def _newest(keys: tuple[PublicKey, ...], purpose: KeyPurpose, now: datetime) -> PublicKey | None:
    """The key to use now: the latest begun; where a clock says none has, the first one."""
    alive = [key for key in keys if good_for(key, purpose, now)]
    begun = [key for key in alive if key.usable_from <= now]
    if begun:
        return max(begun, key=lambda key: key.usable_from)
    return min(alive, key=lambda key: key.usable_from, default=None)


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

    async def publish_again(self) -> None:
        """Tell the current set once more, as a new version: for a consumer that lost its table."""
        async with self._database.transaction() as tx:
            await self._publish(tx, await self._locked_version(tx) + 1)

    async def current(self, purpose: KeyPurpose, now: datetime) -> OwnKey:
        """The key to sign with, or to be sealed to. Raises CatchingUp before `ensure` is done."""
        if _elapsed() - self._read_at > FRESH or not self._keys:
            await self._refresh_or_keep()
        newest = _newest(tuple(key.public for key in self._keys.values()), purpose, now)
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
        return tuple(_public(row) for row in rows)

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
            self._read_at = _elapsed()

    def _opened(self, row: Row) -> OwnKey:
        public = _public(row)
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
        if _elapsed() - self._read_at > FRESH:
            await self._look_or_keep()
        deadline = _elapsed() + WAIT
        while True:
            for key in self._sets.get(issuer, ()):
                if key.kid == kid:
                    return key
            if _elapsed() >= deadline:
                raise CatchingUp(f"no key {kid} of {issuer}")
            await self._look()

    async def newest(
        self, tx: Connection, issuer: str, purpose: KeyPurpose, now: datetime
    ) -> PublicKey:
        """The key to seal with, read in the caller's transaction. Waits like `find`."""
        deadline = _elapsed() + WAIT
        while True:
            found = await tx.fetchval("SELECT keys FROM public_keys WHERE issuer = $1", issuer)
            newest = _newest(_decoded(found), purpose, now) if found else None
            if newest is not None:
                return newest
            if _elapsed() >= deadline:
                raise CatchingUp(f"no key of {issuer} yet")
            await asyncio.sleep(POLL)

    async def _look_or_keep(self) -> None:
        """Tokens are checked while the database is away, as long as the keys are known."""
        try:
            await self._look()
        except DatabaseUnavailable:
            if not self._sets:
                raise

    async def _look(self) -> None:
        """Read the table, at most once in POLL seconds for all who wait."""
        asked = _elapsed()
        async with self._reading:
            if self._read_at >= asked:
                return
            await asyncio.sleep(max(0.0, self._read_at + POLL - _elapsed()))
            begun = _elapsed()
            async with self._database.connection() as connection:
                others = await connection.fetch("SELECT issuer, keys FROM public_keys")
                own = await connection.fetch("SELECT * FROM own_keys")
            sets = {row["issuer"]: _decoded(row["keys"]) for row in others}
            sets[self._own_issuer] = tuple(_public(row) for row in own)
            self._sets, self._read_at = sets, begun


def _decoded(keys: str) -> tuple[PublicKey, ...]:
    return msgspec.json.decode(keys, type=tuple[PublicKey, ...])
