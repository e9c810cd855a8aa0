"""Who has not logged on for months, listed and un-enrolled by their practice (UN-2)."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, ClassVar

from msgspec import UNSET, Meta, UnsetType

from services.identity.desk.dormancy import PAGE, Ended
from services.identity.desk.features import Features
from shared.contracts.ids import PatientId
from shared.http.parsing import id_of, wrong
from shared.http.problems import BodyInvalid
from shared.http.routes import Call, NoBody, Reply, StaffBody
from shared.trust.access import PracticeCaller

LONGEST = 240
DONE = "un-enrolled"
Months = Annotated[int, Meta(ge=1, le=LONGEST, description="without a log-on")]


class DormantReply(Reply, frozen=True, kw_only=True):
    """Without `last_log_on_at` she never logged on; then it counts from her enrolment."""

    patient_id: PatientId
    number: str | None
    last_name: str
    first_name: str
    enrolled_at: datetime
    last_log_on_at: datetime | None


class DormantPatientsReply(Reply, frozen=True, kw_only=True):
    """Up to 100, who was here longest ago first; `next` is to be sent as `after`."""

    patients: tuple[DormantReply, ...]
    next: PatientId | UnsetType = UNSET

    shows_most: ClassVar[int] = PAGE

    @property
    def shows(self) -> int:
        return len(self.patients)


class UnenrolmentsBody(StaffBody, frozen=True, kw_only=True):
    """`months` as they were listed with: who has logged on since stays enrolled."""

    months: Months
    patient_ids: Annotated[tuple[PatientId, ...], Meta(min_length=1, max_length=PAGE)]

    def counts_as(self, budget: str) -> int:
        return len(self.patient_ids)


class UnenrolmentResult(Reply, frozen=True, kw_only=True):
    """`result` is `un-enrolled`, or why not: `not_found`, `patient_not_enrolled` or
    `patient_not_dormant`.
    """

    patient_id: PatientId
    result: str


class UnenrolmentsReply(Reply, frozen=True, kw_only=True):
    results: tuple[UnenrolmentResult, ...]


async def list_dormant_patients(
    features: Features, call: Call[NoBody, PracticeCaller]
) -> DormantPatientsReply:
    after = id_of(call.query, "after")
    found = await features.dormancy.list(
        call.caller.practice_id,
        months_of(call.query.get("months", "")),
        after=PatientId(after) if after else None,
        by=call.by,
    )
    return DormantPatientsReply(
        patients=tuple(DormantReply(**asdict(each)) for each in found),
        next=found[-1].patient_id if len(found) == PAGE else UNSET,
    )


async def un_enrol_dormant_patients(
    features: Features, call: Call[UnenrolmentsBody, PracticeCaller]
) -> UnenrolmentsReply:
    ended = await features.dormancy.un_enrol(
        call.caller.practice_id, call.body.patient_ids, months=call.body.months, by=call.by
    )
    return UnenrolmentsReply(results=tuple(map(_result, ended)))


def _result(ended: Ended) -> UnenrolmentResult:
    code = ended.refusal.code if ended.refusal else DONE
    return UnenrolmentResult(patient_id=ended.patient_id, result=code)


def months_of(typed: str) -> int:
    """Read the query's months. Raises BodyInvalid."""
    digits = typed.isascii() and typed.isdecimal() and len(typed) <= len(str(LONGEST))
    if not (digits and 1 <= int(typed) <= LONGEST):
        detail = f"expected a whole number from 1 to {LONGEST}"
        raise BodyInvalid(wrong("query.months", "field_wrong_format", detail))
    return int(typed)
