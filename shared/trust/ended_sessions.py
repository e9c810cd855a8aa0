"""Ended sessions: what a replica has read from identity's stream, and how fresh that is (SE-1)."""

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from shared.clock import Clock
from shared.contracts import topology
from shared.contracts.ids import SessionId
from shared.contracts.sessions import Beat, SessionEntry, StreamEntry
from shared.errors import Unavailable
from shared.logs import logger
from shared.loops import stopped
from shared.messaging.broker import Broker
from shared.messaging.messages import Delivery
from shared.messaging.subscriptions import UNREADABLE
from shared.metrics import Metrics
from shared.randomness import Randomness

KEPT = timedelta(minutes=6)  # longer than any access token lives, with a minute for clocks
FRESH = timedelta(seconds=2)
PREFETCH = 500
TICK = timedelta(microseconds=1)
OWNER = topology.owner(topology.SESSIONS)
LONGEST_WAIT = 1.0

ENTRIES: msgspec.json.Decoder[StreamEntry] = msgspec.json.Decoder(StreamEntry)

log = logger("sessions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    read_at: datetime
    not_before: datetime | None


class EndedSessions:
    """Reads the whole stream, some ten minutes or a segment of it, and again so at each reconnect.

    A beat says that all entries committed before it have been read. While the last one is older
    than two seconds this replica cannot know what has ended, and must ask for fresher tokens.
    What does not come from identity, by the broker's word, is not heard.
    """

    def __init__(
        self, *, broker: Broker, clock: Clock, metrics: Metrics, randomness: Randomness
    ) -> None:
        self.broker = broker
        self.clock = clock
        self.metrics = metrics
        self.randomness = randomness
        self._ended: dict[SessionId, Ended] = {}
        self._read: deque[tuple[datetime, SessionId]] = deque()  # in the order in which they came
        self._last_read = datetime.min.replace(tzinfo=UTC)  # each entry's is its own
        self._beat: datetime | None = None

    def is_void(self, session_id: SessionId, issued_at: datetime) -> bool:
        """Whether a token of that session, issued then, was ended since."""
        ended = self._ended.get(session_id)
        if ended is None:
            return False
        return ended.not_before is None or issued_at < ended.not_before

    def fresh(self) -> bool:
        """Whether everything that ended until two seconds ago is known here."""
        return self._beat is not None and self.clock.unshifted() - self._beat < FRESH

    async def run(self) -> None:
        """Read until cancelled; a stream that is away leaves what was read, and goes stale."""
        failures = 0
        while not stopped():
            try:
                await self._read_on()
            except Exception as error:
                failures = 1 if self.fresh() else failures + 1
                if failures == 1 or not isinstance(error, Unavailable):
                    log.warning("sessions_stream_away", error=error, attempt=failures)
            await asyncio.sleep(self.randomness.back_off(0.2, LONGEST_WAIT, doubled=failures))

    def take(self, entry: StreamEntry) -> None:
        """Apply one entry of the stream; again, or out of order, changes nothing."""
        match entry:
            case Beat(at=at):
                self._believe(at)
            case SessionEntry(session_id=session_id, not_before=not_before):
                self._end(session_id, not_before)
                self.metrics.count("sessions_entries", kind="ended")

    def prune(self) -> None:
        """Forget what no living token can belong to; also says how old the last beat is."""
        now = self.clock.unshifted()
        while self._read and now - self._read[0][0] > KEPT:
            read_at, session_id = self._read.popleft()
            if self._ended[session_id].read_at == read_at:  # no later entry of the same session
                del self._ended[session_id]
        if self._beat is not None:
            age = (now - self._beat).total_seconds()
            self.metrics.gauge("sessions_beat_age_seconds", max(age, 0.0))

    def _believe(self, at: datetime) -> None:
        """Take a beat for no later than now; one from further ahead is of a clock that is wrong.

        Kept as it is, it would make this replica sure of itself for as long as that clock is ahead.
        """
        now = self.clock.unshifted()
        if at - now >= FRESH:
            log.warning("sessions_beat_ahead", offset_seconds=(at - now).total_seconds())
            self.metrics.count("sessions_entries", kind="beat_ahead")
            return
        at = min(at, now)
        self._beat = at if self._beat is None else max(at, self._beat)
        self.metrics.count("sessions_entries", kind="beat")

    def _end(self, session_id: SessionId, not_before: datetime | None) -> None:
        known = self._ended.get(session_id)
        if known is not None:  # the wider of the two holds
            both = (known.not_before, not_before)
            not_before = None if None in both else max(time for time in both if time)
        self._last_read = max(self._last_read + TICK, self.clock.unshifted())
        self._ended[session_id] = Ended(read_at=self._last_read, not_before=not_before)
        self._read.append((self._last_read, session_id))

    async def _read_on(self) -> None:
        async with self.broker.consume(
            topology.SESSIONS, prefetch=PREFETCH, stream=True
        ) as deliveries:
            self._beat = None  # what was before the gap says nothing of what is read after it
            while batch := await deliveries.batch(PREFETCH):
                for delivery in batch:
                    self.hear(delivery)
                await deliveries.ack(batch)
                self.prune()

    def hear(self, delivery: Delivery) -> None:
        """Take what identity published; anything else is counted and passed over."""
        if delivery.publisher != OWNER:
            log.error("sessions_entry_not_of_identity", exchange=delivery.exchange)
            self.metrics.count("sessions_entries", kind="wrong_publisher")
            return
        try:
            entry = ENTRIES.decode(delivery.body)
        except UNREADABLE as error:  # a newer identity's kind of entry, perhaps
            log.error("sessions_entry_unreadable", error=error)
            self.metrics.count("sessions_entries", kind="unreadable")
            return
        self.take(entry)
