"""Reviews, who decides them, and what a reviewer sees of her own records."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from shared.contracts.ids import AccountId, MergeId, PatientId, PracticeId

REVIEW = timedelta(days=30)  # MG-2, as long as a request to be enrolled waits (EN-4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """MG-2: a merge that practices decide."""

    merge_id: MergeId
    survivor_id: AccountId
    absorbed_id: AccountId
    review_until: datetime
    approvers: tuple[PracticeId | None, PracticeId | None]  # of the survivor's side, the other's
    ended: bool

    @property
    def parties(self) -> tuple[AccountId, AccountId]:
        """The two accounts, the survivor first."""
        return self.survivor_id, self.absorbed_id

    @property
    def approved_by(self) -> tuple[PracticeId, ...]:
        """The practices that have approved, each once."""
        return tuple(dict.fromkeys(one for one in self.approvers if one))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reviewer:
    """A practice that decides: on which sides it had records as the review was asked for."""

    of_survivor: bool
    of_absorbed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRecord:
    """What a practice's own record says of an account's holder."""

    patient_id: PatientId
    account_id: AccountId
    last_name: str
    first_name: str
    birth_date: date
