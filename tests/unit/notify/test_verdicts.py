"""What becomes of a delivery: every outcome, every class (NT-5, NT-6)."""

from datetime import timedelta

import pytest

from services.notify.ledger.model import DeliveryId, State
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
from services.notify.tellings.model import MessageClass, Reason
from shared.contracts.identity import AccountState, EnrolmentState
from shared.contracts.notify import Topic
from shared.contracts.sealed import SealPurpose
from shared.randomness import Randomness
from tests.builders import events
from tests.support.clock import START

ACTIVITY = MessageClass.ACCOUNT_ACTIVITY
COMMUNICATION = MessageClass.PRACTICE_COMMUNICATION
LINK = ResetLink(life_minutes=60, link_expires_at=START + timedelta(hours=1))
USERNAME = UsernameReminder(username="juniper.hale")


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


def claimed(
    *,
    absorbed: bool = False,
    state: AccountState | None = AccountState.ACTIVE,
    email: str | None = "a@mail.example",
    enrolment: EnrolmentState | None = EnrolmentState.ENROLLED,
    contested: bool = False,
    content: Content | None = None,
    own_address_only: bool = False,
) -> Turn:
    """A practice communication, unless it has another content."""
    return Turn(
        id=DeliveryId(Randomness().uuid()),
        event_id=events.new_event(),
        message_class=ACTIVITY if content else COMMUNICATION,
        account_id=events.new_account(),
        address="a@mail.example",
        content=content or PracticeCommunication(practice_name="Elm Street", topic=Topic.MESSAGE),
        locale="en",
        time_zone="UTC",
        sealed=None,
        link_purpose=SealPurpose.RESET_LINK if content is LINK else None,
        expires_at=None,
        correlation_id=Randomness().uuid(),
        own_address_only=own_address_only,
        waits_since=START,
        attempts=1,
        unanswered=0,
        superseded=False,
        absorbed=absorbed,
        account_state=state,
        account_email=email,
        enrolment=enrolment,
        contested=contested,
    )


@pytest.mark.parametrize(
    ("delivery", "ended"),
    [
        (claimed(), None),
        (claimed(enrolment=EnrolmentState.UNENROLLED), Reason.NOT_ENROLLED),
        (claimed(enrolment=None), Reason.NOT_ENROLLED),
        (claimed(email=None), Reason.NO_ADDRESS),
        (claimed(absorbed=True), None),
        (claimed(absorbed=True, enrolment=EnrolmentState.UNENROLLED), Reason.NOT_ENROLLED),
        (claimed(content=LINK), None),
        (claimed(content=LINK, absorbed=True), Reason.ACCOUNT_MERGED),
        (claimed(content=LINK, state=AccountState.MERGED), Reason.ACCOUNT_MERGED),
        (claimed(content=LINK, state=AccountState.FROZEN), Reason.ACCOUNT_FROZEN),
        (claimed(content=LINK, own_address_only=True), None),
        (claimed(content=LINK, own_address_only=True, email="A@Mail.example"), None),
        (claimed(content=LINK, own_address_only=True, absorbed=True), Reason.ACCOUNT_MERGED),
        (claimed(content=USERNAME), None),
        (claimed(content=USERNAME, absorbed=True), Reason.ACCOUNT_MERGED),
        (claimed(content=USERNAME, state=AccountState.MERGED), Reason.ACCOUNT_MERGED),
    ],
)
def test_what_may_not_be_sent_any_more_ends(delivery: Turn, ended: Reason | None) -> None:
    verdict = before_sending(delivery, now=START)

    assert (verdict.reason if verdict else None) is ended


@pytest.mark.parametrize(
    "delivery",
    [
        claimed(content=USERNAME, own_address_only=True, email="other@mail.example"),
        claimed(content=LINK, own_address_only=True, email=None),
        claimed(content=USERNAME, own_address_only=True, state=None, email=None),
    ],
)
def test_an_address_that_is_not_the_account_s_waits_for_a_snapshot_and_gets_nothing(
    delivery: Turn,
) -> None:
    waits = before_sending(delivery, now=START)
    ends = before_sending(delivery, now=START + PATIENCE)

    assert waits == Verdict(state=State.QUEUED, due_at=START + back_off(1))
    assert ends == Verdict(state=State.FAILED, reason=Reason.ADDRESS_FOREIGN)


@pytest.mark.parametrize(
    "delivery",
    [
        claimed(state=AccountState.MERGED, enrolment=None),  # its merge has not been told
        claimed(absorbed=True, enrolment=None),  # the survivor's snapshot is older than the merge
        claimed(absorbed=True, state=None, email=None, enrolment=None),
        claimed(contested=True),  # the absorbed account's snapshot is
    ],
)
def test_a_communication_waits_while_a_merge_is_on_its_way(delivery: Turn) -> None:
    waits = before_sending(delivery, now=START)
    gives_up = before_sending(delivery, now=START + GIVE_UP_AFTER)

    assert waits == Verdict(state=State.QUEUED, due_at=START + back_off(1))
    assert gives_up == Verdict(state=State.FAILED, reason=Reason.GAVE_UP)


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
        correlation_id=Randomness().uuid(),
        waits_since=START,
    )

    answer, verdict = after_abandonment(left, now=START, jitter=1.0)

    assert (verdict.state, answer.outcome) == (state, outcome)
