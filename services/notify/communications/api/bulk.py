"""A practice's system submits communications by the thousand (NT-9)."""

from typing import Annotated, Any

import msgspec
from msgspec import UNSET, Meta, UnsetType

from services.notify.communications.api.communications import SubmitCommunication
from services.notify.communications.features import Features
from services.notify.communications.model import Taken
from shared.contracts.ids import EventId
from shared.contracts.inbox import Reference
from shared.errors import Refused
from shared.http.parsing import read_row, said_again
from shared.http.problems import FieldProblem, field_problems
from shared.http.routes import Body, Call, Limits, Reply
from shared.trust.access import PracticeCaller

MOST = 1000
LIMITS = Limits(body_bytes=2**19, body_values=MOST * 5, seconds=30)
ROW_SCHEMA = msgspec.json.schema_components(
    [SubmitCommunication], ref_template="#/components/schemas/{name}"
)[1]["SubmitCommunication"]


class BulkBody(Body, frozen=True, kw_only=True):
    """Each row is read by itself: what is wrong with one is told with it, and takes none along."""

    communications: Annotated[
        tuple[Annotated[Any, Meta(extra_json_schema=ROW_SCHEMA)], ...],
        Meta(min_length=1, max_length=MOST),
    ]

    def counts_as(self, budget: str) -> int:
        """One each."""
        return len(self.communications)


class RowResult(Reply, frozen=True, kw_only=True):
    """`result` is `submitted`, `unchanged` where the same came before, or why it is not taken:
    `row_invalid` or `reference_reused`, with `errors`.
    """

    reference: str | None
    result: str
    communication_id: EventId | UnsetType = UNSET
    errors: tuple[FieldProblem, ...] | UnsetType = UNSET


class BulkReply(Reply, frozen=True, kw_only=True):
    """A result for each row, in the order of the rows."""

    results: tuple[RowResult, ...]


async def submit_communications(
    features: Features, call: Call[BulkBody, PracticeCaller]
) -> BulkReply:
    practice_id = call.caller.practice_id
    read = [read_row(SubmitCommunication, values) for values in call.body.communications]
    rows = [row.of(practice_id) for row in read if isinstance(row, SubmitCommunication)]
    outcomes = iter(await features.submissions.submit_all(practice_id, rows, by=call.by))
    return BulkReply(
        results=tuple(
            _result(row.reference, next(outcomes))
            if isinstance(row, SubmitCommunication)
            else RowResult(
                reference=said_again(values, "reference", Reference),
                result="row_invalid",
                errors=field_problems(row.violations),
            )
            for row, values in zip(read, call.body.communications, strict=True)
        )
    )


def _result(reference: str, outcome: Taken | Refused) -> RowResult:
    if isinstance(outcome, Refused):
        return RowResult(
            reference=reference,
            result=outcome.code,
            errors=field_problems(outcome.violations) or UNSET,
        )
    return RowResult(
        reference=reference,
        result="submitted" if outcome.new else "unchanged",
        communication_id=outcome.event_id,
    )
