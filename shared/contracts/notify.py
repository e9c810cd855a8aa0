"""What notify publishes."""

from enum import StrEnum

from shared.contracts.contract import Contract, Data, Kind
from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.keys import KeysChanged
from shared.contracts.merge import MergeApplied


class Topic(StrEnum):
    """NT-1: what a practice writes to a patient about."""

    MESSAGE = "message"
    APPOINTMENT = "appointment"
    HEALTH_RECORD = "health-record"
    STATEMENT = "statement"


class CommunicationSubmitted(Data, frozen=True, kw_only=True):
    """NT-9: a practice wants a patient to know that something waits in the portal; no content."""

    practice_id: PracticeId
    patient_id: PatientId
    topic: Topic
    reference: str  # the sender's own id


NOTIFY_KEYS_CHANGED = Contract("notify", "keys-changed", KeysChanged, Kind.SNAPSHOT)
COMMUNICATION_SUBMITTED = Contract(
    "notify", "communication-submitted", CommunicationSubmitted, Kind.COMMUNICATION
)
NOTIFY_MERGE_APPLIED = Contract("notify", "merge-applied", MergeApplied, Kind.STEP)
