"""NT-5 over HTTP: the ledger's views."""

from datetime import datetime
from typing import ClassVar

from msgspec import UNSET, UnsetType

from services.notify.ledger.features import Features
from services.notify.ledger.model import DeliveryId, LedgerEntry, State
from services.notify.ledger.reading import PAGE
from services.notify.preferences.model import Means
from services.notify.tellings.model import MessageClass, Reason
from shared.contracts.ids import PatientId
from shared.contracts.notify import Topic
from shared.http.parsing import id_of
from shared.http.routes import Call, NoBody, NoReply, Reply, StaffBody
from shared.trust.access import PracticeCaller, SessionCaller


class Delivery(Reply, frozen=True, kw_only=True):
    """`at` is when it came to this state, or when it was filed while it is under way."""

    id: DeliveryId
    message_class: MessageClass
    template: str
    channel: Means
    address: str | None
    state: State
    reason: Reason | None
    at: datetime


class Deliveries(Reply, frozen=True, kw_only=True):
    """The newest hundred of each class, newest first."""

    deliveries: tuple[Delivery, ...]


class PracticeDelivery(Reply, frozen=True, kw_only=True):
    """Without the address: it is the person's, not the practice's."""

    id: DeliveryId
    patient_id: PatientId
    topic: Topic
    reference: str
    channel: Means
    state: State
    reason: Reason | None
    at: datetime


class PracticeDeliveries(Reply, frozen=True, kw_only=True):
    """Up to a hundred, newest first; `next` is to be sent as `after`."""

    deliveries: tuple[PracticeDelivery, ...]
    next: DeliveryId | UnsetType = UNSET

    shows_most: ClassVar[int] = PAGE

    @property
    def shows(self) -> int:
        return len(self.deliveries)


class Resend(StaffBody, frozen=True, kw_only=True):
    """Nothing but who has it sent again, and why."""


async def list_deliveries(features: Features, call: Call[NoBody, SessionCaller]) -> Deliveries:
    """Show a person what was sent to her. Raises CatchingUp (UN-1)."""
    await features.projections.arrived(call.caller.account_id, call.caller.account_version)
    found = await features.reading.of_account(call.caller.account_id)
    return Deliveries(deliveries=tuple(shown(entry) for entry in found))


async def list_practice_deliveries(
    features: Features, call: Call[NoBody, PracticeCaller]
) -> PracticeDeliveries:
    """Show a practice what became of its own communications."""
    patient_id = id_of(call.query, "patient_id")
    after = id_of(call.query, "after")
    found = await features.reading.of_practice(
        call.caller.practice_id,
        PatientId(patient_id) if patient_id else None,
        after=DeliveryId(after) if after else None,
        by=call.by,
    )
    return PracticeDeliveries(
        deliveries=tuple(
            PracticeDelivery(
                id=entry.id,
                patient_id=entry.communication.patient_id,
                topic=entry.communication.topic,
                reference=entry.communication.reference,
                channel=entry.channel,
                state=entry.state,
                reason=entry.reason,
                at=entry.finished_at or entry.created_at,
            )
            for entry in found
            if entry.communication is not None
        ),
        next=found[-1].id if len(found) == PAGE else UNSET,
    )


async def resend_delivery(
    features: Features, call: Call[Resend, PracticeCaller], delivery_id: DeliveryId
) -> NoReply:
    """One of this practice's own; it goes by the way at which it stopped."""
    await features.resending.resend(call.caller.practice_id, delivery_id, by=call.by)
    return NoReply()


def shown(entry: LedgerEntry) -> Delivery:
    return Delivery(
        id=entry.id,
        message_class=entry.message_class,
        template=entry.template,
        channel=entry.channel,
        address=entry.address,
        state=entry.state,
        reason=entry.reason,
        at=entry.finished_at or entry.created_at,
    )
