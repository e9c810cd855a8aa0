"""NT-9 over HTTP: a practice's system says that something waits for a patient."""

from typing import Annotated

from msgspec import Meta

from services.notify.communications.features import Features
from services.notify.communications.model import Communication
from shared.contracts.ids import EventId, PatientId
from shared.contracts.notify import Topic
from shared.http.routes import Body, Call, Reply
from shared.trust.access import PracticeCaller

Reference = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+(?![\s\S])")]


class SubmitCommunication(Body, frozen=True, kw_only=True):
    """`reference` is the sender's own id: the same again is the same communication."""

    patient_id: PatientId
    topic: Topic
    reference: Reference


class Submitted(Reply, frozen=True, kw_only=True):
    """The same id whenever the same reference comes."""

    communication_id: EventId
    reference: str


async def submit_communication(
    features: Features, call: Call[SubmitCommunication, PracticeCaller]
) -> Submitted:
    """Take it; the ledger says what became of it."""
    communication = Communication(
        practice_id=call.caller.practice_id,
        patient_id=call.body.patient_id,
        topic=call.body.topic,
        reference=call.body.reference,
    )
    found = await features.submissions.submit(communication, by=call.by)
    return Submitted(communication_id=found, reference=communication.reference)
