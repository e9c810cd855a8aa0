"""A practice reads and corrects its record of a patient (ST-1)."""

from datetime import date, datetime
from typing import Annotated, cast

from msgspec import UNSET, Meta, UnsetType

from services.identity.desk.corrections import Changes
from services.identity.desk.features import Features
from services.identity.fields import Address, Line, Name
from shared.contracts.birth_dates import BirthDate
from shared.contracts.ids import PatientId
from shared.http.parsing import wrong
from shared.http.problems import BodyInvalid
from shared.http.routes import Call, NoBody, Reply, StaffBody
from shared.trust.access import PracticeCaller

CORRECTED = tuple(Changes.__annotations__)


class RecordReply(Reply, frozen=True, kw_only=True):
    """`account` says whether the record belongs to one, enrolled or not. `version` goes up with
    each change; a correction names it. `token_until` is there while a token is good. The rest is
    of an enrolled patient's account: whether its password opens nothing at the moment, whether it
    is frozen, whether two-step is on, and whether a practice waived its e-mail.
    """

    patient_id: PatientId
    version: int
    number: str | None
    last_name: str
    first_name: str
    birth_date: date
    home_phone: str | None
    address: str | None
    email: str | None
    account: bool
    enrolled: bool
    token_until: datetime | None
    locked: bool
    frozen: bool
    two_step_on: bool
    email_waived: bool


class CorrectionBody(StaffBody, frozen=True, kw_only=True):
    """Those that are to change, one at least; null empties one. `version` as it was read."""

    version: Annotated[int, Meta(ge=1, le=2**63 - 1)]
    last_name: Name | UnsetType = UNSET
    first_name: Name | UnsetType = UNSET
    birth_date: BirthDate | UnsetType = UNSET
    home_phone: Line | UnsetType | None = UNSET
    address: Line | UnsetType | None = UNSET
    email: Address | UnsetType | None = UNSET


class CorrectionReply(Reply, frozen=True, kw_only=True):
    """The version that the record stands at now."""

    version: int


async def read_patient(
    features: Features, call: Call[NoBody, PracticeCaller], patient_id: PatientId
) -> RecordReply:
    found = await features.records.read(call.caller.practice_id, patient_id, by=call.by)
    patient, standing = found.patient, found.standing
    return RecordReply(
        patient_id=patient.id,
        version=patient.version,
        number=patient.number,
        last_name=patient.last_name,
        first_name=patient.first_name,
        birth_date=patient.birth_date,
        home_phone=patient.home_phone,
        address=patient.address,
        email=patient.email,
        account=patient.account_id is not None,
        enrolled=found.enrolled,
        token_until=found.token_until,
        locked=standing.locked,
        frozen=standing.frozen,
        two_step_on=standing.two_step_on,
        email_waived=standing.email_waived,
    )


async def correct_patient(
    features: Features, call: Call[CorrectionBody, PracticeCaller], patient_id: PatientId
) -> CorrectionReply:
    given = {name: getattr(call.body, name) for name in CORRECTED}
    changes = cast(Changes, {name: value for name, value in given.items() if value is not UNSET})
    if not changes:
        raise BodyInvalid(wrong("last_name", "field_missing", " or ".join(CORRECTED)))
    version = await features.corrections.correct(
        call.caller.practice_id, patient_id, changes, version=call.body.version, by=call.by
    )
    return CorrectionReply(version=version)
