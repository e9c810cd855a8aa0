"""The chain: a loop gives each audit entry its place and hash, beside the business (AU-1)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import msgspec

from shared.audit.entries import COLUMNS
from shared.clock import Clock
from shared.db import Connection, Database, Row

BATCH = 500
START = bytes(32)  # what stands for the hash before the first place
# Where nothing waits nothing is locked either: that would write, once a second for ever.
TURN = """
    SELECT name FROM locks WHERE name = 'audit chain' AND EXISTS (SELECT FROM audit_pending)
    FOR UPDATE SKIP LOCKED
"""
ALWAYS = 12  # columns that every digest covers; a version before client and staff no others


class ChainBroken(Exception):
    """An entry was changed, deleted or put in behind the chain's back; the message says which."""


def digest_of(entry: Row, columns: int | None = None) -> bytes:
    """SHA-256 of the entry's columns, or of its first ones, as one JSON array: each is written in
    one way only.
    """
    return hashlib.sha256(msgspec.json.encode(list(entry.values())[:columns])).digest()


def hash_of(before: bytes, place: int, digest: bytes) -> bytes:
    return hashlib.sha256(before + place.to_bytes(8, "big") + digest).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditChain:
    """One loop per service, under one lock, adds place and hash in batches."""

    database: Database
    clock: Clock

    async def once(self) -> int:
        """Chain up to 500 rows; 0 where another replica holds the lock."""
        async with self.database.transaction() as tx:
            if await tx.fetchval(TURN) is None:
                return 0
            entries = await tx.fetch(
                f"""
                SELECT {COLUMNS} FROM audit_pending JOIN audit_entries USING (id, at)
                ORDER BY at, id LIMIT {BATCH}
                """  # noqa: S608 - columns of ours
            )
            if entries:
                await self._append(tx, entries)
            return len(entries)

    async def _append(self, tx: Connection, entries: Sequence[Row]) -> None:
        head = await tx.fetchrow(
            "SELECT place, hash, chained_at FROM audit_chain ORDER BY place DESC LIMIT 1"
        )
        now = self.clock.now()
        place, before = (head["place"], head["hash"]) if head else (0, START)
        if head is None or _month(head["chained_at"]) != _month(now):
            await tx.execute(
                "INSERT INTO audit_anchors (month, place, hash) VALUES ($1, $2, $3)"
                " ON CONFLICT (month) DO NOTHING",
                _month(now),
                place,
                before,
            )
        links = []
        for entry in entries:
            place, digest = place + 1, digest_of(entry)
            before = hash_of(before, place, digest)
            links.append((place, entry["id"], entry["at"], digest, before))
        places, ids, moments, digests, hashes = zip(*links, strict=True)
        await tx.execute(
            "INSERT INTO audit_chain (place, entry_id, entry_at, entry_digest, hash, chained_at)"
            " SELECT *, $6::timestamptz FROM unnest($1::bigint[], $2::uuid[], $3::timestamptz[],"
            " $4::bytea[], $5::bytea[])",
            places,
            ids,
            moments,
            digests,
            hashes,
            now,
        )
        await tx.execute("DELETE FROM audit_pending WHERE id = any($1)", ids)


def _month(moment: datetime) -> date:
    return moment.date().replace(day=1)
