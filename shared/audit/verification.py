"""The whole audit chain, checked from its first place: what was changed behind its back (AU-1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.audit.anchors import Beginning, beginning, verify_anchors
from shared.audit.chain import ALWAYS, START, ChainBroken, digest_of, hash_of
from shared.audit.entries import COLUMNS
from shared.audit.times import BEGINNING, SLACK, AuditTimes
from shared.clock import Clock
from shared.db import Connection, Database, Row
from shared.progress import Progress

FIRST = "SELECT min(place) FROM audit_chain"
PAGE = 2000  # rows in memory at a time, however many there are


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditVerification:
    """Goes along the chain in pages of so many places, and then along the entries."""

    database: Database
    clock: Clock
    moved: bool = False  # the clock, by a file

    async def verify(self, progress: Progress) -> str:
        """Check the whole chain; return what a person reads, with the tail; raise ChainBroken.

        Who may delete entries *and* links can still cut off the newest ones unseen, back to the
        last anchor, and who owns the tables can chain all of them anew: where it begins, and the
        place and hash to which it goes, belong in the operator's own log, to compare with next
        time. Where months were dropped meanwhile it begins again: what it missed may have gone
        with them.
        """
        async with self.database.connection() as connection:
            while True:
                first = await connection.fetchval(FIRST)
                try:
                    return await self._verify(connection, progress)
                except ChainBroken:
                    if await connection.fetchval(FIRST) == first:
                        raise

    async def _verify(self, connection: Connection, progress: Progress) -> str:
        head = await connection.fetchrow(
            "SELECT place, hash FROM audit_chain ORDER BY place DESC LIMIT 1"
        )
        older, times = 0, AuditTimes(moved=self.moved)
        begun = await beginning(connection, self.clock.now())
        if head is not None:
            progress.begin(2 * (head["place"] - begun.place + 1))  # each place, then its entry
            links = Links(connection, begun, before=begun.before, times=times)
            older = await links.verify(head["place"], progress)
        await verify_anchors(connection)
        await self._verify_strangers(connection, begun.kept_from, progress)
        await self._verify_tail(connection)
        tail = await connection.fetchrow(
            "SELECT count(*) AS entries, min(at) AS oldest FROM audit_pending"
        )
        place, hashed = (head["place"], head["hash"].hex()) if head else (0, START.hex())
        told = f"chain whole to place {place}, hash {hashed}; {begun}; {times}"
        if older:
            told += f"of {older} an older version chained neither client nor staff; "
        if not tail or not tail["entries"]:
            return told + "nothing waits to be chained"
        return told + f"{tail['entries']} entries wait to be chained, oldest {tail['oldest']}"

    async def _verify_strangers(
        self, connection: Connection, kept_from: datetime, progress: Progress
    ) -> None:
        """An entry that is neither chained nor waiting, under its id and at its time, was not
        written by `record`.

        Of the first minute that is kept the link may have gone with the month before: replicas'
        clocks differ a little.
        """
        at, entry_id = BEGINNING, UUID(int=0)
        while True:
            entries = await connection.fetch(
                f"""
                SELECT id, at,
                    EXISTS (SELECT FROM audit_chain
                            WHERE entry_id = entry.id AND entry_at = entry.at)
                    OR EXISTS (SELECT FROM audit_pending
                               WHERE id = entry.id AND at = entry.at) AS known
                FROM audit_entries entry WHERE (at, id) > ($1, $2)
                ORDER BY at, id LIMIT {PAGE}
                """,  # noqa: S608 - a number of ours
                at,
                entry_id,
            )
            for entry in entries:
                if not entry["known"] and not _is_of_the_turn(entry["at"], kept_from):
                    raise ChainBroken(f"entry {entry['id']} of {entry['at']} was put in")
            progress.add(len(entries))
            if len(entries) < PAGE:
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


@dataclass(slots=True)
class Links:
    """The places from where it begins, each checked against the hash before it, its entry and time.

    Entries of months that have been dropped are not looked for.
    """

    connection: Connection
    begun: Beginning
    before: bytes
    times: AuditTimes

    async def verify(self, last: int, progress: Progress) -> int:
        """Go to this place; return of how many entries an older replica chained less than they
        hold. Raises ChainBroken.
        """
        older = 0
        for begin in range(self.begun.place, last + 1, PAGE):
            end = min(begin + PAGE, last + 1)
            older += await self._verify_page(begin, end)
            progress.add(end - begin)
        return older

    async def _verify_page(self, begin: int, end: int) -> int:
        older = 0
        links = await self.connection.fetch(
            "SELECT * FROM audit_chain WHERE place >= $1 AND place < $2 ORDER BY place", begin, end
        )
        kept = {entry["id"]: entry for entry in await self._entries(links)}
        for place, link in enumerate(links, start=begin):
            self.before = _checked(place, link, self.before)
            if wrong := self.times.wrong(link):
                raise ChainBroken(f"{_named(link)} {wrong}")
            if link["entry_at"] >= self.begun.kept_from:
                older += _check_entry(link, kept.get(link["entry_id"]))
        if len(links) != end - begin:
            raise ChainBroken(f"places after {begin + len(links) - 1} are gone")
        return older

    async def _entries(self, links: Sequence[Row]) -> Sequence[Row]:
        """Read the entries of these links; the bounds leave out the other months' partitions."""
        if not links:
            return ()
        moments = [link["entry_at"] for link in links]
        return await self.connection.fetch(
            f"SELECT {COLUMNS} FROM audit_entries"  # noqa: S608 - columns of ours
            " WHERE at BETWEEN $3 AND $4"
            " AND (id, at) IN (SELECT * FROM unnest($1::uuid[], $2::timestamptz[]))",
            [link["entry_id"] for link in links],
            moments,
            min(moments),
            max(moments),
        )


def _is_of_the_turn(at: datetime, kept_from: datetime) -> bool:
    return kept_from != BEGINNING and kept_from <= at < kept_from + SLACK


def _checked(place: int, link: Row, before: bytes) -> bytes:
    """Return the link's hash, if it is the one that belongs at this place."""
    if link["place"] != place:
        raise ChainBroken(f"place {place} is gone")
    if link["hash"] != hash_of(before, place, link["entry_digest"]):
        raise ChainBroken(f"the chain was changed at place {place}")
    found: bytes = link["hash"]
    return found


def _check_entry(link: Row, kept: Row | None) -> bool:
    """Say whether the entry holds more than the link covers: an older version chained it."""
    if kept is None:
        raise ChainBroken(f"{_named(link)} was deleted")
    if digest_of(kept) == link["entry_digest"]:
        return False
    if digest_of(kept, ALWAYS) == link["entry_digest"]:
        return any(value is not None for value in list(kept.values())[ALWAYS:])
    raise ChainBroken(f"{_named(link)} was changed")


def _named(link: Row) -> str:
    return f"entry {link['entry_id']} of {link['entry_at']} (place {link['place']})"
