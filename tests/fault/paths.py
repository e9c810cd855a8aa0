"""The paths as a table: each event on them, what is before it, and what brings it about.

What a practice submits stands among them: it waits in a table, as events do in the outbox.

A path is killed at every crash point of every event on it: in its publisher, its relay, each of
its consumers, and in notify's courier where a mail is sent.
"""

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from shared.contracts import identity, merge, notify, recovery
from shared.contracts.contract import Contract
from tests.fault import asking, merging, validating
from tests.fault.books import CONSUMERS
from tests.fault.people import Person
from tests.fault.points import CONSUMER, COURIER, FILING, PRODUCER, RELAY, Point
from tests.fault.seams import SESSIONS, SUBMITTED
from tests.fault.trap import Snare

Act = Callable[[Person], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One event of a path. `given` is over, and its events settled, before anything is armed."""

    path: str
    event: str  # its routing key
    given: Act
    act: Act
    template: str | None = None
    elsewhere: bool = False  # mailed to an address for notifications, for want of an account e-mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One kill."""

    hop: Hop
    victim: str
    snare: Snare

    @property
    def id(self) -> str:
        where = self.snare.queue or self.victim
        return f"{self.hop.path}-{self.hop.event}-{self.snare.point}-{where}"


def cases(hop: Hop) -> Iterator[Case]:
    """List the kills of one event, in the order in which it comes by them."""
    event = hop.event
    for point in (*PRODUCER, *(FILING if event == SUBMITTED else RELAY)):
        owner = event.partition(".")[0]
        yield Case(hop=hop, victim=owner, snare=Snare(point=point, event=event))
    for queue in CONSUMERS.get(event, ()):
        for point in CONSUMER:
            snare = Snare(point=point, event=event, queue=queue.name)
            yield Case(hop=hop, victim=queue.service, snare=snare)
    if hop.template is not None:
        for point in COURIER:
            snare = Snare(point=point, event=event, template=hop.template)
            yield Case(hop=hop, victim="notify", snare=snare)


def after(*acts: Act) -> Act:
    """One after the other."""

    async def all_of_them(person: Person) -> None:
        for act in acts:
            await act(person)

    return all_of_them


async def was_welcomed(person: Person) -> None:
    await has_an_account(person)
    await person.mailed_secret("Welcome")


async def has_a_link(person: Person) -> None:
    await after(Person.is_ready, Person.asks_for_a_link)(person)
    await person.mailed_secret("Set a new")


has_two_step = after(Person.is_ready, Person.sets_up_an_app, Person.turns_two_step_on)
has_an_account = after(Person.is_registered, Person.enrols, Person.logs_on)


def hop(
    path: str,
    event: Contract[Any] | str,
    given: Act,
    act: Act,
    template: str | None = None,
    *,
    elsewhere: bool = False,
) -> Hop:
    key = event if isinstance(event, str) else event.routing_key
    return Hop(path=path, event=key, given=given, act=act, template=template, elsewhere=elsewhere)


HOPS: tuple[Hop, ...] = (
    hop("invitation", identity.PATIENT_INVITED,
        Person.can_be_invited, Person.is_invited, "patient-invited"),
    hop("request", identity.ENROLMENT_REQUEST_SUBMITTED,
        asking.may_ask, asking.asks, "enrolment-request-submitted"),
    hop("request", identity.ENROLMENT_REQUEST_APPROVED,
        asking.has_asked, asking.is_approved, "enrolment-request-approved"),
    hop("request", identity.ENROLMENT_REQUEST_REJECTED,
        asking.has_asked, asking.is_rejected, "enrolment-request-rejected"),
    hop("enrolment", identity.ACCOUNT_ENROLLED,
        Person.is_registered, Person.enrols, "account-enrolled"),
    hop("verify-email", identity.EMAIL_VERIFICATION_REQUESTED,
        has_an_account, Person.claims, "email-verification"),
    hop("verify-email", identity.ACCOUNT_CHANGED,
        was_welcomed, Person.verifies),
    hop("verify-email", identity.ACCOUNT_EMAIL_VERIFIED,
        was_welcomed, Person.verifies, "account-email-verified"),
    hop("lock", identity.ACCOUNT_LOCKED,
        Person.is_ready, Person.is_locked_out, "account-locked"),
    hop("lock", identity.ACCOUNT_UNLOCKED,
        after(Person.is_ready, Person.is_locked_out), Person.is_unlocked, "account-unlocked"),
    hop("read-username", identity.USERNAME_READ,
        Person.is_ready, Person.is_read_out, "username-read"),
    hop("lock", identity.PASSWORD_DISABLED,
        after(Person.is_ready, Person.is_guessed_at), Person.is_shut_out, "password-disabled"),
    hop("reset", recovery.RESET_LINK_REQUESTED,
        Person.is_ready, Person.asks_for_a_link, "reset-link"),
    hop("reset", identity.PASSWORD_RESET,
        has_a_link, Person.resets, "password-reset"),
    hop("reset", SESSIONS,
        has_a_link, Person.resets),
    hop("validation", identity.PASSWORD_RESET,
        validating.has_picked_her_address, validating.sets_her_password, "password-reset",
        elsewhere=True),
    hop("validation", identity.ACCOUNT_CHANGED,
        validating.has_picked_her_address, validating.sets_her_password),
    hop("validation", SESSIONS,
        validating.has_picked_her_address, validating.sets_her_password),
    hop("communication", SUBMITTED,
        Person.is_ready, Person.is_written_to, "practice-communication"),
    hop("merge", merge.MERGE_REQUESTED,
        merging.has_two_accounts, merging.merges),
    hop("merge", identity.ACCOUNTS_MERGED,
        merging.has_two_accounts, merging.merges, "accounts-merged"),
    hop("merge", recovery.RECOVERY_MERGE_APPLIED,
        merging.has_two_accounts, merging.merges),
    hop("merge", notify.NOTIFY_MERGE_APPLIED,
        merging.has_two_accounts, merging.merges),
    hop("merge", identity.MERGE_REJECTED,
        merging.has_two_accounts, merging.merges_in_vain, "merge-rejected"),
    hop("review", merge.MERGE_REVIEW_REQUESTED,
        merging.has_two_names, merging.goes_to_review),
    hop("review", identity.MERGE_UNDER_REVIEW,
        merging.has_two_names, merging.goes_to_review, "merge-under-review"),
    hop("review", merge.MERGE_APPROVED,
        merging.is_under_review, merging.is_approved),
    hop("review", merge.MERGE_REVIEW_ENDED,
        merging.is_under_review, merging.is_rejected),
    hop("review", identity.MERGE_REVIEW_REFUSED,
        merging.is_under_review, merging.is_rejected, "merge-review-refused"),
    hop("merge", SESSIONS,
        merging.has_two_accounts, merging.merges),
    hop("validated-and-merged", identity.ACCOUNTS_MERGED,
        validating.has_used_it_for_the_other, validating.is_absorbed_with_its_use),
    hop("validated-and-merged", identity.ACCOUNT_CHANGED,
        validating.has_used_it_for_the_other, validating.is_absorbed_with_its_use),
    hop("merged-and-validated", identity.ACCOUNTS_MERGED,
        validating.has_picked_it_for_both, validating.is_absorbed_before_its_use),
    hop("merged-and-validated", identity.PASSWORD_RESET,
        validating.has_picked_it_for_both, validating.is_absorbed_before_its_use),
    hop("reminder", recovery.USERNAME_REMINDER_REQUESTED,
        Person.is_ready, Person.asks_for_her_username, "username-reminder"),
    hop("another-address", notify.NOTIFICATION_ADDRESSES_CHANGED,
        after(Person.is_ready, Person.has_a_second_address_mailed), Person.verifies_it),
    hop("another-address", recovery.USERNAME_MAILED_ELSEWHERE,
        after(Person.is_ready, Person.has_a_second_address_mailed, Person.verifies_it),
        Person.asks_by_her_second_address, "username-mailed-elsewhere"),
    hop("new-username", identity.USERNAME_CHANGED,
        Person.is_ready, Person.takes_another_username, "username-changed"),
    hop("new-password", identity.PASSWORD_CHANGED,
        Person.is_ready, Person.changes_her_password, "password-changed"),
    hop("new-password", SESSIONS,
        Person.is_ready, Person.changes_her_password),
    hop("new-address", identity.ACCOUNT_EMAIL_CHANGED,
        after(Person.is_ready, Person.has_another_address_mailed), Person.changes_her_address,
        "account-email-changed"),
    hop("two-step", identity.TWO_STEP_TURNED_ON,
        after(Person.is_ready, Person.sets_up_an_app), Person.turns_two_step_on,
        "two-step-turned-on"),
    hop("two-step", identity.AUTHENTICATOR_APP_REPLACED,
        after(has_two_step, Person.sets_up_an_app), Person.replaces_the_app,
        "authenticator-app-replaced"),
    hop("two-step", identity.RECOVERY_CODES_MADE,
        has_two_step, Person.makes_new_codes, "recovery-codes-made"),
    hop("two-step", identity.RECOVERY_CODES_LOW,
        after(has_two_step, Person.uses_six_codes), Person.uses_a_seventh, "recovery-codes-low"),
    hop("two-step", identity.SECOND_STEP_LOCKED,
        after(has_two_step, Person.gives_nine_wrong_codes), Person.gives_a_tenth,
        "second-step-locked"),
    hop("two-step", identity.TWO_STEP_MODE_CHANGED,
        has_two_step, Person.changes_the_mode, "two-step-mode-changed"),
    hop("devices", identity.DEVICE_TRUSTED,
        after(has_two_step, Person.changes_the_mode), Person.trusts_her_device,
        "device-trusted"),
    hop("devices", identity.DEVICE_REMOVED,
        Person.is_ready, Person.removes_her_device, "device-removed"),
    hop("devices", identity.UNUSUAL_LOG_ON,
        Person.is_ready, Person.logs_on_elsewhere, "unusual-log-on"),
    hop("passkeys", identity.PASSKEY_MADE,
        Person.is_ready, Person.makes_a_passkey, "passkey-made"),
    hop("passkeys", identity.PASSKEY_REMOVED,
        after(Person.is_ready, Person.makes_a_passkey), Person.removes_her_passkey,
        "passkey-removed"),
    hop("passkeys", identity.PASSKEY_COPIED,
        after(Person.is_ready, Person.makes_a_passkey), Person.answers_by_a_copy,
        "passkey-copied"),
    hop("two-step", identity.TWO_STEP_TURNED_OFF,
        has_two_step, Person.turns_two_step_off, "two-step-turned-off"),
    hop("two-step", identity.TWO_STEP_RESET,
        has_two_step, Person.is_reset_to_one_step, "two-step-reset"),
    hop("questions", recovery.SECURITY_QUESTIONS_SET,
        Person.is_ready, Person.sets_questions),
    hop("questions", identity.SECURITY_QUESTIONS_CHANGED,
        Person.is_ready, Person.sets_questions, "security-questions-changed"),
    hop("questions", recovery.RECOVERY_LOCKED,
        after(Person.is_ready, Person.answers_wrong_twice), Person.answers_wrong_again, "locked"),
    hop("freeze", identity.ACCOUNT_FROZEN,
        after(Person.is_ready, Person.changes_her_password), Person.freezes_her_account,
        "account-frozen"),
    hop("freeze", SESSIONS,
        after(Person.is_ready, Person.changes_her_password), Person.freezes_her_account),
    hop("freeze", identity.ACCOUNT_THAWED,
        after(Person.is_ready, Person.changes_her_password, Person.freezes_her_account),
        Person.is_thawed, "account-thawed"),
    hop("practice-token", recovery.RESET_TOKEN_ISSUED,
        Person.is_ready, Person.is_given_a_token, "reset-token-issued"),
    hop("second-practice", identity.ENROLMENT_ADDED,
        after(Person.is_ready, Person.is_enrolled_next_door), Person.adds_a_practice,
        "enrolment-added"),
    hop("chart", identity.CHARTS_SETTLED,
        after(Person.is_ready, Person.has_a_second_record), Person.has_her_chart_settled),
    hop("un-enrolment", identity.ENROLMENT_ENDED,
        Person.is_ready, Person.is_un_enrolled, "enrolment-ended"),
    hop("re-activation", identity.ENROLMENT_REACTIVATED,
        after(Person.is_ready, Person.is_un_enrolled), Person.is_taken_back,
        "enrolment-reactivated"),
)  # fmt: skip

ALL: tuple[Case, ...] = tuple(case for hop in HOPS for case in cases(hop))

ONCE: dict[Point, str] = {
    Point.BEFORE_COMMIT: identity.ACCOUNT_ENROLLED.routing_key,
    Point.AFTER_COMMIT: merge.MERGE_REQUESTED.routing_key,
    Point.CLAIMED: identity.ACCOUNT_LOCKED.routing_key,
    Point.PUBLISHED: recovery.RESET_LINK_REQUESTED.routing_key,
    Point.CONFIRMED: identity.ACCOUNTS_MERGED.routing_key,
    Point.DELETED: identity.ENROLMENT_ENDED.routing_key,
    Point.TAKEN: identity.EMAIL_VERIFICATION_REQUESTED.routing_key,
    Point.APPLIED: identity.ACCOUNTS_MERGED.routing_key,
    Point.SETTLED: recovery.RECOVERY_MERGE_APPLIED.routing_key,
    Point.FILED: SUBMITTED,
    Point.LEASED: recovery.USERNAME_REMINDER_REQUESTED.routing_key,
    Point.BEFORE_DATA: identity.ACCOUNT_ENROLLED.routing_key,
    Point.AFTER_DOT: recovery.RESET_LINK_REQUESTED.routing_key,
    Point.ANSWERED: SUBMITTED,
}
"""The event on which `make test` goes to each point; `make fault` goes to all of ALL."""


def is_chosen(case: Case) -> bool:
    """True for the first case of a point on its chosen event."""
    point = case.snare.point
    of_point = (one for one in ALL if one.snare.point is point and one.hop.event == ONCE[point])
    return case is next(of_point)
