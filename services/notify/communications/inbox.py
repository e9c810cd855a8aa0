"""The inbox: what practices' own systems publish waits here, and is taken by turns (NT-9)."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec

from services.notify.budgets import COMMUNICATIONS
from services.notify.communications.model import Communication, Submission
from services.notify.communications.store import inbox as store
from services.notify.communications.store.inbox import Arrival, Waiting
from services.notify.communications.submissions import Submissions
from shared.acts import Act, Acts, By
from shared.audit.entries import Origin
from shared.clock import Clock
from shared.contracts import inbox
from shared.contracts.inbox import LARGEST, PracticeCommunication, System
from shared.db import Connection
from shared.errors import Refused
from shared.http.client_budgets import Asked, ClientBudgets
from shared.logs import logger
from shared.messaging.dead_letters import as_kept, bury, tell
from shared.messaging.messages import Delivery
from shared.messaging.subscriptions import UNREADABLE, Letter, Reason, without_values
from shared.metrics import Metrics
from shared.randomness import Randomness

TAKEN_AT_ONCE = 200
MOST_WAITING = 100_000  # of one system: as many as the budget of an hour, as long as nobody sets it
MOST_DEAD = 100_000  # of one system: as many as may wait; for another the oldest goes
log = logger("inbox")

BODIES = msgspec.json.Decoder(PracticeCommunication)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A row that waits, understood: whose it is, and what it says."""

    waiting: Waiting
    system: System
    body: PracticeCommunication


@dataclass(slots=True, kw_only=True)
class Inbox:
    """What comes is written down and acknowledged; then the systems take turns.

    So a practice that publishes 100,000 delays no other, and what is beyond its client's budget
    waits for the hour to go on, rather than being lost or standing in another's way.
    """

    acts: Acts
    submissions: Submissions
    clock: Clock
    budgets: ClientBudgets
    randomness: Randomness
    metrics: Metrics
    arrived: asyncio.Event = field(default_factory=asyncio.Event)
    _after: str = field(default="", init=False)  # the user that had its turn last
    _full: dict[str, datetime] = field(default_factory=dict, init=False)  # until when, by user
    _uncounted: Counter[str] = field(default_factory=Counter, init=False)  # dead of each since

    @property
    def queue(self) -> str:
        """The one it takes from."""
        return inbox.QUEUE

    async def settle(self, batch: Sequence[Delivery]) -> None:
        """Write down what can be taken; what cannot, or is too much, is dead, with its reason."""
        now = self.clock.now()
        read = [arrival(delivery) for delivery in batch]
        letters = [one for one in read if isinstance(one, Letter)]
        async with self.acts.database.transaction() as tx:
            arrivals = [one for one in read if isinstance(one, Arrival)]
            room = await store.room(tx, arrivals, most=MOST_WAITING)
            kept, beyond = parted(arrivals, room)
            letters += [too_many(one) for one in beyond]
            await store.keep(tx, kept, now=now)
            dropped = await self._bury(tx, letters, now)
        self.arrived.set()
        self._tell(letters, dropped)

    async def once(self) -> int:
        """Take of each of the next systems as many as of another; return how many were settled."""
        now = self.clock.now()
        users = await self._next(now)
        if not users:
            return 0
        async with self.acts.open(self.acts.of_the_service(now)) as act:
            rows = await store.claim(act.tx, users, limit=-(-TAKEN_AT_ONCE // len(users)))
            read = [understood(row) for row in rows]
            letters = [one for one in read if isinstance(one, Letter)]
            taken = await self._within_budgets(act, [one for one in read if isinstance(one, Said)])
            letters += await self._take(act, taken)
            done = [one.waiting for one in taken]
            done += [row for row, one in zip(rows, read, strict=True) if isinstance(one, Letter)]
            await store.forget(act.tx, done)
            dropped = await self._bury(act.tx, letters, now)
        handled = len(done) - len(letters)
        if handled:
            self.metrics.count("consumer_messages", handled, queue=self.queue, outcome="handled")
        self._tell(letters, dropped)
        return len(done)

    async def _next(self, now: datetime) -> Sequence[str]:
        """Whose turn it is, from behind who had the last, without those whose hour is full."""
        self._full = {user: until for user, until in self._full.items() if until > now}
        async with self.acts.database.connection() as connection:
            for after in dict.fromkeys((self._after, "")):
                found = await store.systems(
                    connection, after=after, without=list(self._full), limit=TAKEN_AT_ONCE
                )
                if found:
                    self._after = found[-1]
                    return found
        return ()

    async def _within_budgets(self, act: Act, said: Sequence[Said]) -> Sequence[Said]:
        """Count each on its client's budget, and leave what is beyond it where it waits.

        In the transaction that takes them: what is not taken is not counted either.
        """
        if not said:
            return ()
        name = COMMUNICATIONS.name
        calls = [Asked(str(one.system.client_id), name, 1) for one in said]
        taken: list[Said] = []
        for one, counted in zip(said, await self.budgets.count(act.tx, calls), strict=True):
            if counted.granted:
                taken.append(one)
            else:
                wait = max(1, counted.standing.seconds_until(1))
                self._full[one.system.user] = act.now + timedelta(seconds=wait)
        return taken

    async def _take(self, act: Act, taken: Sequence[Said]) -> list[Letter]:
        """Take them as HTTP's are taken; return what is refused."""
        if not taken:
            return []
        outcomes = await self.submissions.take(
            act, [self._submission(one, act.now) for one in taken]
        )
        return [
            dead(
                one.waiting.publisher,
                one.waiting.body,
                Reason.UNDELIVERABLE,
                outcome.cause,
            )
            for one, outcome in zip(taken, outcomes, strict=True)
            if isinstance(outcome, Refused)
        ]

    def _submission(self, said: Said, now: datetime) -> Submission:
        client = str(said.system.client_id)
        origin = Origin(
            actor=f"client:{client}",
            source="",
            correlation_id=self.randomness.uuid(),
            client=client,
        )
        communication = Communication(
            practice_id=said.system.practice_id,
            patient_id=said.body.patient_id,
            topic=said.body.topic,
            reference=said.body.reference,
        )
        return Submission(
            communication=communication,
            event_id=self.acts.outbox.new_id(),
            by=By(origin=origin, now=now),
        )

    async def _bury(self, tx: Connection, letters: Sequence[Letter], now: datetime) -> int:
        """File them, and drop the oldest of whose are too many: who sends nothing but what is dead
        fills no disk in 30 days. Return how many were dropped.

        Whose may be too many is asked once in a hundredth of as many: it may be a count of all of
        them, and would hold up what others send, which comes by the same queue.
        """
        await bury(tx, letters, now)
        self._uncounted.update(letter.publisher or "" for letter in letters)
        users = sorted(user for user, count in self._uncounted.items() if count > MOST_DEAD // 100)
        for user in users:
            del self._uncounted[user]
        return await store.drop_dead(tx, users, most=MOST_DEAD)

    def _tell(self, letters: Sequence[Letter], dropped: int) -> None:
        if dropped:
            self.metrics.count("dead_letters_dropped", dropped, queue=self.queue)
            log.warning("dead_letters_dropped", queue=self.queue, count=dropped)
        for reason, count in Counter(letter.reason for letter in letters).items():
            self.metrics.count("consumer_messages", count, queue=self.queue, outcome=reason)
        for letter in letters:
            tell(letter)


def arrival(delivery: Delivery) -> Arrival | Letter:
    """Read what came: of whom, by the broker's word and by the routing key that it let through."""
    publisher, body = delivery.publisher, delivery.body
    system = System.of_user(publisher or "")
    if publisher is None:
        return dead(None, body, Reason.WRONG_PUBLISHER, "it names no user_id")
    if system is None:
        return dead(publisher, body, Reason.WRONG_PUBLISHER, "not of a practice's system")
    if delivery.routing_key != system.routing_key:
        return dead(publisher, body, Reason.WRONG_PUBLISHER, "of another practice's routing key")
    if len(body) > LARGEST:
        told = f"its body has {len(body)} bytes, where {LARGEST} are the most"
        return dead(publisher, body, Reason.UNREADABLE, told)
    if delivery.content_type != inbox.CONTENT_TYPE:
        return dead(
            publisher, body, Reason.UNREADABLE, f"its content type is not {inbox.CONTENT_TYPE}"
        )
    return Arrival(publisher=publisher, body=body)


def parted(
    arrivals: Sequence[Arrival], room: Mapping[str, int]
) -> tuple[Sequence[Arrival], Sequence[Arrival]]:
    """Part what there is room for from what comes after it, system by system."""
    left = Counter(room)
    kept: list[Arrival] = []
    beyond: list[Arrival] = []
    for one in arrivals:
        left[one.publisher] -= 1
        (kept if left[one.publisher] >= 0 else beyond).append(one)
    return kept, beyond


def too_many(one: Arrival) -> Letter:
    return dead(
        one.publisher,
        one.body,
        Reason.UNDELIVERABLE,
        f"{MOST_WAITING} of its system wait already",
    )


def understood(waiting: Waiting) -> Said | Letter:
    """Read a row; a replayed one may be none of a practice's system, or of no form."""
    system = System.of_user(waiting.publisher or "")
    if system is None:
        return dead(waiting.publisher, waiting.body, Reason.WRONG_PUBLISHER, "of nobody's system")
    try:
        body = BODIES.decode(waiting.body)
    except UNREADABLE as error:
        return dead(waiting.publisher, waiting.body, Reason.SCHEMA, without_values(error))
    return Said(waiting=waiting, system=system, body=body)


def dead(publisher: str | None, body: bytes, reason: Reason, detail: str) -> Letter:
    return Letter(
        queue=inbox.QUEUE,
        exchange=inbox.EXCHANGE,
        publisher=publisher,
        body=as_kept(inbox.QUEUE, body),
        reason=reason,
        detail=detail,
    )
