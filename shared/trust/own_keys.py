"""Key pairs of this service, in its own schema: published by event, used once that is confirmed.

waiting → in use → ended, each by what its row says; revoked from any of them (`keys revoke`).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from shared.acts import Act, Acts, By
from shared.audit.entries import Action
from shared.clock import Clock
from shared.contracts.ids import EventId
from shared.contracts.keys import KeyPurpose, KeysChanged, PublicKey
from shared.errors import CatchingUp
from shared.randomness import Randomness
from shared.trust import ciphers
from shared.trust.ciphers import Cipher
from shared.trust.keyring import Keyring, KeysUnreadable, OwnKey, in_use, is_due
from shared.trust.keys import KEYS_CHANGED, KeyUnknown, good_for, key_in

KID_SYMBOLS = 20  # 100 bits, none of them a dash: an operator's verbs would take it for an option
AHEAD = timedelta(minutes=10)  # between publishing a following key and its first use
OVERLAP: Mapping[KeyPurpose, timedelta] = MappingProxyType(
    {
        KeyPurpose.SIGNING: timedelta(hours=1),  # the longest token lives ten minutes
        KeyPurpose.SEALING: timedelta(days=7),  # who seals may hear of the new key late
    }
)
START = datetime(1970, 1, 1, tzinfo=UTC)

FIRST_LIVE = "SELECT min(usable_from) FROM own_keys WHERE purpose = $1 AND usable_until IS NULL"
ADD = """
INSERT INTO own_keys
    (kid, purpose, generation, public_raw, private_sealed, usable_from, created_at, announced_by)
VALUES ($1, $2, 1 + (SELECT coalesce(max(generation), 0) FROM own_keys WHERE purpose = $2),
        $3, $4, $5, $6, $7)
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


Renewal = Callable[[Act], Awaitable[int]]
"""Encrypts all of a kind again, within an act, and says how many there were."""


class KeyAction(Action):
    """What every service with keys of its own audits of them."""

    ROTATE = "keys.rotate"
    REVOKE = "keys.revoke"
    RE_ENCRYPT = "keys.re-encrypt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """What a revocation did; `fresh` is the key made in its place, where there was no other."""

    purpose: KeyPurpose
    fresh: str | None


class OwnKeys:
    """Makes, publishes and ends them, and finds the one to use."""

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
        beside: Renewal | None = None,
    ) -> None:
        self.purposes = purposes
        self.ring = Keyring(database=acts.database, cipher=cipher)
        self._beside = beside
        self._contract = KEYS_CHANGED[service]
        self._issuer = issuer
        self._acts = acts
        self._clock = clock
        self._randomness = randomness

    async def ensure(self) -> None:
        """Make and publish what is missing, and end each key whose follower has taken over.

        One replica wins, the others see it. Where nothing is due it is one read, so that a loop
        can ask each second: what another replica rotated or revoked is known here by then.
        """
        keys, now = await self.held(), self._clock.now()
        if not any(is_due(keys, purpose, now) for purpose in self.purposes):
            return
        async with self._acts.open(self._acts.of_the_service(now)) as act:
            now, event_id = await self._line_up(act), act.new_id()
            changed = [await self._settle(act, one, event_id, now) for one in self.purposes]
            if any(changed):
                await self._publish(act, event_id)
        await self.ring.look()

    async def rotate(self, purpose: KeyPurpose | None = None, *, by: By | None = None) -> str:
        """Add a following key, published ten minutes before its first use; return its kid.

        Without a purpose it is the service's first. The key before is used until the broker has
        confirmed the new one, and stays good for an overlap after that: else a broker that is away
        now would make all tokens unknown everywhere ten minutes later.
        """
        await self.held()  # or a key would be added that the others' key does not open
        async with self._acts.begin(self._by(by), KeyAction.ROTATE) as act:
            now, event_id = await self._line_up(act), act.new_id()
            kid = await self._add(act, purpose or self.purposes[0], event_id, now + AHEAD)
            await self._publish(act, event_id)
            act.about(key=kid)
        await self.ring.look()
        return kid

    async def revoke(self, kid: str, *, by: By | None = None) -> Revoked:
        """Take a key away at once; where no other is in use, one is made and used at once.

        Its private half is destroyed: what was sealed to it can never be opened. Everybody who
        hears of it refuses what it signed, whenever that was. Raises KeyUnknown.
        """
        await self.held()
        async with self._acts.begin(self._by(by), KeyAction.REVOKE, key=kid) as act:
            now, event_id = await self._line_up(act), act.new_id()
            found = await act.tx.fetchval(REVOKE, kid)
            if found is None:
                raise KeyUnknown
            purpose, fresh = KeyPurpose(found), None
            first = await act.tx.fetchval(FIRST_LIVE, purpose)
            if first is None or first > now:
                fresh = await self._add(act, purpose, event_id, now)
            await self._publish(act, event_id)
        await self.ring.look()
        return Revoked(purpose=purpose, fresh=fresh)

    async def encrypt_again(self, *, by: By | None = None) -> int:
        """Bring every private key under the current key-encryption key, and what else is under it;
        return how many there are.

        After it the retired ones can be forgotten. Raises KeysUnreadable.
        """
        async with self._acts.begin(self._by(by), KeyAction.RE_ENCRYPT) as act:
            await self._line_up(act)
            rows = await act.tx.fetch("SELECT * FROM own_keys WHERE private_sealed IS NOT NULL")
            for row in rows:
                kid, private = row["kid"], self.ring.opened(row)
                await act.tx.execute(
                    "UPDATE own_keys SET private_sealed = $2 WHERE kid = $1",
                    kid,
                    self.ring.sealed(private, kid, row["purpose"]),
                )
            others = await self._beside(act) if self._beside else 0
        return len(rows) + others

    async def current(self, purpose: KeyPurpose, now: datetime) -> OwnKey:
        """The key to sign with, or to be sealed to, of those that open here.

        Raises CatchingUp before `ensure` is done, KeysUnreadable where none in use opens.
        """
        key = in_use((await self.ring.fresh()).keys.values(), purpose, now) or in_use(
            (await self.ring.look()).keys.values(), purpose, now
        )
        if key is None:
            self.ring.value.whole()
            raise CatchingUp(f"no key for {purpose} yet")
        return key

    async def find(self, kid: str) -> OwnKey:
        """The key of that id, also one that is no longer used. Raises KeyUnknown, KeysUnreadable.

        Whoever made it wrote it here first: what one look does not find was never made here, was
        lost with a backup, or was revoked.
        """
        key = self.ring.value.keys.get(kid) or (await self.ring.look()).keys.get(kid)
        if key is None:
            raise KeysUnreadable if kid in self.ring.value.unreadable else KeyUnknown
        return key

    async def held(self) -> tuple[OwnKey, ...]:
        """Every key that was not revoked, the oldest first. Raises KeysUnreadable."""
        return tuple((await self.ring.look()).whole().values())

    async def public(self) -> tuple[PublicKey, ...]:
        """What others may trust now, from memory: for the JWKS, also while the database is away."""
        held, now = await self.ring.fresh(), self._clock.now()
        published = (*(key.public for key in held.keys.values()), *held.unreadable.values())
        return tuple(key for key in published if good_for(key, key.purpose, now))

    def _by(self, by: By | None) -> By:
        return by or self._acts.of_the_service(self._clock.now())

    async def _line_up(self, act: Act) -> datetime:
        """Replicas queue here, so that the later snapshot holds the earlier one's key; return the
        time after it, at which that key has begun.
        """
        await act.tx.execute("SELECT FROM own_keys_version FOR UPDATE")
        return self._clock.now()

    async def _settle(
        self, act: Act, purpose: KeyPurpose, event_id: EventId, now: datetime
    ) -> bool:
        """Say whether anything was missing or over."""
        if await act.tx.fetchval(FIRST_LIVE, purpose) is None:
            await self._add(act, purpose, event_id, now)
            return True
        return bool(await act.tx.fetch(END, purpose, now, now + OVERLAP[purpose]))

    async def _add(self, act: Act, purpose: KeyPurpose, event_id: EventId, begins: datetime) -> str:
        make = {
            KeyPurpose.SIGNING: ciphers.signing_pair,
            KeyPurpose.SEALING: ciphers.sealing_pair,
        }[purpose]
        pair, kid = make(self._randomness), self._randomness.crockford(KID_SYMBOLS)
        sealed = self.ring.sealed(pair.private, kid, purpose)
        await act.tx.execute(
            ADD, kid, purpose, pair.public, sealed, begins, self._clock.now(), event_id
        )
        return kid

    async def _publish(self, act: Act, event_id: EventId) -> None:
        """The version is ahead of every one that anybody holds, after a restored backup too."""
        version = await act.tx.fetchval(
            "UPDATE own_keys_version SET version = greatest(version + 1, $1) RETURNING version",
            (self._clock.now() - START) // timedelta(microseconds=1),
        )
        await self._tell(act, version, event_id)

    async def announce(self, act: Act) -> None:
        """Tell the set as it stands once more, under the version it was told by."""
        version = await act.tx.fetchval("SELECT version FROM own_keys_version")
        await self._tell(act, version, act.new_id())

    async def _tell(self, act: Act, version: int, event_id: EventId) -> None:
        rows = await act.tx.fetch("SELECT * FROM own_keys ORDER BY purpose, generation")
        act.publish(
            self._contract,
            KeysChanged(issuer=self._issuer, keys=tuple(key_in(row) for row in rows)),
            subject=self._contract.owner,
            version=version,
            event_id=event_id,
        )
