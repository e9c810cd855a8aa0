"""Submissions: a practice's own system submits that something waits for a patient (NT-9)."""

from dataclasses import dataclass

from services.notify.actions import Action
from services.notify.communications.errors import PatientOfAnotherPractice, ReferenceReused
from services.notify.communications.model import Communication
from services.notify.communications.store import communications
from shared.acts import Acts, By
from shared.contracts.ids import EventId
from shared.contracts.notify import COMMUNICATION_SUBMITTED, CommunicationSubmitted
from shared.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Submissions:
    """The practice is the caller's own, never one named in a body."""

    acts: Acts

    async def submit(self, communication: Communication, *, by: By) -> EventId:
        """Take it once, however often it is sent under the practice's own reference.

        Raises ReferenceReused where the reference came with another patient or topic, and
        PatientOfAnotherPractice; both are audited and change nothing.
        """
        async with self.acts.begin(
            by,
            Action.SUBMIT_COMMUNICATION,
            patient=communication.patient_id,
            practice=communication.practice_id,
        ) as act:
            act.detail = communication.topic
            event_id = act.new_id()
            if not await communications.add(act.tx, communication, event_id, now=act.now):
                kept = await communications.find(act.tx, communication)
                if kept is None or kept[0] != communication:
                    raise refused(kept)
                act.repeated()
                return kept[1]
            act.publish(
                COMMUNICATION_SUBMITTED,
                CommunicationSubmitted(
                    practice_id=communication.practice_id,
                    patient_id=communication.patient_id,
                    topic=communication.topic,
                    reference=communication.reference,
                ),
                subject=communication.patient_id,
                event_id=event_id,
            )
            return event_id


def refused(kept: tuple[Communication, EventId] | None) -> Refused:
    """Say why it was not kept: the reference is taken, or else the patient is another's."""
    if kept is not None:
        return ReferenceReused.in_field("reference", "was used for another patient or topic")
    return PatientOfAnotherPractice.in_field(
        "patient_id", "is a patient record of another practice"
    )
