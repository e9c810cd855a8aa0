"""What a link stands for; no I/O, no clock."""

from dataclasses import dataclass

from services.notify.preferences.model import Means
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.contracts.notify import Topic


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """A practice's e-mails of one topic to one patient record."""

    practice_id: PracticeId
    practice_name: str
    offers: tuple[Means, ...]  # in the practice's order, as far as it can be done here
    patient_id: PatientId
    topic: Topic
    account_id: AccountId  # whose record it is
