"""Final dots without an answer pause their class, and one message at a time finds out more."""

from contextlib import ExitStack

import pytest

from services.notify.metrics import METRICS
from services.notify.preferences.model import Means
from services.notify.sending.channels.dots import PAUSE_SECONDS, Dots, Passage
from services.notify.sending.errors import StillAway
from services.notify.sending.model import Answer, Outcome, Phase
from services.notify.tellings.model import MessageClass
from shared.metrics import Metrics
from shared.randomness import Randomness
from tests.support.clock import FakeClock

pytestmark = pytest.mark.proves("NT-5", "NT-6")

ACCEPTED = Answer(outcome=Outcome.ACCEPTED, phase=Phase.ANSWERED, code=250)
PUT_OFF = Answer(outcome=Outcome.DEFERRED, phase=Phase.ANSWERED, code=451)
SILENT = Answer(outcome=Outcome.UNANSWERED, phase=Phase.AFTER_DOT)
NO_WORD = Answer(outcome=Outcome.UNANSWERED, phase=Phase.ANSWERED, code=354)  # on the mail
BEFORE = Answer(outcome=Outcome.DEFERRED, phase=Phase.BEFORE_DOT)
REFUSED = Answer(outcome=Outcome.REFUSED, phase=Phase.BEFORE_DOT, code=550)
_, LONGEST = PAUSE_SECONDS


def dots_of_a_class(clock: FakeClock | None = None) -> Dots:
    return Dots(
        message_class=MessageClass.PRACTICE_COMMUNICATION,
        means=Means.EMAIL,
        clock=clock or FakeClock(),
        randomness=Randomness(),
        metrics=Metrics(*METRICS),
    )


def sends(dots: Dots, answer: Answer) -> None:
    """One after another."""
    with dots.passage() as passage:
        dots.go_out(passage)
        dots.judge(passage, answer)


def paused(clock: FakeClock) -> Dots:
    dots = dots_of_a_class(clock)
    sends(dots, SILENT)
    sends(dots, SILENT)
    return dots


@pytest.mark.parametrize("answer", [SILENT, NO_WORD])
def test_two_in_a_row_pause(answer: Answer) -> None:
    dots = dots_of_a_class()
    sends(dots, answer)
    after_one = dots.open

    sends(dots, answer)

    assert after_one
    assert not dots.open
    with pytest.raises(StillAway), dots.passage():
        pass


@pytest.mark.parametrize("answer", [ACCEPTED, PUT_OFF])
def test_an_answered_one_between_them_makes_them_none(answer: Answer) -> None:
    dots = dots_of_a_class()
    for _ in range(3):
        sends(dots, SILENT)
        sends(dots, answer)

    assert dots.open


@pytest.mark.parametrize("answer", [BEFORE, REFUSED])
def test_what_had_no_dot_is_not_between_them(answer: Answer) -> None:
    dots = dots_of_a_class()
    sends(dots, SILENT)
    sends(dots, answer)
    sends(dots, SILENT)

    assert not dots.open


def under_way(dots: Dots, stack: ExitStack) -> Passage:
    """One whose dot went out."""
    passage = stack.enter_context(dots.passage())
    dots.go_out(passage)
    return passage


def test_slow_ones_beside_which_another_was_answered_pause_nothing() -> None:
    dots = dots_of_a_class()
    with ExitStack() as stack:
        slow = [under_way(dots, stack) for _ in range(4)]
        sends(dots, ACCEPTED)
        for passage in slow:
            dots.judge(passage, SILENT)

    assert dots.open


def test_ten_under_way_are_one_pause_and_a_late_answer_ends_it() -> None:
    clock = FakeClock()
    dots = dots_of_a_class(clock)
    with ExitStack() as stack:
        *silent, late = [under_way(dots, stack) for _ in range(11)]
        for passage in silent:
            dots.judge(passage, SILENT)
        before = dots.open
        dots.judge(late, ACCEPTED)

        assert (before, dots.open) == (False, True)

    with ExitStack() as stack:
        for passage in [under_way(dots, stack) for _ in range(10)]:
            dots.judge(passage, SILENT)
    clock.advance(seconds=1)
    assert dots.open, "the first pause is a second at most, however many found it out"


def test_who_set_out_before_the_pause_stops_before_its_dot() -> None:
    dots = dots_of_a_class()
    with dots.passage() as passage:
        sends(dots, SILENT)
        sends(dots, SILENT)

        with pytest.raises(StillAway):
            dots.go_out(passage)


def test_one_at_a_time_is_tried_after_a_pause() -> None:
    clock = FakeClock()
    dots = paused(clock)
    clock.advance(seconds=1)

    with dots.passage() as probe:
        dots.go_out(probe)
        clock.advance(minutes=1)
        with pytest.raises(StillAway):
            sends(dots, ACCEPTED)
        dots.judge(probe, ACCEPTED)

    assert dots.open
    sends(dots, SILENT)
    assert dots.open, "the row begins anew"


def test_one_that_is_tried_still_as_the_next_pause_begins_is_the_only_one() -> None:
    clock = FakeClock()
    dots = dots_of_a_class(clock)
    with ExitStack() as stack:
        late = under_way(dots, stack)
        sends(dots, SILENT)
        sends(dots, SILENT)
        clock.advance(seconds=1)
        probe = under_way(dots, stack)
        dots.judge(late, ACCEPTED)
        sends(dots, SILENT)
        sends(dots, SILENT)
        clock.advance(seconds=1)

        assert probe.probe
        assert not dots.open

    assert dots.open


def test_a_probe_that_comes_to_no_dot_says_nothing_and_the_next_is_tried() -> None:
    clock = FakeClock()
    dots = paused(clock)
    clock.advance(seconds=1)

    sends(dots, REFUSED)

    assert dots.open
    assert dots.paused


def test_each_pause_is_longer_up_to_a_bound() -> None:
    clock = FakeClock()
    dots = paused(clock)
    waits = []
    for _ in range(8):
        waited = 0.0
        while not dots.open:
            clock.advance(seconds=0.5)
            waited += 0.5
        waits.append(waited)
        sends(dots, SILENT)

    assert waits[0] <= 1
    assert waits[3] > waits[0]
    assert LONGEST / 2 <= waits[-1] <= LONGEST + 0.5
