"""NT-2 over HTTP: how practices reach a patient."""

from typing import Annotated

from msgspec import Meta, field

from services.notify.preferences.features import Features
from services.notify.preferences.model import AddressId, Means, Order, Preference, Way
from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.notify import Topic
from shared.http.routes import Body, Call, NoBody, NoReply, Reply
from shared.trust.access import SessionCaller


class WayShown(Reply, frozen=True, kw_only=True):
    """`address_id` is a notification address, or a number for a text message; e-mail without one
    goes to the account e-mail.
    """

    channel: Means
    address_id: AddressId | None


class EnrolmentShown(Reply, frozen=True, kw_only=True):
    """`offers` is in the practice's order, which holds where `default` is empty."""

    practice_id: PracticeId
    practice_name: str
    patient_id: PatientId
    offers: tuple[Means, ...]
    default: tuple[WayShown, ...]
    topics: dict[Topic, tuple[WayShown, ...]]


class PreferencesShown(Reply, frozen=True, kw_only=True):
    """Every enrolment, by the practice's name."""

    enrolments: tuple[EnrolmentShown, ...]


class ChosenWay(Body, frozen=True, kw_only=True):
    channel: Means
    address_id: AddressId | None = None


ChosenOrder = Annotated[
    tuple[ChosenWay, ...], Meta(max_length=11)
]  # five addresses, three numbers, the account's


class ChoosePreference(Body, frozen=True, kw_only=True):
    """All that is chosen for the enrolment: what is left out is not chosen any more. Each order is
    tried from its first to its last; nothing stands behind a notice but `none`, which alone is not
    at all, and behind others not otherwise: not by the practice's order either.
    """

    default: ChosenOrder = ()
    topics: dict[Topic, ChosenOrder] = field(default_factory=dict)


async def list_notification_preferences(
    features: Features, call: Call[NoBody, SessionCaller]
) -> PreferencesShown:
    """Raises CatchingUp (UN-1)."""
    await features.projections.arrived(call.caller.account_id, call.caller.account_version)
    found = await features.preferences.of_account(call.caller.account_id)
    return PreferencesShown(
        enrolments=tuple(
            EnrolmentShown(
                practice_id=one.practice_id,
                practice_name=one.practice_name,
                patient_id=one.patient_id,
                offers=one.offers,
                default=_shown(one.preference.default),
                topics={topic: _shown(order) for topic, order in one.preference.topics.items()},
            )
            for one in found
        )
    )


async def choose_notification_preference(
    features: Features, call: Call[ChoosePreference, SessionCaller], patient_id: PatientId
) -> NoReply:
    """As often as one likes. Raises CatchingUp (UN-1)."""
    await features.projections.arrived(call.caller.account_id, call.caller.account_version)
    chosen = Preference(
        default=_order(call.body.default),
        topics={topic: _order(order) for topic, order in call.body.topics.items() if order},
    )
    await features.preferences.choose(call.caller.account_id, patient_id, chosen, by=call.by)
    return NoReply()


def _shown(order: Order) -> tuple[WayShown, ...]:
    return tuple(WayShown(channel=way.means, address_id=way.address_id) for way in order)


def _order(chosen: tuple[ChosenWay, ...]) -> Order:
    return tuple(Way(means=way.channel, address_id=way.address_id) for way in chosen)
