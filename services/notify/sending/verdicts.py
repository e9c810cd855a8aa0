"""What becomes of a delivery: before sending, after an answer, after a vanished courier. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import assert_never

from services.notify.ledger.model import State
from services.notify.preferences.model import Means
from services.notify.sending.model import Abandoned, Answer, Outcome, Phase, Turn, Verdict
from services.notify.sending.quiet_hours import held_until
from services.notify.tellings.intents import Destination
from services.notify.tellings.model import MessageClass, Reason
from shared.contracts.identity import AccountState, EnrolmentState
from shared.contracts.log_on_names import same_name

FIRST_WAIT = timedelta(seconds=5)
LONGEST_WAIT = timedelta(minutes=15)
GIVE_UP_AFTER = timedelta(hours=72)
FEWEST_TRIES = 10  # before that: days in which nobody could try, or a person held it, are none
RESENDS = 3  # of account activity, after no answer
FALLS_BACK = frozenset(  # the way is no good, whatever else is
    {
        Reason.NO_ADDRESS,
        Reason.SUPPRESSED,
        Reason.ADDRESS_INVALID,
        Reason.REFUSED,
        Reason.UNDELIVERED,
        Reason.TEXTS_NOT_OFFERED,
        Reason.SMTPUTF8_MISSING,
        Reason.GAVE_UP,
    }
)
PATIENCE = timedelta(minutes=4)  # for the snapshot that names an account's new address


def before_sending(delivery: Turn, *, now: datetime) -> Verdict | None:
    """Say why this must not be sent any more, or None (NT-6).

    A dead, superseded or merged account's link is never sent late, nor a merged account's username.
    What only tells that something happened still goes to where it was to be told, but not where no
    mailbox is; what somebody asks for is tried there all the same, as a bounce may be wrong (NT-5).
    A STOP is not wrong: after it no text message goes out at all (NT-3).
    """
    if delivery.expires_at is not None and delivery.expires_at <= now:
        return Verdict(state=State.EXPIRED, reason=Reason.LINK_EXPIRED)
    if delivery.dies_with_account and is_gone(delivery):
        return Verdict(state=State.CANCELLED, reason=Reason.ACCOUNT_MERGED)
    if delivery.link_purpose is not None and (void := void_link(delivery)) is not None:
        return void
    if (void := void_destination(delivery, now=now)) is not None:
        return void
    if (left_out := not_wanted(delivery, now=now)) is not None:
        return left_out
    if delivery.suppressed and (delivery.texted or not delivery.at_an_address_only):
        return Verdict(state=State.FAILED, reason=Reason.SUPPRESSED, unanswered=delivery.unanswered)
    return quiet(delivery, now=now)


def quiet(delivery: Turn, *, now: datetime) -> Verdict | None:
    """A practice's text message waits for the morning where its recipient is by now; it is held,
    and has not failed (NT-3). Once that morning has come it is asked again, for who travels.
    """
    if not (delivery.texted and delivery.of_practice):
        return None
    morning = held_until(now, time_zone=delivery.zone_of_now)
    if morning is None:
        return None
    return Verdict(state=State.QUEUED, due_at=morning, unanswered=delivery.unanswered)


def not_wanted(delivery: Turn, *, now: datetime) -> Verdict | None:
    """It waited, came back or is sent again, and its topic is wanted this way no more (NT-2, NT-7):
    what else it was filed for, and is wanted, is taken.

    Where nothing of that is, "none" is none; and who wants it by a way that it was not filed for
    gets it as it was, rather than not at all.
    """
    if delivery.chosen is None or delivery.means in delivery.chosen:
        return None
    others = [end for end in delivery.then if end.means in delivery.chosen]
    if others and others[0].means is not Means.PORTAL:
        return Verdict(state=State.QUEUED, due_at=now, to=others[0], then=tuple(others[1:]))
    if others or Means.NONE in delivery.chosen:
        return Verdict(state=State.CANCELLED, reason=Reason.NOT_WANTED, notice=bool(others))
    return None


def is_gone(delivery: Turn) -> bool:
    """Say whether its account was merged, as far as either of merge and snapshot was told."""
    return delivery.absorbed or delivery.account_state is AccountState.MERGED


def void_link(delivery: Turn) -> Verdict | None:
    """A link's account must not be frozen, and the link its newest."""
    if delivery.account_state is AccountState.FROZEN:
        return Verdict(state=State.CANCELLED, reason=Reason.ACCOUNT_FROZEN)
    if delivery.superseded:
        return Verdict(state=State.CANCELLED, reason=Reason.SUPERSEDED)
    return None


def void_destination(delivery: Turn, *, now: datetime) -> Verdict | None:
    """The account's address of now is the one for what may go to no other."""
    if delivery.own_address_only:
        return void_address(delivery, now=now)
    return void_communication(delivery, now=now) if delivery.of_practice else None


def void_address(delivery: Turn, *, now: datetime) -> Verdict | None:
    """What recovery and merge have to say goes to the account's verified address and no other; a
    username to a notification address that it has verified, too (RC-2).

    Otherwise either of them, fallen, could write to anybody in the portal's name. An address that
    was verified just now may be on its way here: for some minutes it waits for that.
    """
    own = delivery.account_email
    if own is not None and same_name(own, delivery.address):
        return None
    unanswered = delivery.unanswered
    if now - delivery.waits_since >= PATIENCE:
        reason = Reason.ADDRESS_FOREIGN
        return Verdict(state=State.FAILED, reason=reason, unanswered=unanswered)
    due_at = now + back_off(delivery.attempts)
    return Verdict(state=State.QUEUED, due_at=due_at, unanswered=unanswered)


def void_communication(delivery: Turn, *, now: datetime) -> Verdict | None:
    """The address is the one the account has now, so an address given up gets nothing more.

    While not all that a merge publishes has arrived, nobody can say whose patient record it is:
    it waits, and is neither lost nor sent to the account that is gone (MG-9).
    """
    if merging(delivery):
        if now - delivery.waits_since >= GIVE_UP_AFTER:
            return Verdict(state=State.FAILED, reason=Reason.GAVE_UP)
        return Verdict(state=State.QUEUED, due_at=now + back_off(delivery.attempts))
    if delivery.enrolment is not EnrolmentState.ENROLLED:
        return Verdict(state=State.CANCELLED, reason=Reason.NOT_ENROLLED)
    if delivery.account_email is None:
        return Verdict(state=State.FAILED, reason=Reason.NO_ADDRESS)
    return None


def merging(delivery: Turn) -> bool:
    """Say whether a part of a merge is still on its way: of its two snapshots and its event, which
    come by two queues in any order.
    """
    survivor_untold = delivery.account_state is AccountState.MERGED
    survivor_old = delivery.absorbed and delivery.enrolment is None
    return survivor_untold or survivor_old or delivery.contested


def after_answer(
    answer: Answer,
    *,
    message_class: MessageClass,
    means: Means,
    attempts: int,
    unanswered: int,
    waits_since: datetime,
    now: datetime,
    jitter: float,
) -> Verdict:
    """Judge one conversation. `jitter` is from 0.8 to 1.2 and stretches the wait.

    A mail that comes again has the same Message-ID; of a text message both would be seen.
    """
    match answer.outcome:
        case Outcome.ACCEPTED:
            return Verdict(state=State.SENT, unanswered=unanswered)
        case Outcome.REFUSED:
            return Verdict(state=State.FAILED, reason=answer.reason, unanswered=unanswered)
        case Outcome.UNANSWERED:
            unanswered += 1
            again = message_class is MessageClass.ACCOUNT_ACTIVITY and means is Means.EMAIL
            if not again or unanswered > RESENDS:
                return Verdict(state=State.UNKNOWN, reason=Reason.UNANSWERED, unanswered=unanswered)
        case Outcome.DEFERRED | Outcome.LOST:
            pass
        case _ as never:
            assert_never(never)
    if now - waits_since >= GIVE_UP_AFTER and attempts >= FEWEST_TRIES:
        return Verdict(state=State.FAILED, reason=Reason.GAVE_UP, unanswered=unanswered)
    wait = timedelta(0) if answer.outcome is Outcome.LOST else back_off(attempts) * jitter
    return Verdict(state=State.QUEUED, due_at=now + wait, unanswered=unanswered)


def falling_back(verdict: Verdict, then: Sequence[Destination], *, now: datetime) -> Verdict:
    """Take the next way of a practice communication where this one came to nothing (NT-2).

    Not where nobody knows: it may have arrived. A notice never fails, so it stands in for the mail,
    whose end the row tells.
    """
    if verdict.state is not State.FAILED or verdict.reason not in FALLS_BACK or not then:
        return verdict
    following, *others = then
    if following.means is Means.PORTAL:
        return replace(verdict, notice=True)
    return Verdict(
        state=State.QUEUED,
        due_at=now,
        unanswered=verdict.unanswered,
        to=following,
        then=tuple(others),
    )


def after_abandonment(left: Abandoned, *, now: datetime, jitter: float) -> tuple[Answer, Verdict]:
    """A lease ran out: before the dot nothing was sent, after it nobody knows."""
    outcome = Outcome.UNANSWERED if left.phase is Phase.AFTER_DOT else Outcome.LOST
    answer = Answer(outcome=outcome, phase=left.phase)
    verdict = after_answer(
        answer,
        message_class=left.message_class,
        means=left.means,
        attempts=left.attempts,
        unanswered=left.unanswered,
        waits_since=left.waits_since,
        now=now,
        jitter=jitter,
    )
    return answer, falling_back(verdict, left.then, now=now)


def back_off(attempts: int) -> timedelta:
    """5 s, 10 s, 20 s … at most 15 min."""
    doublings = min(max(attempts, 1) - 1, 16)
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << doublings))
