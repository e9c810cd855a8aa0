"""What a replica knows of ended sessions, and when it knows enough (SE-1)."""

from datetime import timedelta
from uuid import uuid4

import msgspec
import pytest

from shared.contracts.ids import SessionId
from shared.contracts.sessions import Beat, SessionEntry
from shared.messaging.broker import Broker
from shared.messaging.messages import Delivery
from shared.metrics import Metrics
from shared.randomness import Randomness
from shared.trust.ended_sessions import EndedSessions
from tests.support.clock import START, FakeClock

SESSION = SessionId(uuid4())
SECOND = timedelta(seconds=1)

pytestmark = pytest.mark.proves("SE-1")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ended(clock: FakeClock) -> EndedSessions:
    return EndedSessions(
        broker=Broker("amqp://nobody@127.0.0.1:9/", name="test"),
        clock=clock,
        metrics=Metrics(),
        randomness=Randomness(),
    )


def test_every_token_of_an_ended_session_is_void(ended: EndedSessions) -> None:
    ended.take(SessionEntry(session_id=SESSION, not_before=None))

    assert ended.is_void(SESSION, START + timedelta(hours=1))
    assert not ended.is_void(SessionId(uuid4()), START)


def test_a_narrowed_session_keeps_the_tokens_issued_from_then_on(ended: EndedSessions) -> None:
    ended.take(SessionEntry(session_id=SESSION, not_before=START))

    assert ended.is_void(SESSION, START - timedelta(microseconds=1))
    assert not ended.is_void(SESSION, START)


@pytest.mark.parametrize("order", [1, -1])
def test_of_two_entries_the_wider_holds_in_any_order(ended: EndedSessions, order: int) -> None:
    for not_before in (START, START + SECOND)[::order]:
        ended.take(SessionEntry(session_id=SESSION, not_before=not_before))
    assert ended.is_void(SESSION, START)

    for entry in (None, START)[::order]:
        ended.take(SessionEntry(session_id=SESSION, not_before=entry))
    assert ended.is_void(SESSION, START + timedelta(days=1))


def test_nothing_is_fresh_before_the_first_beat_and_two_seconds_after_the_last(
    ended: EndedSessions, clock: FakeClock
) -> None:
    assert not ended.fresh()

    ended.take(Beat(at=clock.unshifted()))
    clock.advance(seconds=1.999)
    assert ended.fresh()
    clock.advance(seconds=0.001)
    assert not ended.fresh()


def test_a_replayed_beat_makes_nothing_fresh_and_takes_nothing_back(
    ended: EndedSessions, clock: FakeClock
) -> None:
    ended.take(Beat(at=clock.unshifted() - 3 * SECOND))
    assert not ended.fresh()

    ended.take(Beat(at=clock.unshifted()))
    ended.take(Beat(at=clock.unshifted() - 300 * SECOND))
    assert ended.fresh()


@pytest.mark.parametrize("ahead", [0.02, 1.999])
def test_a_beat_of_a_clock_a_little_ahead_counts_as_of_now(
    ended: EndedSessions, clock: FakeClock, ahead: float
) -> None:
    ended.take(Beat(at=clock.unshifted() + ahead * SECOND))

    assert ended.fresh()
    clock.advance(seconds=2)
    assert not ended.fresh()


def test_a_beat_of_a_clock_far_ahead_is_not_believed(
    ended: EndedSessions, clock: FakeClock
) -> None:
    ended.take(Beat(at=clock.unshifted() + timedelta(minutes=10)))

    assert not ended.fresh()
    clock.advance(minutes=10)
    assert not ended.fresh()
    assert ended.metrics.value("sessions_entries", kind="beat_ahead") == 1


@pytest.mark.parametrize(
    "body",
    [
        b'{"kind":"beat","at":"2031-03-05T09:00:00"}',
        b'{"kind":"ended","session_id":"%s","not_before":"2031-03-05T09:00:00"}'
        % str(SESSION).encode(),
        b"\xff",
        b"[" * 5000,
        b'{"kind":"later"}',
    ],
)
def test_an_entry_that_cannot_be_read_is_passed_over(ended: EndedSessions, body: bytes) -> None:
    ended.hear(told(body))

    assert not ended.fresh()
    assert not ended.is_void(SESSION, START)
    assert ended.metrics.value("sessions_entries", kind="unreadable") == 1


@pytest.mark.parametrize("publisher", ["notify", "administrator", "topology", None])
def test_only_identity_is_heard(ended: EndedSessions, publisher: str | None) -> None:
    for entry in (
        SessionEntry(session_id=SESSION, not_before=None),
        Beat(at=START),
    ):
        ended.hear(told(msgspec.json.encode(entry), publisher))

    assert not ended.fresh()
    assert not ended.is_void(SESSION, START)
    assert ended.metrics.value("sessions_entries", kind="wrong_publisher") == 2


def told(body: bytes, publisher: str | None = "identity") -> Delivery:
    return Delivery(1, "identity.sessions", body, publisher=publisher)


def test_the_clock_file_does_not_make_a_beat_old(ended: EndedSessions, clock: FakeClock) -> None:
    ended.take(Beat(at=clock.unshifted()))

    clock.shift(timedelta(hours=2))

    assert ended.fresh()


def test_an_entry_is_forgotten_six_minutes_after_it_was_read(
    ended: EndedSessions, clock: FakeClock
) -> None:
    ended.take(SessionEntry(session_id=SESSION, not_before=None))

    clock.advance(minutes=6)
    ended.prune()
    assert ended.is_void(SESSION, START)
    clock.advance(seconds=1)
    ended.prune()
    assert not ended.is_void(SESSION, START)


def test_an_entry_that_is_renewed_is_kept_for_its_latest_reading(
    ended: EndedSessions, clock: FakeClock
) -> None:
    ended.take(SessionEntry(session_id=SESSION, not_before=START))
    clock.advance(minutes=4)
    ended.take(SessionEntry(session_id=SESSION, not_before=None))

    clock.advance(minutes=4)
    ended.prune()

    assert ended.is_void(SESSION, START)
