"""What this replica lacks before it is ready, and what it shares with all others."""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.clock import Clock, DatabaseClock
from shared.http.health import Check, Lack, NotWell
from shared.logs import logger
from shared.messaging.broker import Broker
from shared.messaging.wiring import Messaging
from shared.program.program import Composition, F, Plumbing, S
from shared.settings.loader import PREFIX
from shared.trust.ended_sessions import EndedSessions
from shared.trust.keyring import KeysUnreadable
from shared.trust.own_keys import OwnKeys

log = logger("runtime")

FIRST_BEAT_WITHIN = 5.0  # seconds: readiness waits for the first beat, but not for an outage's end


@dataclass(slots=True)
class Ensured:
    """The service's own keys, made as soon as the database is there, and looked after."""

    own_keys: OwnKeys
    done: bool = False
    unreadable: bool = False

    async def once(self) -> int:
        """Make what is missing, end what is over; always 0.

        A wrong key-encryption key is said once and by name: no further try mends it.
        """
        try:
            await self.own_keys.ensure()
        except KeysUnreadable:
            if not self.unreadable:
                log.error("own_keys_unreadable", setting=f"{PREFIX}KEY_ENCRYPTION_KEY")
            self.unreadable = True
            return 0
        self.done, self.unreadable = True, False
        return 0

    def lack(self) -> str | None:
        """Say whether they are there, and can be opened."""
        if self.unreadable:
            return "key_encryption_key_wrong"
        return None if self.done else "not_made_yet"


@dataclass(slots=True)
class FirstBeat:
    """A replica's own wait for the first beat of the stream of ended sessions.

    It ends with the beat, or after FIRST_BEAT_WITHIN: a broker or an identity that is away is away
    for all replicas, and what is restarted meanwhile must not be lost to people. Until a beat comes
    StreamGuard takes young tokens only, so nothing is let through for it; after it, a stream that
    falls quiet is told by the status.
    """

    ended_sessions: EndedSessions
    clock: Clock
    until: float
    over: bool = False

    def lack(self) -> str | None:
        """Say whether it still waits."""
        if not self.over:
            self.over = self.ended_sessions.fresh() or self.clock.monotonic() > self.until
        return None if self.over else "no_beat_yet"


def readiness(
    plumbing: Plumbing[S], ended_sessions: EndedSessions | None, keys: Ensured | None
) -> Iterator[tuple[str, Lack]]:
    """What this replica alone lacks before it is sent requests."""
    clock = plumbing.clock
    if isinstance(clock, DatabaseClock):
        yield "clock", lambda: None if clock.steady else "not_steady"
    if ended_sessions is not None:
        until = clock.monotonic() + FIRST_BEAT_WITHIN
        yield "sessions", FirstBeat(ended_sessions, clock, until).lack
    if keys is not None:
        yield "own_keys", keys.lack


def status(
    plumbing: Plumbing[S],
    composition: Composition[F],
    broker: Broker,
    messaging: Messaging,
    ended_sessions: EndedSessions | None,
) -> Iterator[tuple[str, Check]]:
    """What this replica shares with all others, as far as it can be seen from here."""
    queues = [intake.queue for intake in messaging.intakes]
    feeds = plumbing.feeds

    async def consumers() -> None:
        if not all(feeds.connected_since(queue) for queue in queues):
            raise NotWell("not_registered")

    yield "database", plumbing.database.ping
    yield "broker", broker.ping
    yield "consumers", consumers
    if ended_sessions is not None:

        async def beats() -> None:
            if not ended_sessions.fresh():
                raise NotWell("stream_quiet")

        yield "sessions", beats
    yield from composition.probes.items()
