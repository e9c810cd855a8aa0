"""Idempotency keys: the same key and body again get the first reply, in the work's transaction."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import msgspec

from shared.clock import Clock
from shared.db import Connection, Row
from shared.errors import Conflict, Invalid

R = TypeVar("R", bound=msgspec.Struct)

KEPT = timedelta(hours=24)
SHAPE = re.compile(r"[A-Za-z0-9.:_~+/=-]{8,128}")

# A twin waits here on the unique index until the first's transaction ends: then it finds the row
# and reads its reply, or, where that was rolled back, becomes the first itself.
CLAIM = """
INSERT INTO idempotency_keys AS kept (caller, verb, key, body_digest, expires_at)
VALUES ($1, $2, $3, $4, $6)
ON CONFLICT (caller, verb, key) DO UPDATE
   SET body_digest = excluded.body_digest, expires_at = excluded.expires_at, reply = NULL
 WHERE kept.expires_at <= $5
RETURNING 1
"""
READ = """
SELECT body_digest, reply, expires_at FROM idempotency_keys
 WHERE caller = $1 AND verb = $2 AND key = $3
"""
KEEP = """
UPDATE idempotency_keys SET reply = $4 WHERE caller = $1 AND verb = $2 AND key = $3
"""
SWEEP = """
DELETE FROM idempotency_keys
 WHERE (caller, verb, key) IN (SELECT caller, verb, key FROM idempotency_keys
                                WHERE expires_at <= $1 LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING 1
"""


class IdempotencyKeyReused(Invalid):
    """The same key came with another body; nothing was compared, nothing was counted."""

    title = "This Idempotency-Key came with another body before"
    hint = "Take a new key for a new request."


class AlreadyIssued(Conflict):
    """The same call again, of a verb whose reply shows a secret once."""

    title = "This was issued before and is shown only once"
    hint = "Issue a new one with a new Idempotency-Key if the first is lost."


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """A digest of the key as one caller used it on one verb, and one of it with its body."""

    caller: str
    verb: str
    key: str
    body_digest: bytes


class IdempotencyKeys:
    """Kept 24 h at most. A second call waits for the first's transaction, then gets its reply."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock

    async def claim(
        self,
        tx: Connection,
        key: IdempotencyKey | None,
        reply: type[R],
        *,
        life: timedelta = KEPT,
    ) -> R | None:
        """Return the reply that was kept; None where this is the first call, or has no key.

        `life` is less where the reply is of no use any more by then, and says more than need be
        kept. Raises IdempotencyKeyReused, and AlreadyIssued where the first call kept no reply.
        """
        if key is None:
            return None
        name = (key.caller, key.verb, key.key)
        now = self._clock.now()
        if await tx.fetchval(CLAIM, *name, key.body_digest, now, now + life) is not None:
            return None
        return _kept(await tx.fetchrow(READ, *name), key, reply)

    async def look(
        self, connection: Connection, key: IdempotencyKey | None, reply: type[R]
    ) -> R | None:
        """Return the reply of a call that is done, before any slow work; None where there is none.

        Nothing is claimed: twins that both go on meet at `claim`. Raises as that.
        """
        if key is None:
            return None
        name = (key.caller, key.verb, key.key)
        row = await connection.fetchrow(READ, *name)
        if row is None or row["expires_at"] <= self._clock.now():
            return None
        return _kept(row, key, reply)

    async def keep(self, tx: Connection, key: IdempotencyKey | None, reply: msgspec.Struct) -> None:
        """Keep the reply of the first call, in its transaction."""
        if key is not None:
            name = (key.caller, key.verb, key.key)
            await tx.execute(KEEP, *name, msgspec.json.encode(reply))


def _kept(row: Row | None, key: IdempotencyKey, reply: type[R]) -> R:
    if row is None or row["body_digest"] != key.body_digest:
        raise IdempotencyKeyReused
    if row["reply"] is None:
        raise AlreadyIssued
    return msgspec.json.decode(row["reply"], type=reply)
