"""Key pairs of this service, in its own schema: published by event, used once that is confirmed.

waiting → in use → ended, each by what its row says; revoked from any of them (`keys revoke`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import msgspec

from shared.acts import Acts, By
from shared.audit.entries import Action, Origin
from shared.clock import Clock
from shared.contracts.ids import EventId
from shared.contracts.keys import KeyPurpose, KeysChanged, PublicKey
from shared.db import Connection, Row
from shared.errors import CatchingUp, Unavailable
from shared.kept import Kept
from shared.randomness import Randomness
from shared.trust import ciphers
from shared.trust.ciphers import Cipher, CipherBroken
from shared.trust.keys import KEYS_CHANGED, KeyUnknown, good_for, key_in, newest_of

KID_SYMBOLS = 20  # 100 bits, none of them a dash: an operator's verbs would take it for an option
AHEAD = timedelta(minutes=10)  # between publishing a following key and its first use
OVERLAP: Mapping[KeyPurpose, timedelta] = MappingProxyType(
    {
        KeyPurpose.SIGNING: timedelta(hours=1),  # the longest token lives ten minutes
        KeyPurpose.SEALING: timedelta(days=7),  # who seals may hear of the new key late
    }
)
START = datetime(1970, 1, 1, tzinfo=UTC)

HELD = """
SELECT own_keys.*, NOT EXISTS (
    SELECT FROM outbox WHERE outbox.event_id = own_keys.announced_by
) AS confirmed
FROM own_keys WHERE private_sealed IS NOT NULL ORDER BY purpose, generation
"""
HAS_LIVE = """
SELECT EXISTS (SELECT FROM own_keys WHERE purpose = $1 AND usable_until IS NULL)
"""
HAS_BEGUN = """
SELECT EXISTS (
    SELECT FROM own_keys WHERE purpose = $1 AND usable_until IS NULL AND usable_from <= $2
)
"""
END = """
UPDATE own_keys AS before SET usable_until = $3
WHERE purpose = $1 AND usable_until IS NULL AND EXISTS (
    SELECT FROM own_keys AS newer
    WHERE newer.purpose = $1 AND newer.usable_until IS NULL AND newer.usable_from <= $2
      AND (newer.usable_from, newer.generation) > (before.usable_from, before.generation)
      AND NOT EXISTS (SELECT FROM outbox WHERE outbox.event_id = newer.announced_by)
)
RETURNING kid
"""
REVOKE = """
UPDATE own_keys SET usable_until = usable_from, private_sealed = NULL
WHERE kid = $1 AND private_sealed IS NOT NULL
RETURNING purpose
"""


class KeyAction(Action):
    """What every service with keys of its own audits of them."""

    ROTATE = "keys.rotate"
    REVOKE = "keys.revoke"
    RE_ENCRYPT = "keys.re-encrypt"


class KeysUnreadable(Unavailable):
    """A private key at rest opens under neither PORTICO_KEY_ENCRYPTION_KEY nor a retired one.

    Another replica may have what opens it, so a request that needs it is tried again.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnKey:
    """A key pair of this service. `private` is raw."""

    public: PublicKey
    private: bytes = field(repr=False)
    confirmed: bool  # the broker has taken the event that published it


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What the table holds, by kid: the keys that open here, and the public halves of the others.

    While the key-encryption key is changed, a replica that has only the former one meets both.
    """

    keys: Mapping[str, OwnKey]
    unreadable: Mapping[str, PublicKey]

    def whole(self) -> Mapping[str, OwnKey]:
        """Every key. Raises KeysUnreadable."""
        if self.unreadable:
            raise KeysUnreadable
        return self.keys


NOTHING = Held(keys=MappingProxyType({}), unreadable=MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """What a revocation did; `fresh` is the key made in its place, where there was no other."""

    purpose: KeyPurpose
    fresh: str | None


class OwnKeys:
    """Private keys at rest are encrypted (AES-256-GCM) under the service's key-encryption key."""

    def __init__(
        self,
        *,
        service: str,
        issuer: str,
        acts: Acts,
        clock: Clock,
        randomness: Randomness,
        cipher: Cipher,
        purposes: tuple[KeyPurpose, ...],
    ) -> None:
        self.purposes = purposes
        self._contract = KEYS_CHANGED[service]
        self._issuer = issuer
        self._acts = acts
        self._database = acts.database
        self._outbox = acts.outbox
        self._clock = clock
        self._randomness = randomness
        self._cipher = cipher
        self._kept: Kept[Held] = Kept(self._read, before=NOTHING)

    async def ensure(self) -> None:
        """Make and publish what is missing, and end each key whose follower has taken over.

        One replica wins, the others see it. Where nothing is due it is one read, so that a loop
        can ask each second: what another replica rotated or revoked is known here by then.
        """
        keys, now = (await self._kept.look()).whole(), self._clock.now()
        if not any(_is_due(keys, purpose, now) for purpose in self.purposes):
            return
        async with self._database.transaction() as tx:
            await self._lock(tx)
            event_id, now = self._outbox.new_id(), self._clock.now()
            changed = [await self._settle(tx, one, event_id, now) for one in self.purposes]
            if any(changed):
                await self._publish(tx, event_id, self._origin())
        await self._kept.look()

    async def rotate(
        self, purpose: KeyPurpose | None = None, *, origin: Origin | None = None
    ) -> str:
        """Add a following key, published ten minutes before its first use; return its kid.

        Without a purpose it is the service's first. The key before is used until the broker has
        confirmed the new one, and stays good for an overlap after that: else a broker that is away
        now would make all tokens unknown everywhere ten minutes later.
        """
        purpose, origin = purpose or self.purposes[0], origin or self._origin()
        (
            await self._kept.look()
        ).whole()  # or a key would be added that the others' key does not open
        async with self._acts.begin(self._by(origin), KeyAction.ROTATE) as act:
            await self._lock(act.tx)
            event_id = self._outbox.new_id()
            kid = await self._add(act.tx, purpose, event_id, usable_from=self._clock.now() + AHEAD)
            await self._publish(act.tx, event_id, origin)
            act.about(key=kid)
        await self._kept.look()
        return kid

    async def revoke(self, kid: str, *, origin: Origin | None = None) -> Revoked:
        """Take a key away at once; where no other is in use, one is made and used at once.

        Its private half is destroyed: what was sealed to it can never be opened. Everybody who
        hears of it refuses what it signed, whenever that was. Raises KeyUnknown.
        """
        origin = origin or self._origin()
        (await self._kept.look()).whole()
        async with self._acts.begin(self._by(origin), KeyAction.REVOKE, key=kid) as act:
            await self._lock(act.tx)
            found = await act.tx.fetchval(REVOKE, kid)
            if found is None:
                raise KeyUnknown
            purpose, event_id, now = KeyPurpose(found), self._outbox.new_id(), self._clock.now()
            fresh = None
            if not await act.tx.fetchval(HAS_BEGUN, purpose, now):
                fresh = await self._add(act.tx, purpose, event_id, usable_from=now)
            await self._publish(act.tx, event_id, origin)
        await self._kept.look()
        return Revoked(purpose=purpose, fresh=fresh)

    async def encrypt_again(self, *, origin: Origin | None = None) -> int:
        """Bring every private key under the current key-encryption key; return how many there are.

        After it the retired ones can be forgotten. Raises KeysUnreadable.
        """
        by = self._by(origin or self._origin())
        async with self._acts.begin(by, KeyAction.RE_ENCRYPT) as act:
            await self._lock(act.tx)
            rows = await act.tx.fetch("SELECT * FROM own_keys WHERE private_sealed IS NOT NULL")
            for row in rows:
                await act.tx.execute(
                    "UPDATE own_keys SET private_sealed = $2 WHERE kid = $1",
                    row["kid"],
                    self._cipher.encrypt(self._private(row), _bound(row["kid"], row["purpose"])),
                )
        return len(rows)

    async def current(self, purpose: KeyPurpose, now: datetime) -> OwnKey:
        """The key to sign with, or to be sealed to, of those that open here.

        Raises CatchingUp before `ensure` is done, KeysUnreadable where none in use opens.
        """
        key = _in_use((await self._kept.fresh()).keys, purpose, now) or _in_use(
            (await self._kept.look()).keys, purpose, now
        )
        if key is None:
            self._kept.value.whole()
            raise CatchingUp(f"no key for {purpose} yet")
        return key

    async def find(self, kid: str) -> OwnKey:
        """The key of that id, also one that is no longer used. Raises KeyUnknown, KeysUnreadable.

        Whoever made it wrote it here first: what one look does not find was never made here, was
        lost with a backup, or was revoked.
        """
        key = self._kept.value.keys.get(kid) or (await self._kept.look()).keys.get(kid)
        if key is None:
            if kid in self._kept.value.unreadable:
                raise KeysUnreadable
            raise KeyUnknown
        return key

    async def held(self) -> tuple[OwnKey, ...]:
        """Every key that was not revoked, the oldest first. Raises KeysUnreadable."""
        return tuple((await self._kept.look()).whole().values())

    async def public(self) -> tuple[PublicKey, ...]:
        """What others may trust now, from memory: for the JWKS, also while the database is away."""
        held, now = await self._kept.fresh(), self._clock.now()
        published = (*(key.public for key in held.keys.values()), *held.unreadable.values())
        return tuple(key for key in published if good_for(key, key.purpose, now))

    async def _lock(self, tx: Connection) -> None:
        """Replicas queue here, so that the later snapshot holds the earlier one's key."""
        await tx.execute("SELECT FROM own_keys_version FOR UPDATE")

    async def _settle(
        self, tx: Connection, purpose: KeyPurpose, event_id: EventId, now: datetime
    ) -> bool:
        """Say whether anything was missing or over."""
        if not await tx.fetchval(HAS_LIVE, purpose):
            await self._add(tx, purpose, event_id, usable_from=now)
            return True
        return bool(await tx.fetch(END, purpose, now, now + OVERLAP[purpose]))

    async def _add(
        self, tx: Connection, purpose: KeyPurpose, event_id: EventId, *, usable_from: datetime
    ) -> str:
        make = {
            KeyPurpose.SIGNING: ciphers.signing_pair,
            KeyPurpose.SEALING: ciphers.sealing_pair,
        }[purpose]
        pair, kid = make(self._randomness), self._randomness.crockford(KID_SYMBOLS)
        await tx.execute(
            """
            INSERT INTO own_keys
                (kid, purpose, generation, public_raw, private_sealed, usable_from, created_at,
                 announced_by)
            VALUES ($1, $2, 1 + (SELECT coalesce(max(generation), 0)
                                 FROM own_keys WHERE purpose = $2), $3, $4, $5, $6, $7)
            """,
            kid,
            purpose,
            pair.public,
            self._cipher.encrypt(pair.private, _bound(kid, purpose)),
            usable_from,
            self._clock.now(),
            event_id,
        )
        return kid

    async def _publish(self, tx: Connection, event_id: EventId, origin: Origin) -> None:
        """The version is ahead of every one that anybody holds, after a restored backup too."""
        version = await tx.fetchval(
            "UPDATE own_keys_version SET version = greatest(version + 1, $1) RETURNING version",
            (self._clock.now() - START) // timedelta(microseconds=1),
        )
        rows = await tx.fetch("SELECT * FROM own_keys ORDER BY purpose, generation")
        await self._outbox.add(
            tx,
            self._contract,
            KeysChanged(issuer=self._issuer, keys=tuple(key_in(row) for row in rows)),
            subject=self._contract.owner,
            origin=origin,
            version=version,
            event_id=event_id,
        )

    def _by(self, origin: Origin) -> By:
        return By(origin=origin, now=self._clock.now())

    def _origin(self) -> Origin:
        return Origin(actor="service", source="", correlation_id=self._randomness.uuid())

    async def _read(self) -> Held:
        async with self._database.connection() as connection:
            rows = await connection.fetch(HELD)
        keys, unreadable = {}, {}
        for row in rows:
            try:
                keys[row["kid"]] = self._opened(row)
            except KeysUnreadable:
                unreadable[row["kid"]] = key_in(row)
        return Held(keys=keys, unreadable=unreadable)

    def _opened(self, row: Row) -> OwnKey:
        known = self._kept.value.keys.get(row["kid"])
        private = known.private if known else self._private(row)
        return OwnKey(public=key_in(row), private=private, confirmed=row["confirmed"])

    def _private(self, row: Row) -> bytes:
        try:
            return self._cipher.decrypt(row["private_sealed"], _bound(row["kid"], row["purpose"]))
        except CipherBroken as error:
            raise KeysUnreadable from error


def _in_use(keys: Mapping[str, OwnKey], purpose: KeyPurpose, now: datetime) -> OwnKey | None:
    """The newest that has begun and is in everybody's hands; where there is none, the best known.

    One that has ended signs no more: what it signs now might outlive it.
    """
    live = [key.public for key in keys.values() if key.public.usable_until is None]
    known = [one for one in live if one.usable_from <= now and keys[one.kid].confirmed]
    newest = newest_of(known, purpose, now) or newest_of(live, purpose, now)
    return keys[newest.kid] if newest else None


def _is_due(keys: Mapping[str, OwnKey], purpose: KeyPurpose, now: datetime) -> bool:
    """Whether there is no key, or one that another has taken over from and that is not ended."""
    used = _in_use(keys, purpose, now)
    if used is None:
        return True
    begun = used.public.usable_from
    return used.confirmed and any(
        key.public.purpose is purpose
        and key.public.usable_until is None
        and key.public.usable_from < begun <= now
        for key in keys.values()
    )


def _bound(kid: str, purpose: str) -> bytes:
    """What an encrypted private key is bound to: a row copied over another does not open."""
    return msgspec.json.encode(["own key", kid, purpose])
