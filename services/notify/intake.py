"""Intake: a practice's own system submits that something waits for a patient (NT-9)."""

from dataclasses import dataclass
from datetime import datetime

from services.notify.errors import ReferenceReused
from services.notify.model import Communication
from services.notify.store import communications
from shared.audit import Audit, Origin
from shared.contracts.ids import EventId
from shared.contracts.notify import COMMUNICATION_SUBMITTED, CommunicationSubmitted
from shared.db import Database
from shared.errors import Violation
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

        Raises ReferenceReused where the reference came with another patient or topic.
        """
        event_id = self.outbox.new_id()
        async with self.database.transaction() as tx:
            if not await communications.add(tx, communication, event_id, now=now):
                kept = await communications.find(tx, communication)
                if kept is None or kept[0] != communication:
                    raise ReferenceReused(
                        Violation(
                            field="reference",
                            code="reference_reused",
                            detail="was used for another patient or topic",
                        )
                    )
                return kept[1]
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
            await self.audit.record(
                tx,
                origin,
                action="communication.submitted",
                outcome="done",
                subject=f"patient:{communication.patient_id}",
                practice=str(communication.practice_id),
                detail=communication.topic,
            )
        return event_id
