"""What becomes of a delivery: every outcome, every class (NT-5, NT-6)."""

from datetime import timedelta

import pytest

from services.notify.model import (
    Abandoned,
    Answer,
    DeliveryId,
    MessageClass,
    Outcome,
    Phase,
    Reason,
    State,
)
from services.notify.verdicts import (
    GIVE_UP_AFTER,
    RESENDS,
    after_abandonment,
    after_answer,
    back_off,
)
from shared.randomness import Randomness
from tests.support.clock import START

ACTIVITY = MessageClass.ACCOUNT_ACTIVITY
COMMUNICATION = MessageClass.PRACTICE_COMMUNICATION


def judge(
    outcome: Outcome,
    message_class: MessageClass = ACTIVITY,
    *,
    attempts: int = 1,
    unanswered: int = 0,
    age: timedelta = timedelta(0),
) -> tuple[State, Reason | None]:
    verdict = after_answer(
        Answer(outcome=outcome, phase=Phase.ANSWERED),
        message_class=message_class,
        attempts=attempts,
        unanswered=unanswered,
        created_at=START - age,
        now=START,
        jitter=1.0,
    )
    return verdict.state, verdict.reason


@pytest.mark.parametrize("message_class", MessageClass)
def test_an_answer_settles_both_classes_alike(message_class: MessageClass) -> None:
    assert judge(Outcome.ACCEPTED, message_class) == (State.SENT, None)
    assert judge(Outcome.REFUSED, message_class) == (State.FAILED, Reason.REFUSED)
    assert judge(Outcome.DEFERRED, message_class) == (State.QUEUED, None)
    assert judge(Outcome.LOST, message_class) == (State.QUEUED, None)


def test_no_answer_sends_account_activity_again_and_holds_practice_communication() -> None:
    held = (State.UNKNOWN, Reason.UNANSWERED)

    assert judge(Outcome.UNANSWERED, ACTIVITY) == (State.QUEUED, None)
    assert judge(Outcome.UNANSWERED, ACTIVITY, unanswered=RESENDS - 1) == (State.QUEUED, None)
    assert judge(Outcome.UNANSWERED, ACTIVITY, unanswered=RESENDS) == held
    assert judge(Outcome.UNANSWERED, COMMUNICATION) == held


def test_it_is_given_up_after_three_days() -> None:
    just_before = GIVE_UP_AFTER - timedelta(seconds=1)

    assert judge(Outcome.DEFERRED, age=just_before) == (State.QUEUED, None)
    assert judge(Outcome.DEFERRED, age=GIVE_UP_AFTER) == (State.FAILED, Reason.GAVE_UP)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 5), (2, 10), (3, 20), (8, 640), (9, 900), (10_000, 900)]
)
def test_the_wait_doubles_from_five_seconds_to_a_quarter_of_an_hour(
    attempts: int, seconds: int
) -> None:
    assert back_off(attempts) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("phase", "message_class", "state", "outcome"),
    [
        (Phase.CONNECTING, ACTIVITY, State.QUEUED, Outcome.LOST),
        (Phase.CONNECTING, COMMUNICATION, State.QUEUED, Outcome.LOST),
        (Phase.AFTER_DOT, ACTIVITY, State.QUEUED, Outcome.UNANSWERED),
        (Phase.AFTER_DOT, COMMUNICATION, State.UNKNOWN, Outcome.UNANSWERED),
    ],
)
def test_a_vanished_courier_s_phase_decides(
    phase: Phase, message_class: MessageClass, state: State, outcome: Outcome
) -> None:
    left = Abandoned(
        id=DeliveryId(Randomness().uuid()),
        lease_token=Randomness().uuid(),
        phase=phase,
        message_class=message_class,
        attempts=1,
        unanswered=0,
        created_at=START,
    )

    answer, verdict = after_abandonment(left, now=START, jitter=1.0)

    assert (verdict.state, answer.outcome) == (state, outcome)
