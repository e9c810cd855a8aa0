"""NT-9 over HTTP: a practice's system says that something waits for a patient."""

from services.notify.communications.features import Features
from services.notify.communications.model import Communication
from shared.contracts.ids import EventId, PatientId, PracticeId
from shared.contracts.inbox import Reference
from shared.contracts.notify import Topic
from shared.http.routes import Body, Call, Reply
from shared.trust.access import PracticeCaller


class SubmitCommunication(Body, frozen=True, kw_only=True):
    """`reference` is the sender's own id: the same again is the same communication."""

    patient_id: PatientId
    topic: Topic
    reference: Reference

    def of(self, practice_id: PracticeId) -> Communication:
        """Make it this practice's, which is never said in a body."""
        return Communication(
            practice_id=practice_id,
            patient_id=self.patient_id,
            topic=self.topic,
            reference=self.reference,
        )


class Submitted(Reply, frozen=True, kw_only=True):
    """The same id whenever the same reference comes."""

    communication_id: EventId
    reference: str


async def submit_communication(
    features: Features, call: Call[SubmitCommunication, PracticeCaller]
) -> Submitted:
    """Take it; the ledger says what became of it."""
    communication = call.body.of(call.caller.practice_id)
    found = await features.submissions.submit(communication, by=call.by)
    return Submitted(communication_id=found, reference=communication.reference)
