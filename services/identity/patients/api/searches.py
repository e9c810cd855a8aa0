"""A practice finds its patients, by a body: what is sought must not stand in logs of addresses."""

from dataclasses import asdict
from datetime import date
from typing import ClassVar

from msgspec import UNSET, UnsetType

from services.identity.either import not_one_of
from services.identity.fields import Line, Name
from services.identity.patients.features import Features
from services.identity.patients.searches import PAGE, Sought
from shared.contracts.birth_dates import BirthDate
from shared.contracts.ids import PatientId
from shared.http.routes import Body, Call, Reply
from shared.trust.access import PracticeCaller

KINDS = (("last_name",), ("birth_date",), ("last_name", "birth_date"), ("number",))


class SearchBody(Body, frozen=True, kw_only=True):
    """A last name, a date of birth or both; or the practice's own number of its patient."""

    last_name: Name | None = None
    birth_date: BirthDate | None = None
    number: Line | None = None
    after: PatientId | None = None


class FoundReply(Reply, frozen=True, kw_only=True):
    patient_id: PatientId
    number: str | None
    last_name: str
    first_name: str
    birth_date: date
    enrolled: bool


class SearchReply(Reply, frozen=True, kw_only=True):
    """Up to 50, in an order that means nothing; `next` is to be sent as `after`."""

    patients: tuple[FoundReply, ...]
    next: PatientId | UnsetType = UNSET

    shows_most: ClassVar[int] = PAGE

    @property
    def shows(self) -> int:
        return len(self.patients)


async def find_patients(features: Features, call: Call[SearchBody, PracticeCaller]) -> SearchReply:
    found = await features.searches.find(
        call.caller.practice_id, sought(call.body), after=call.body.after, by=call.by
    )
    return SearchReply(
        patients=tuple(FoundReply(**asdict(each)) for each in found),
        next=found[-1].patient_id if len(found) == PAGE else UNSET,
    )


def sought(body: SearchBody) -> Sought:
    """Take what is known of the patient. Raises BodyInvalid."""
    said = {"last_name": body.last_name, "birth_date": body.birth_date, "number": body.number}
    if {name for name, value in said.items() if value is not None} not in map(set, KINDS):
        raise not_one_of(body, KINDS)
    return Sought(last_name=body.last_name, birth_date=body.birth_date, number=body.number)
