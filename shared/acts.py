"""One unit of work a verb: its transaction, its time, its audit rows and its events (AU-1).

One piece: an act and who begins it share what nobody else may touch.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypedDict, TypeVar, Unpack
from uuid import UUID

import msgspec

from shared.audit.entries import Action, Audit, Entry, Origin, Outcome
from shared.contracts.contract import Contract, E
from shared.contracts.ids import AccountId, EventId, MergeId, PatientId, PracticeId
from shared.contracts.sessions import SessionEntry
from shared.db import Connection, Database
from shared.errors import Refused, Unavailable
from shared.idempotency import KEPT, IdempotencyKey, IdempotencyKeys
from shared.logs import logger
from shared.messaging.outbox import Outbox, OutboxRow

R = TypeVar("R", bound=msgspec.Struct)

log = logger("audit")


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who asks, from where, and when: what every verb is handed."""

    origin: Origin
    now: datetime


class About(TypedDict, total=False):
    """Whom or what a row is about, and at which practice. Of several, the first is its subject."""

    account: AccountId | None
    patient: PatientId | None
    client: UUID | str | None
    key: str
    merge: MergeId
    delivery: UUID
    request: UUID
    practice: PracticeId | None


class Act:
    """A unit of work under way: what it writes on `tx` and tells is seen once all of it is done.

    Events and audit rows are gathered, and written by one statement each at its end.
    """

    def __init__(self, acts: "Acts", tx: Connection, by: By, cause: EventId | None = None) -> None:
        self.tx = tx
        self.origin = by.origin
        self.now = by.now
        self.detail: str | None = None  # what its own row says besides, where it is done
        self._acts = acts
        self._cause = cause
        self._events: list[OutboxRow] = []
        self._entries: list[Entry] = []
        self._about = About()
        self._also: list[About] = []
        self._commits: Refused | None = None  # the refusal that undoes nothing
        self._refusal_detail: str | None = None
        self._repeats = False

    def about(self, **whom: Unpack[About]) -> None:
        """Say whom it turned out to be about, where it is done; a refusal tells how it began."""
        self._about = whom

    def also(self, **whom: Unpack[About]) -> None:
        """Let its outcome stand in the history of another as well."""
        self._also.append(whom)

    def record(
        self,
        action: Action,
        outcome: Outcome = "done",
        *,
        detail: str | None = None,
        origin: Origin | None = None,
        **whom: Unpack[About],
    ) -> None:
        """Add an audit row besides the act's own."""
        self._entries.append(
            entry(origin or self.origin, action, outcome, detail=detail, about=whom)
        )

    def new_id(self) -> EventId:
        """Mint an event's id beforehand, where a seal must be bound to it."""
        return self._acts.outbox.new_id()

    def publish(
        self,
        contract: Contract[E],
        data: E,
        *,
        subject: UUID | str,
        version: int | None = None,
        event_id: EventId | None = None,
        origin: Origin | None = None,
    ) -> None:
        """Tell an event once the act is committed. `version` is the aggregate's, for snapshots."""
        self._events.append(
            self._acts.outbox.event(
                contract,
                data,
                subject=subject,
                origin=origin or self.origin,
                version=version,
                event_id=event_id,
                cause=self._cause,
            )
        )

    @property
    def told(self) -> Sequence[OutboxRow]:
        """What it has told so far, which is seen by nobody before its end."""
        return tuple(self._events)

    def end_sessions(self, entries: Sequence[SessionEntry]) -> None:
        """Identity only: tell all services' replicas that sessions are over, or narrowed."""
        self._events += map(self._acts.outbox.ended_session, entries)

    @asynccontextmanager
    async def attempt(self) -> AsyncIterator[None]:
        """Work that an error takes back alone: what was held or counted before stays."""
        events, entries = len(self._events), len(self._entries)
        try:
            async with self.tx.transaction():
                yield
        except BaseException:
            del self._events[events:], self._entries[entries:]
            raise

    def committing(self, refusal: Refused, *, detail: str | None = None) -> Refused:
        """Return this refusal to be raised; it undoes nothing but the attempt that it came out of.

        For what a refusal itself has to leave behind, such as a counted try. `detail` is what the
        audit says of it, where its type says too little or too much.
        """
        self._commits, self._refusal_detail = refusal, detail
        return refusal

    async def repeat(
        self, key: IdempotencyKey | None, reply: type[R], *, life: timedelta = KEPT
    ) -> R | None:
        """Return the reply of this same call before, which is all that is to be done then.

        A twin waits here for the first one's end. Raises IdempotencyKeyReused, and AlreadyIssued
        where the first kept none.
        """
        kept = await self._acts.idempotency.claim(self.tx, key, reply, life=life)
        if kept is not None:
            self.repeated()
        return kept

    def repeated(self) -> None:
        """Leave no row: this was done and audited before."""
        self._repeats = True

    async def keep(self, key: IdempotencyKey | None, reply: R) -> R:
        """Keep the reply for a repetition; one that shows a secret is never kept."""
        await self._acts.idempotency.keep(self.tx, key, reply)
        return reply

    async def _write(self, *entries: Entry) -> None:
        """Write what was gathered: the last of an act."""
        await self._acts.outbox.write(self.tx, self._events)
        await self._acts.audit.record(self.tx, *self._entries, *entries)

    def _done(self, action: Action, begun: About) -> Sequence[Entry]:
        """The rows of its own outcome; a repetition was audited the first time."""
        if self._repeats:
            return ()
        return self._outcome(action, "done", About(**{**begun, **self._about}), self.detail)

    def _refused(self, action: Action, begun: About, refusal: Refused) -> Sequence[Entry]:
        """The same of a refusal."""
        detail = self._refusal_detail if refusal is self._commits else None
        return self._outcome(action, "refused", begun, detail or refusal.cause)

    def _outcome(
        self, action: Action, outcome: Outcome, about: About, detail: str | None
    ) -> Sequence[Entry]:
        return [
            entry(self.origin, action, outcome, detail=detail, about=whom)
            for whom in (about, *self._also)
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Acts:
    """Begins units of work."""

    database: Database
    audit: Audit
    outbox: Outbox
    idempotency: IdempotencyKeys

    @asynccontextmanager
    async def begin(self, by: By, action: Action, **about: Unpack[About]) -> AsyncIterator[Act]:
        """One transaction with the audit row of its outcome in it: done, or refused.

        A refusal undoes the whole act, then leaves its row; one by `act.committing` undoes nothing
        but the attempt that it came out of, and its row is in the same transaction.
        """
        committed: Refused | None = None
        async with self.database.connection() as connection:
            act = Act(self, connection, by)
            try:
                async with self.database.transaction_on(connection):
                    try:
                        yield act
                    except Refused as refusal:
                        if refusal is not act._commits:
                            raise
                        committed = refusal
                        await act._write(*act._refused(action, about, refusal))
                    else:
                        await act._write(*act._done(action, about))
            except Refused as refusal:
                await self.audit.record(connection, *act._refused(action, about, refusal))
                raise
        if committed is not None:
            raise committed

    @asynccontextmanager
    async def open(self, by: By) -> AsyncIterator[Act]:
        """One transaction that records its own outcomes, each with whom it is about: a loop's."""
        async with self.database.transaction() as tx, self.within(tx, by) as act:
            yield act

    @asynccontextmanager
    async def looking(self, by: By) -> AsyncIterator[Act]:
        """Everything as it stands at one moment, however many statements look at it.

        Nothing is written: what is told of it is handed out (`act.told`), for who publishes it.
        """
        async with self.database.snapshot() as tx:
            yield Act(self, tx, by)

    @asynccontextmanager
    async def within(
        self, tx: Connection, by: By, *, cause: EventId | None = None
    ) -> AsyncIterator[Act]:
        """The same in another's transaction, as a consumer's batch is.

        `cause` is the event that brings it about.
        """
        act = Act(self, tx, by, cause)
        yield act
        await act._write()

    def of_the_service(self, now: datetime) -> By:
        """What a loop does is nobody's request."""
        correlation_id = self.outbox.randomness.uuid()
        return By(origin=Origin(actor="service", source="", correlation_id=correlation_id), now=now)

    async def repeats(self, key: IdempotencyKey | None, reply: type[R]) -> R | None:
        """Return the reply of this same call, where it is done: before work that is slow, and that
        a repetition must not have done again. Nothing is left on record. Raises as `Act.repeat`.
        """
        async with self.database.connection() as connection:
            return await self.idempotency.look(connection, key, reply)

    @asynccontextmanager
    async def before(self, by: By, action: Action, **about: Unpack[About]) -> AsyncIterator[None]:
        """For what must be known before there is a transaction: a refusal leaves its audit row."""
        try:
            yield
        except Refused as refusal:
            async with self.database.connection() as connection:
                row = entry(by.origin, action, "refused", detail=refusal.cause, about=about)
                await self.audit.record(connection, row)
            raise

    async def refused(
        self, origin: Origin, verb: str, refusal: Refused, **about: Unpack[About]
    ) -> None:
        """Leave a row of its own for who was refused before there was any work, within bounds.

        Where the database is away the refusal is told all the same; the log has it.
        """
        if not self.audit.admits(origin, at_the_guard=True):
            return
        row = entry(origin, verb, "refused", detail=refusal.cause, about=about)
        try:
            async with self.database.connection() as connection:
                await self.audit.write(connection, row)
        except Unavailable as away:
            log.warning("refusal_not_audited", operation=verb, error=away)


def entry(
    origin: Origin, action: str, outcome: Outcome, *, detail: str | None, about: About
) -> Entry:
    """Make a row; its subject names the kind as well."""
    ids = {kind: str(one) for kind, one in about.items() if one is not None}
    practice = ids.pop("practice", None)
    subject = next((f"{kind}:{ids[kind]}" for kind in About.__annotations__ if kind in ids), None)
    return Entry(
        origin=origin,
        action=action,
        outcome=outcome,
        subject=subject,
        practice=practice,
        detail=detail,
    )
