"""The paths as a table: each event on them, what is before it, and what brings it about.

A path is killed at every crash point of every event on it: in its publisher, its relay, each of
its consumers, and in notify's courier where a mail is sent.
"""

from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from typing import Any

from shared.contracts import identity, merge, notify, recovery
from tests.fault import merging
from tests.fault.books import CONSUMERS
from tests.fault.people import Person
from tests.fault.points import CONSUMER, COURIER, PRODUCER, RELAY, Point
from tests.fault.seams import SESSIONS
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
    for point in (*PRODUCER, *RELAY):
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


async def has_an_account(person: Person) -> None:
    await person.is_registered()
    await person.enrols()
    await person.logs_on()


async def is_welcomed(person: Person) -> None:
    await has_an_account(person)
    await person.mailed_secret("Welcome")


async def has_a_link(person: Person) -> None:
    await person.is_ready()
    await person.asks_for_a_link()
    await person.mailed_secret("Set a new")


async def has_a_second_token(person: Person) -> None:
    await person.is_ready()
    await person.is_enrolled_next_door()


async def was_locked_out(person: Person) -> None:
    await person.is_ready()
    await person.is_locked_out()


async def was_guessed_at(person: Person) -> None:
    await person.is_ready()
    await person.is_guessed_at()


async def was_un_enrolled(person: Person) -> None:
    await person.is_ready()
    await person.is_un_enrolled()


HOPS: tuple[Hop, ...] = (
    Hop(
        path="enrolment",
        event=identity.ACCOUNT_ENROLLED.routing_key,
        template="account-enrolled",
        given=Person.is_registered,
        act=Person.enrols,
    ),
    Hop(
        path="verify-email",
        event=identity.EMAIL_VERIFICATION_REQUESTED.routing_key,
        template="email-verification",
        given=has_an_account,
        act=Person.claims,
    ),
    Hop(
        path="verify-email",
        event=identity.ACCOUNT_CHANGED.routing_key,
        given=is_welcomed,
        act=Person.verifies,
    ),
    Hop(
        path="verify-email",
        event=identity.ACCOUNT_EMAIL_VERIFIED.routing_key,
        template="account-email-verified",
        given=is_welcomed,
        act=Person.verifies,
    ),
    Hop(
        path="lock",
        event=identity.ACCOUNT_LOCKED.routing_key,
        template="account-locked",
        given=Person.is_ready,
        act=Person.is_locked_out,
    ),
    Hop(
        path="lock",
        event=identity.ACCOUNT_UNLOCKED.routing_key,
        template="account-unlocked",
        given=was_locked_out,
        act=Person.is_unlocked,
    ),
    Hop(
        path="lock",
        event=identity.PASSWORD_DISABLED.routing_key,
        template="password-disabled",
        given=was_guessed_at,
        act=Person.is_shut_out,
    ),
    Hop(
        path="reset",
        event=recovery.RESET_LINK_REQUESTED.routing_key,
        template="reset-link",
        given=Person.is_ready,
        act=Person.asks_for_a_link,
    ),
    Hop(
        path="reset",
        event=identity.PASSWORD_RESET.routing_key,
        template="password-reset",
        given=has_a_link,
        act=Person.resets,
    ),
    Hop(path="reset", event=SESSIONS, given=has_a_link, act=Person.resets),
    Hop(
        path="communication",
        event=notify.COMMUNICATION_SUBMITTED.routing_key,
        template="practice-communication",
        given=Person.is_ready,
        act=Person.is_written_to,
    ),
    Hop(
        path="merge",
        event=merge.MERGE_REQUESTED.routing_key,
        given=merging.has_two_accounts,
        act=merging.merges,
    ),
    Hop(
        path="merge",
        event=identity.ACCOUNTS_MERGED.routing_key,
        template="accounts-merged",
        given=merging.has_two_accounts,
        act=merging.merges,
    ),
    Hop(
        path="merge",
        event=recovery.RECOVERY_MERGE_APPLIED.routing_key,
        given=merging.has_two_accounts,
        act=merging.merges,
    ),
    Hop(
        path="merge",
        event=notify.NOTIFY_MERGE_APPLIED.routing_key,
        given=merging.has_two_accounts,
        act=merging.merges,
    ),
    Hop(
        path="merge",
        event=identity.MERGE_REJECTED.routing_key,
        template="merge-rejected",
        given=merging.has_two_accounts,
        act=merging.merges_in_vain,
    ),
    Hop(
        path="merge",
        event=merge.MERGE_REFUSED.routing_key,
        template="merge-rejected",
        given=merging.has_somebody_elses,
        act=merging.is_refused,
    ),
    Hop(path="merge", event=SESSIONS, given=merging.has_two_accounts, act=merging.merges),
    Hop(
        path="reminder",
        event=recovery.USERNAME_REMINDER_REQUESTED.routing_key,
        template="username-reminder",
        given=Person.is_ready,
        act=Person.asks_for_her_username,
    ),
    Hop(
        path="second-practice",
        event=identity.ENROLMENT_ADDED.routing_key,
        template="enrolment-added",
        given=has_a_second_token,
        act=Person.adds_a_practice,
    ),
    Hop(
        path="un-enrolment",
        event=identity.ENROLMENT_ENDED.routing_key,
        template="enrolment-ended",
        given=Person.is_ready,
        act=Person.is_un_enrolled,
    ),
    Hop(
        path="re-activation",
        event=identity.ENROLMENT_REACTIVATED.routing_key,
        template="enrolment-reactivated",
        given=was_un_enrolled,
        act=Person.is_taken_back,
    ),
)

ALL: tuple[Case, ...] = tuple(case for hop in HOPS for case in cases(hop))

ONCE: dict[Point, str] = {
    Point.BEFORE_COMMIT: identity.ACCOUNT_ENROLLED.routing_key,
    Point.AFTER_COMMIT: merge.MERGE_REQUESTED.routing_key,
    Point.CLAIMED: identity.ACCOUNT_LOCKED.routing_key,
    Point.PUBLISHED: recovery.RESET_LINK_REQUESTED.routing_key,
    Point.CONFIRMED: identity.ACCOUNTS_MERGED.routing_key,
    Point.DELETED: notify.COMMUNICATION_SUBMITTED.routing_key,
    Point.TAKEN: identity.EMAIL_VERIFICATION_REQUESTED.routing_key,
    Point.APPLIED: identity.ACCOUNTS_MERGED.routing_key,
    Point.SETTLED: recovery.RECOVERY_MERGE_APPLIED.routing_key,
    Point.LEASED: recovery.USERNAME_REMINDER_REQUESTED.routing_key,
    Point.BEFORE_DATA: identity.ACCOUNT_ENROLLED.routing_key,
    Point.AFTER_DOT: recovery.RESET_LINK_REQUESTED.routing_key,
    Point.ANSWERED: notify.COMMUNICATION_SUBMITTED.routing_key,
}
"""The event on which `make test` goes to each point; `make fault` goes to all of ALL."""


def is_chosen(case: Case) -> bool:
    """True for the first case of a point on its chosen event."""
    point = case.snare.point
    of_point = (one for one in ALL if one.snare.point is point and one.hop.event == ONCE[point])
    return case is next(of_point)
