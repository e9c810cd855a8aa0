"""What a patient chooses, an enrolment at a time (NT-2); no I/O, no clock."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NewType
from uuid import UUID

from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.notify import Topic

AddressId = NewType("AddressId", UUID)  # of a notification address


class Means(StrEnum):
    """How a practice communication goes to a patient."""

    EMAIL = "email"
    TEXT_MESSAGE = "text-message"  #: to a phone (NT-3)
    PORTAL = "portal"  #: a notice (NT-8)
    NONE = "none"  #: not at all; behind others: not otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way to reach a patient; e-mail without an id is the account e-mail, and a text message,
    where a practice's order says it, goes to her first number.
    """

    means: Means
    address_id: AddressId | None = None


TO_AN_ADDRESS = (Means.EMAIL, Means.TEXT_MESSAGE)  # of the patient's own

Order = tuple[Way, ...]  # in which they are tried
NOT_AT_ALL: Order = (Way(means=Means.NONE),)
TO_A_NUMBER = Way(means=Means.TEXT_MESSAGE)  # her first, by her practice's order


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """What is chosen for one enrolment; an order that is empty was not chosen."""

    default: Order = ()
    topics: Mapping[Topic, Order] = field(default_factory=dict)

    def order(self, topic: Topic) -> Order:
        """What was chosen for the topic, or for all."""
        return self.topics.get(topic) or self.default


NOTHING_CHOSEN = Preference()


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """An enrolment of an account, with what its practice offers and its holder chose."""

    practice_id: PracticeId
    practice_name: str
    patient_id: PatientId
    offers: tuple[Means, ...]  # in the practice's order
    preference: Preference


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """A preference with the addresses of it that may be written to."""

    preference: Preference = NOTHING_CHOSEN
    addresses: Mapping[AddressId, str] = field(default_factory=dict)
    number: tuple[AddressId, str] | None = None  # her first that was verified


def offered(channels: Iterable[str], *, texts: bool) -> tuple[Means, ...]:
    """Return what a practice offers, in its order, as far as this deployment can do it."""
    means = map(Means, channels)
    return tuple(one for one in means if texts or one is not Means.TEXT_MESSAGE)


def wanted(preference: Preference, topic: Topic, *, offers: tuple[Means, ...]) -> Order:
    """Return the ways in the order in which they are to be tried, none of which may be left.

    What the practice does not offer any more is passed over; with nothing else chosen, its own
    order holds. "None" is none, and behind others it keeps the practice's order out.
    """
    offered = (*offers, Means.NONE)
    kept = tuple(way for way in preference.order(topic) if way.means in offered)
    return kept or tuple(Way(means=means) for means in offers)


def is_mailed(preference: Preference, topic: Topic, *, offers: tuple[Means, ...]) -> bool:
    """Whether mails of the topic are sent at all."""
    return any(way.means is Means.EMAIL for way in wanted(preference, topic, offers=offers))


def unsubscribed(
    preference: Preference, topic: Topic, *, offers: tuple[Means, ...], number: AddressId | None
) -> Preference:
    """The same without mails of the topic, whatever the practice offers one day (NT-7); the other
    ways of now stay, in their order, a text message to the number that it goes to now.
    """
    ways = wanted(preference, topic, offers=offers)
    if number is not None:
        ways = tuple(replace(way, address_id=number) if way == TO_A_NUMBER else way for way in ways)
    left = tuple(
        way for way in ways if way.means not in (Means.EMAIL, Means.NONE) and way != TO_A_NUMBER
    )
    return replace(preference, topics={**preference.topics, topic: (*left, *NOT_AT_ALL)})
