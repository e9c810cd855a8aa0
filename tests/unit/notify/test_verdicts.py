"""What becomes of a delivery: every outcome, every class (NT-5, NT-6)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from services.notify.ledger.model import DeliveryId, State
from services.notify.preferences.model import Means
from services.notify.sending.model import Abandoned, Answer, Outcome, Phase, Turn, Verdict
from services.notify.sending.verdicts import (
    FEWEST_TRIES,
    GIVE_UP_AFTER,
    PATIENCE,
    RESENDS,
    after_abandonment,
    after_answer,
    back_off,
    before_sending,
)
from services.notify.tellings.contents import (
    Content,
    PracticeCommunication,
    ResetLink,
    UsernameReminder,
)
from services.notify.tellings.intents import Destination
from services.notify.tellings.model import MessageClass, Reason
from shared.contracts.identity import AccountState, EnrolmentState
from shared.contracts.notify import Topic
from shared.contracts.sealed import SealPurpose
from shared.randomness import Randomness
from tests.builders.events import ADDRESS
from tests.builders.turns import a_turn
from tests.support.clock import START

ACTIVITY = MessageClass.ACCOUNT_ACTIVITY
COMMUNICATION = MessageClass.PRACTICE_COMMUNICATION
LINK = ResetLink(life_minutes=60, link_expires_at=START + timedelta(hours=1))
USERNAME = UsernameReminder(username="juniper.hale")
NOT_HERE: Mapping[str, Any] = {"account_state": None, "account_email": None}
FOREIGN = (PATIENCE, Reason.ADDRESS_FOREIGN)
ON_ITS_WAY = (GIVE_UP_AFTER, Reason.GAVE_UP)


def judge(
    outcome: Outcome,
    message_class: MessageClass = ACTIVITY,
    *,
    means: Means = Means.EMAIL,
    attempts: int = 1,
    unanswered: int = 0,
    age: timedelta = timedelta(0),
) -> tuple[State, Reason | None]:
    verdict = after_answer(
        Answer(outcome=outcome, phase=Phase.ANSWERED),
        message_class=message_class,
        means=means,
        attempts=attempts,
        unanswered=unanswered,
        waits_since=START - age,
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


def test_it_is_given_up_after_three_days_and_ten_tries() -> None:
    just_before, often = GIVE_UP_AFTER - timedelta(seconds=1), FEWEST_TRIES
    gave_up = (State.FAILED, Reason.GAVE_UP)

    assert judge(Outcome.DEFERRED, age=just_before, attempts=often) == (State.QUEUED, None)
    assert judge(Outcome.DEFERRED, age=GIVE_UP_AFTER, attempts=often) == gave_up
    assert judge(Outcome.DEFERRED, age=GIVE_UP_AFTER, attempts=often - 1) == (State.QUEUED, None)


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 5), (2, 10), (3, 20), (8, 640), (9, 900), (10_000, 900)]
)
def test_the_wait_doubles_from_five_seconds_to_a_quarter_of_an_hour(
    attempts: int, seconds: int
) -> None:
    assert back_off(attempts) == timedelta(seconds=seconds)


def claimed(content: Content | None = None, **changed: Any) -> Turn:
    """A practice communication to somebody enrolled, unless it has another content."""
    if content is None:
        content = PracticeCommunication(practice_name="Elm Street", topic=Topic.MESSAGE)
        changed = {"enrolment": EnrolmentState.ENROLLED, **changed}
        return a_turn(content, message_class=COMMUNICATION, **changed)
    purpose = SealPurpose.RESET_LINK if content is LINK else None
    return a_turn(content, link_purpose=purpose, **changed)


MERGED, FROZEN = AccountState.MERGED, AccountState.FROZEN


@pytest.mark.parametrize(
    ("delivery", "ended"),
    [
        (claimed(), None),
        (claimed(enrolment=EnrolmentState.UNENROLLED), Reason.NOT_ENROLLED),
        (claimed(enrolment=None), Reason.NOT_ENROLLED),
        (claimed(account_email=None), Reason.NO_ADDRESS),
        (claimed(absorbed=True), None),
        (claimed(absorbed=True, enrolment=EnrolmentState.UNENROLLED), Reason.NOT_ENROLLED),
        (claimed(LINK), None),
        (claimed(LINK, absorbed=True), Reason.ACCOUNT_MERGED),
        (claimed(LINK, account_state=MERGED), Reason.ACCOUNT_MERGED),
        (claimed(LINK, account_state=FROZEN), Reason.ACCOUNT_FROZEN),
        (claimed(LINK, own_address_only=True), None),
        (claimed(LINK, own_address_only=True, account_email=ADDRESS.upper()), None),
        (claimed(LINK, own_address_only=True, absorbed=True), Reason.ACCOUNT_MERGED),
        (claimed(LINK, own_address_only=True, superseded=True, **NOT_HERE), Reason.SUPERSEDED),
        (claimed(USERNAME), None),
        (claimed(USERNAME, absorbed=True), Reason.ACCOUNT_MERGED),
        (claimed(USERNAME, account_state=MERGED), Reason.ACCOUNT_MERGED),
    ],
)
def test_what_may_not_be_sent_any_more_ends(delivery: Turn, ended: Reason | None) -> None:
    verdict = before_sending(delivery, now=START)

    assert (verdict.reason if verdict else None) is ended


E, T, P, N = Means.EMAIL, Means.TEXT_MESSAGE, Means.PORTAL, Means.NONE


@pytest.mark.parametrize(
    ("means", "then", "chosen", "left"),
    [
        (E, [P], None, None),  # nothing was chosen: the practice's order
        (E, [P], {E}, None),
        (E, [], {N}, (State.CANCELLED, False)),
        (E, [P], {N}, (State.CANCELLED, False)),  # "none" is none, no notice either
        (E, [P], {P, N}, (State.CANCELLED, True)),
        (E, [P], {P}, (State.CANCELLED, True)),
        (E, [T, P], {T, N}, (State.QUEUED, False)),
        (E, [T, P], {P, N}, (State.CANCELLED, True)),
        (T, [E, P], {N}, (State.CANCELLED, False)),
        (T, [E, P], {E}, (State.QUEUED, False)),
        (T, [P], {E}, None),  # filed for no mail: a text message rather than nothing
    ],
)
def test_a_way_that_is_wanted_no_more_gives_way_to_what_is(
    means: Means, then: list[Means], chosen: set[Means] | None, left: tuple[State, bool] | None
) -> None:
    delivery = claimed(
        means=means,
        then=tuple(Destination(means=one) for one in then),
        chosen=None if chosen is None else frozenset(chosen),
    )

    verdict = before_sending(delivery, now=START)

    assert (verdict and (verdict.state, verdict.notice)) == left
    if verdict and verdict.state is State.QUEUED:
        [taken] = set(then) & set(chosen or ())
        assert verdict.to == Destination(means=taken)


@pytest.mark.parametrize(
    ("delivery", "patience", "reason"),
    [
        (claimed(USERNAME, own_address_only=True, account_email="other@mail.example"), *FOREIGN),
        (claimed(LINK, own_address_only=True, account_email=None), *FOREIGN),
        (claimed(USERNAME, own_address_only=True, **NOT_HERE), *FOREIGN),
        # of a merge, its word has not come
        (claimed(account_state=MERGED, enrolment=None), *ON_ITS_WAY),
        # its word has, and the survivor's snapshot is older, or there is none
        (claimed(absorbed=True, enrolment=None), *ON_ITS_WAY),
        (claimed(absorbed=True, enrolment=None, **NOT_HERE), *ON_ITS_WAY),
        # the absorbed account's snapshot is older
        (claimed(contested=True), *ON_ITS_WAY),
    ],
)
def test_what_an_address_or_a_merge_is_still_missing_for_waits_and_then_fails(
    delivery: Turn, patience: timedelta, reason: Reason
) -> None:
    waits = before_sending(delivery, now=START)
    ends = before_sending(delivery, now=START + patience)

    assert waits == Verdict(state=State.QUEUED, due_at=START + back_off(1))
    assert ends == Verdict(state=State.FAILED, reason=reason)


@pytest.mark.parametrize(
    ("phase", "message_class", "means", "state", "outcome"),
    [
        (Phase.CONNECTING, ACTIVITY, Means.EMAIL, State.QUEUED, Outcome.LOST),
        (Phase.CONNECTING, COMMUNICATION, Means.EMAIL, State.QUEUED, Outcome.LOST),
        (Phase.AFTER_DOT, ACTIVITY, Means.EMAIL, State.QUEUED, Outcome.UNANSWERED),
        (Phase.AFTER_DOT, ACTIVITY, Means.TEXT_MESSAGE, State.UNKNOWN, Outcome.UNANSWERED),
        (Phase.AFTER_DOT, COMMUNICATION, Means.EMAIL, State.UNKNOWN, Outcome.UNANSWERED),
    ],
)
def test_a_vanished_courier_s_phase_decides(
    phase: Phase, message_class: MessageClass, means: Means, state: State, outcome: Outcome
) -> None:
    left = Abandoned(
        id=DeliveryId(Randomness().uuid()),
        lease_token=Randomness().uuid(),
        phase=phase,
        message_class=message_class,
        means=means,
        attempts=1,
        unanswered=0,
        correlation_id=Randomness().uuid(),
        waits_since=START,
    )

    answer, verdict = after_abandonment(left, now=START, jitter=1.0)

    assert (verdict.state, answer.outcome) == (state, outcome)
