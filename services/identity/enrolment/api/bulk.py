"""A practice submits its patients by the thousand (EN-6)."""

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import asdict

from services.identity.budgets import TOKENS
from services.identity.enrolment.bulk import Outcome, Row
from services.identity.enrolment.features import Features
from services.identity.fields import Address, Line, Name
from services.identity.patients.patients import PatientDetails
from shared.contracts.birth_dates import BirthDate
from shared.contracts.ids import PatientId
from shared.contracts.scopes import Scope
from shared.errors import Refused
from shared.http.parsing import read_row, said_again
from shared.http.problems import BodyInvalid, FieldProblem, field_problems
from shared.http.routes import Body, Call, Limits, Reply, StaffBody
from shared.trust.access import PracticeCaller

MOST = 1000
LIMITS = Limits(body_bytes=2**20, body_values=MOST * 12, seconds=30)


class RowBody(Body, frozen=True, kw_only=True):
    """`number` is what the practice's own system knows the patient by, once in all its rows."""

    number: Line
    last_name: Name
    first_name: Name
    birth_date: BirthDate
    home_phone: Line | None = None
    address: Line | None = None
    email: Address | None = None
    invite: bool = False


ROW_INVALID = "row_invalid"
ROW_SCHEMA = msgspec.json.schema(RowBody)["$defs"]["RowBody"]


class BulkBody(StaffBody, frozen=True, kw_only=True):
    """Each row is read by itself: what is wrong with one is told with it, and takes none along."""

    patients: Annotated[
        tuple[Annotated[Any, Meta(extra_json_schema=ROW_SCHEMA)], ...],
        Meta(min_length=1, max_length=MOST),
    ]

    def counts_as(self, budget: str) -> int:
        """A record each, and a token each that is to be invited."""
        invited = sum(
            isinstance(row, Mapping) and row.get("invite") is True for row in self.patients
        )
        return invited if budget == TOKENS.name else len(self.patients)


class RowResult(Reply, frozen=True, kw_only=True):
    """`result` is `registered`, `unchanged`, or why it is no record: `row_invalid` and others, with
    `errors`; `patient_number_taken` where the number is known with another content, and `differs`
    says in which fields. `invitation` is `sent`, `sent_before`, or why there is none.
    """

    number: str | None
    result: str
    patient_id: PatientId | UnsetType = UNSET
    differs: tuple[str, ...] | UnsetType = UNSET
    errors: tuple[FieldProblem, ...] | UnsetType = UNSET
    invitation: str | UnsetType = UNSET


class BulkReply(Reply, frozen=True, kw_only=True):
    """A result for each row, in the order of the rows."""

    results: tuple[RowResult, ...]


async def register_patients(features: Features, call: Call[BulkBody, PracticeCaller]) -> BulkReply:
    read = [read_row(RowBody, values) for values in call.body.patients]
    rows = [_row(body) for body in read if isinstance(body, RowBody)]
    submitted = await features.bulk.submit(
        call.caller.practice_id,
        rows,
        may_invite=Scope.TOKENS_WRITE in call.caller.scopes,
        by=call.by,
    )
    outcomes = iter(submitted)
    return BulkReply(
        results=tuple(
            _result(body.number, next(outcomes))
            if isinstance(body, RowBody)
            else RowResult(
                number=said_again(values, "number", Line),
                result=ROW_INVALID if isinstance(body, BodyInvalid) else body.code,
                errors=field_problems(body.violations),
            )
            for body, values in zip(read, call.body.patients, strict=True)
        )
    )


def _row(body: RowBody) -> Row:
    said = asdict(body)
    invite = said.pop("invite")
    return Row(details=PatientDetails(**said), invite=invite)


def _result(number: str | None, outcome: Outcome) -> RowResult:
    return RowResult(
        number=number,
        result=_word(outcome),
        patient_id=outcome.patient_id or UNSET,
        differs=outcome.differs or UNSET,
        errors=field_problems(outcome.refusal.violations if outcome.refusal else ()) or UNSET,
        invitation=_invitation(outcome.invitation),
    )


def _word(outcome: Outcome) -> str:
    if outcome.refusal:
        return outcome.refusal.code
    return "registered" if outcome.added else "unchanged"


def _invitation(invitation: bool | type[Refused] | None) -> str | UnsetType:
    if invitation is None:
        return UNSET
    if isinstance(invitation, bool):
        return "sent" if invitation else "sent_before"
    return invitation.code
