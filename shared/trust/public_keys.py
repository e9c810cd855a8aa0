"""The public keys of other services, as their events told them; in the service's own schema.

A key is used once its publication is confirmed, so that whoever must check or seal already has
it. Where it has not arrived, `find` and `arrived` wait up to a second.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from shared.clock import Clock
from shared.contracts.envelope import Received
from shared.contracts.keys import KeyPurpose, KeysChanged, PublicKey
from shared.db import Connection, Database
from shared.errors import CatchingUp
from shared.kept import Kept, elapsed
from shared.messaging.subscriptions import Undeliverable
from shared.trust.keys import KeyUnknown, key_in, newest_of

WAIT = 1.0  # seconds for a key that has not arrived
REMEMBERED = 5.0  # seconds for which one that did not is refused at once
MISSES = 64  # that are remembered; past them nobody waits, somebody makes them up

Sets = Mapping[str, tuple[PublicKey, ...]]  # by issuer


class PublicKeys:
    """The keys other services have published, applied by version; own ones are read too."""

    def __init__(self, *, database: Database, clock: Clock, own_issuer: str) -> None:
        self._database = database
        self._clock = clock
        self._own_issuer = own_issuer
        self._kept: Kept[Sets] = Kept(self._read, before={})
        self._misses: dict[tuple[str, str], float] = {}  # since when, the oldest first

    async def once(self) -> int:
        """Read what is there, always 0. A loop does, so that no request has to."""
        await self._kept.look()
        return 0

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
        """The key of that id, from memory; ask only for an issuer one trusts. Raises KeyUnknown.

        This service's own keys are in its own table before they are used: one look tells. Another's
        may be on its way: who asks first waits up to 1 s, then CatchingUp, which is no refusal, for
        it may come. Asked for again within 5 s, or among 64 that are missed, it is KeyUnknown after
        one look, which counts on whoever makes ids up; and a key that did come is found by that.
        Who comes again when told to, after that time, is waited for anew.
        """

        def known() -> PublicKey | None:
            return next((key for key in self._kept.value.get(issuer, ()) if key.kid == kid), None)

        await self._kept.fresh()
        if key := known():
            return key
        if issuer != self._own_issuer and self._may_wait(issuer, kid):
            missing = CatchingUp(f"no key {kid} of {issuer}", retry_after=WAIT + REMEMBERED)
            return await self._awaited(known, missing)
        await self._kept.look()
        if key := known():
            return key
        raise KeyUnknown

    async def arrived(self, issuer: str, purpose: KeyPurpose, now: datetime) -> PublicKey:
        """The newest key for that; waits like `find`, so never ask inside a transaction."""

        def known() -> PublicKey | None:
            return newest_of(self._kept.value.get(issuer, ()), purpose, now)

        await self._kept.fresh()
        return known() or await self._awaited(known, CatchingUp(f"no key of {issuer} yet"))

    async def newest(
        self, tx: Connection, issuer: str, purpose: KeyPurpose, now: datetime
    ) -> PublicKey:
        """The key to seal with, read in the caller's transaction; it holds locks, so no waiting.

        Raises CatchingUp at once where there is none; `arrived` has waited before.
        """
        if issuer == self._own_issuer:
            keys = tuple(key_in(row) for row in await tx.fetch("SELECT * FROM own_keys"))
        else:
            found = await tx.fetchval("SELECT keys FROM public_keys WHERE issuer = $1", issuer)
            keys = _decoded(found) if found else ()
        newest = newest_of(keys, purpose, now)
        if newest is None:
            raise CatchingUp(f"no key of {issuer} yet")
        return newest

    def _may_wait(self, issuer: str, kid: str) -> bool:
        """Whether it was asked for first within the last second: those who did wait theirs out."""
        now, asked = elapsed(), (issuer, kid)
        while self._misses and now - next(iter(self._misses.values())) > WAIT + REMEMBERED:
            self._misses.pop(next(iter(self._misses)))
        if asked not in self._misses and len(self._misses) < MISSES:
            self._misses[asked] = now
        return now - self._misses.get(asked, float("-inf")) < WAIT

    async def _awaited(
        self, known: Callable[[], PublicKey | None], missing: CatchingUp
    ) -> PublicKey:
        deadline = elapsed() + WAIT
        while True:
            await self._kept.look()
            if key := known():
                return key
            if elapsed() >= deadline:
                raise missing

    async def _read(self) -> Sets:
        async with self._database.connection() as connection:
            others = await connection.fetch("SELECT issuer, keys FROM public_keys")
            own = await connection.fetch("SELECT * FROM own_keys")
        sets = {row["issuer"]: _decoded(row["keys"]) for row in others}
        sets[self._own_issuer] = tuple(key_in(row) for row in own)
        return sets


def _decoded(keys: str) -> tuple[PublicKey, ...]:
    return msgspec.json.decode(keys, type=tuple[PublicKey, ...])
