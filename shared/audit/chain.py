"""The chain: a loop gives each audit entry its place and hash, beside the business (AU-1)."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

import msgspec

from shared.audit.entries import COLUMNS
from shared.audit.times import BEGINNING, AuditTimes
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


def _digest(entry: Row, columns: int | None = None) -> bytes:
    """SHA-256 of the entry's columns, or of its first ones, as one JSON array: each is written in
    one way only.
    """
    return hashlib.sha256(msgspec.json.encode(list(entry.values())[:columns])).digest()


def _hash(before: bytes, place: int, digest: bytes) -> bytes:
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

    async def verify(self) -> str:
        """Check the whole chain; return what a person reads, with the tail; raise ChainBroken.

        Who may delete entries *and* links can still cut off the newest ones unseen: the place and
        hash that are returned belong in the operator's own log, to compare with next time.
        """
        async with self.database.connection() as connection:
            head = await connection.fetchrow(
                "SELECT place, hash FROM audit_chain ORDER BY place DESC LIMIT 1"
            )
            older, times = 0, AuditTimes()
            if head is not None:
                older = await self._verify_links(connection, head["place"], times)
            await self._verify_strangers(connection)
            await self._verify_tail(connection)
            tail = await connection.fetchrow(
                "SELECT count(*) AS entries, min(at) AS oldest FROM audit_pending"
            )
        place, hashed = (head["place"], head["hash"].hex()) if head else (0, START.hex())
        told = f"chain whole to place {place}, hash {hashed}; {times}"
        if older:
            told += f"of {older} an older version chained neither client nor staff; "
        if not tail or not tail["entries"]:
            return told + "nothing waits to be chained"
        return told + f"{tail['entries']} entries wait to be chained, oldest {tail['oldest']}"

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
            place, digest = place + 1, _digest(entry)
            before = _hash(before, place, digest)
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

    async def _verify_links(self, connection: Connection, last: int, times: AuditTimes) -> int:
        """Walk the places in order, each against the hash before it, its entry and the time.

        Return of how many entries an older replica chained less than they hold.
        """
        older = 0
        first = await connection.fetchval("SELECT min(place) FROM audit_chain")
        before, kept_from = await self._beginning(connection, first)
        for begin in range(first, last + 1, BATCH):
            links = await connection.fetch(
                "SELECT * FROM audit_chain WHERE place >= $1 AND place < $2 ORDER BY place",
                begin,
                min(begin + BATCH, last + 1),
            )
            entries = await connection.fetch(
                f"SELECT {COLUMNS} FROM audit_entries"  # noqa: S608 - columns of ours
                " WHERE (id, at) IN (SELECT * FROM unnest($1::uuid[], $2::timestamptz[]))",
                [link["entry_id"] for link in links],
                [link["entry_at"] for link in links],
            )
            kept = {entry["id"]: entry for entry in entries}
            for place, link in enumerate(links, start=begin):
                before = _checked(place, link, before)
                if wrong := times.wrong(link):
                    raise ChainBroken(f"{_named(link)} {wrong}")
                if link["entry_at"] >= kept_from:
                    older += _check_entry(link, kept.get(link["entry_id"]))
            if len(links) != min(BATCH, last + 1 - begin):
                raise ChainBroken(f"places after {begin + len(links) - 1} are gone")
        return older

    async def _beginning(self, connection: Connection, first: int) -> tuple[bytes, datetime]:
        """The hash before the first place that is kept, and the first month that is kept.

        Months older than six years are dropped whole: the chain then begins at an anchor.
        """
        if first == 1:
            return START, BEGINNING
        anchor = await connection.fetchrow(
            "SELECT month, hash FROM audit_anchors WHERE place = $1", first - 1
        )
        if anchor is None:
            raise ChainBroken(f"the chain begins at place {first}, where no anchor is")
        month: date = anchor["month"]
        return anchor["hash"], datetime(month.year, month.month, 1, tzinfo=UTC)

    async def _verify_strangers(self, connection: Connection) -> None:
        """An entry that is neither chained nor waiting was not written by `record`."""
        at, entry_id = BEGINNING, UUID(int=0)
        while True:
            entries = await connection.fetch(
                f"""
                SELECT id, at, EXISTS (SELECT FROM audit_chain WHERE entry_id = entry.id)
                            OR EXISTS (SELECT FROM audit_pending WHERE id = entry.id) AS known
                FROM audit_entries entry WHERE (at, id) > ($1, $2)
                ORDER BY at, id LIMIT {BATCH}
                """,  # noqa: S608 - a number of ours
                at,
                entry_id,
            )
            for entry in entries:
                if not entry["known"]:
                    raise ChainBroken(f"entry {entry['id']} of {entry['at']} was put in")
            if len(entries) < BATCH:
                return
            at, entry_id = entries[-1]["at"], entries[-1]["id"]

    async def _verify_tail(self, connection: Connection) -> None:
        """What waits to be chained must still be there."""
        lost = await connection.fetchrow(
            "SELECT id, at FROM audit_pending waiting WHERE NOT EXISTS"
            " (SELECT FROM audit_entries WHERE id = waiting.id AND at = waiting.at) LIMIT 1"
        )
        if lost is not None:
            raise ChainBroken(f"entry {lost['id']} of {lost['at']} was deleted unchained")


def _month(moment: datetime) -> date:
    return moment.date().replace(day=1)


def _checked(place: int, link: Row, before: bytes) -> bytes:
    """Return the link's hash, if it is the one that belongs at this place."""
    if link["place"] != place:
        raise ChainBroken(f"place {place} is gone")
    if link["hash"] != _hash(before, place, link["entry_digest"]):
        raise ChainBroken(f"the chain was changed at place {place}")
    found: bytes = link["hash"]
    return found


def _check_entry(link: Row, kept: Row | None) -> bool:
    """Say whether the entry holds more than the link covers: an older version chained it."""
    if kept is None:
        raise ChainBroken(f"{_named(link)} was deleted")
    if _digest(kept) == link["entry_digest"]:
        return False
    if _digest(kept, ALWAYS) == link["entry_digest"]:
        return any(value is not None for value in list(kept.values())[ALWAYS:])
    raise ChainBroken(f"{_named(link)} was changed")


def _named(link: Row) -> str:
    return f"entry {link['entry_id']} of {link['entry_at']} (place {link['place']})"
