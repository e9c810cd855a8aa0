"""Audit entries: a plain insert in the business transaction (AU-1)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal
from uuid import UUID

from shared.audit.floods import Floods, Party
from shared.clock import Clock
from shared.db import Connection, Database
from shared.randomness import Randomness

Outcome = Literal["done", "refused"]
COLUMNS = (
    "id, at, actor, subject, practice, source, action, outcome, detail, reason, correlation_id,"
    " traceparent, client, staff"
)
INSERT = f"""
    WITH entry AS (
        INSERT INTO audit_entries ({COLUMNS})
        SELECT * FROM unnest(
            $1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::text[],
            $7::text[], $8::text[], $9::text[], $10::text[], $11::uuid[], $12::text[],
            $13::text[], $14::text[]
        )
        RETURNING id, at
    )
    INSERT INTO audit_pending (id, at) SELECT id, at FROM entry
"""  # noqa: S608 - columns of ours
ANONYMOUS = "anonymous"
FLOOD = "refusals"  # the action of a row that stands for many


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who asks, from where: what a request hands to a feature for its audit rows."""

    actor: str  # "account:<id>", "client:<id>", "staff:<id>@<practice>", "service", "anonymous"
    source: str  # the source key of LG-4, "" inside the service
    correlation_id: UUID
    traceparent: str | None = None
    reason: str | None = None  # a staff verb's reason
    client: str | None = None  # whose token was shown, where it was a client's
    staff: str | None = None  # whom that client names as acting

    @property
    def from_outside(self) -> bool:
        """Whether somebody asks, over HTTP or the bus: no loop, operator or event of a service."""
        return self.source != "" or self.client is not None


def party(origin: Origin) -> Party:
    """Whose refusals are counted together: a client's, whichever staff member it names."""
    if origin.client is not None:
        return Party(f"client:{origin.client}", "")
    return Party(origin.actor, origin.source if origin.actor == ANONYMOUS else "")


class Action(StrEnum):
    """What a service audits: each has an enum of its own, which its README prints."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One row. `detail` is a code, never a secret and never personal data."""

    origin: Origin
    action: str
    outcome: Outcome
    subject: str | None = None  # "account:<id>"
    practice: str | None = None
    detail: str | None = None


class Audit:
    """Writes entries. The service's role may add to this table, not change or delete."""

    def __init__(self, *, clock: Clock, randomness: Randomness) -> None:
        self._clock = clock
        self._randomness = randomness
        self._floods = Floods()

    async def record(self, tx: Connection, *entries: Entry) -> None:
        """Insert rows by one statement.

        Of refusals to one who asks from outside only so many a minute are written, or a single
        device, or whoever has stolen a client's secret, could fill the table; how many more there
        were is one row (`tell_floods`). Whom one is about makes no difference.
        """
        await self.write(tx, *(entry for entry in entries if self._is_within(entry)))

    def _is_within(self, entry: Entry) -> bool:
        bounded = entry.outcome == "refused" and entry.origin.from_outside
        return not bounded or self.admits(entry.origin)

    def admits(self, origin: Origin, *, at_the_guard: bool = False) -> bool:
        """Whether a refusal, which this counts, is to be written; a party is bounded a minute."""
        return self._floods.admits(party(origin), now=self._clock.now(), at_the_guard=at_the_guard)

    async def tell_floods(self, database: Database) -> int:
        """Write a row for each party some of whose refusals were left out; return how many were."""
        taken = self._floods.take(self._clock.now())
        if not taken:
            return 0
        try:
            async with database.transaction() as tx:
                await self.write(tx, *(self._left_out(*each) for each in taken.items()))
        except BaseException:
            self._floods.give_back(taken)
            raise
        return taken.total()

    def _left_out(self, party: Party, count: int) -> Entry:
        origin = Origin(
            actor=party.actor, source=party.source, correlation_id=self._randomness.uuid()
        )
        return Entry(origin=origin, action=FLOOD, outcome="refused", detail=f"left_out:{count}")

    async def write(self, tx: Connection, *entries: Entry) -> None:
        """Insert rows whose number is bounded elsewhere (`admits`), by one statement."""
        if not entries:
            return
        at = self._clock.now()
        rows = [
            (
                self._randomness.uuid(),
                at,
                entry.origin.actor,
                entry.subject,
                entry.practice,
                entry.origin.source,
                entry.action,
                entry.outcome,
                entry.detail,
                entry.origin.reason,
                entry.origin.correlation_id,
                entry.origin.traceparent,
                entry.origin.client,
                entry.origin.staff,
            )
            for entry in entries
        ]
        await tx.execute(INSERT, *zip(*rows, strict=True))
