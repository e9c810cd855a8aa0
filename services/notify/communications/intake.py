"""Intake: a practice's own system submits that something waits for a patient (NT-9)."""

from dataclasses import dataclass
from datetime import datetime

from services.notify.communications.errors import PatientOfAnotherPractice, ReferenceReused
from services.notify.communications.model import Communication
from services.notify.communications.store import communications
from shared.audit import Audit, Origin
from shared.contracts.ids import EventId
from shared.contracts.notify import COMMUNICATION_SUBMITTED, CommunicationSubmitted
from shared.db import Connection, Database
from shared.errors import Refused
from shared.messaging.outbox import Outbox


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """The practice is the caller's own, never one named in a body."""

    database: Database
    outbox: Outbox
    audit: Audit

    async def submit(
        self, communication: Communication, origin: Origin, *, now: datetime
    ) -> EventId:
        """Take it once, however often it is sent under the practice's own reference.

        Raises ReferenceReused where the reference came with another patient or topic, and
        PatientOfAnotherPractice; both are audited and change nothing.
        """
        event_id = self.outbox.new_id()
        refusal: Refused | None = None
        async with self.database.transaction() as tx:
            if await communications.add(tx, communication, event_id, now=now):
                await self._publish(tx, communication, event_id, origin)
            else:
                kept = await communications.find(tx, communication)
                if kept is not None and kept[0] == communication:
                    return kept[1]
                refusal = refused(kept)
            await self.audit.record(
                tx,
                origin,
                action="communication.submitted",
                outcome="refused" if refusal else "done",
                subject=f"patient:{communication.patient_id}",
                practice=str(communication.practice_id),
                detail=refusal.cause if refusal else communication.topic,
            )
        if refusal is not None:
            raise refusal
        return event_id

    async def _publish(
        self, tx: Connection, communication: Communication, event_id: EventId, origin: Origin
    ) -> None:
        data = CommunicationSubmitted(
            practice_id=communication.practice_id,
            patient_id=communication.patient_id,
            topic=communication.topic,
            reference=communication.reference,
        )
        await self.outbox.add(
            tx,
            COMMUNICATION_SUBMITTED,
            data,
            subject=communication.patient_id,
            origin=origin,
            event_id=event_id,
        )


def refused(kept: tuple[Communication, EventId] | None) -> Refused:
    """Say why it was not kept: the reference is taken, or else the patient is another's."""
    if kept is not None:
        return ReferenceReused.in_field("reference", "was used for another patient or topic")
    return PatientOfAnotherPractice.in_field(
        "patient_id", "is a patient record of another practice"
    )
