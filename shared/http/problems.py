"""Problem documents (RFC 9457): a stable `code`, the field, and what to do; the edge's own."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Annotated
from uuid import UUID

import msgspec

from shared.errors import (
    BadRequest,
    Expected,
    Forbidden,
    Limited,
    NotFound,
    Refused,
    Unauthenticated,
    Unavailable,
    Violation,
)

CONTENT_TYPE = "application/problem+json"
OAUTH_CONTENT_TYPE = "application/json"  # RFC 6749 5.2; the members are a problem's all the same
URN = "urn:portico:problem:"
MOST_ERRORS = 20  # of one reply, which so stays about as small as the request it answers
LONGEST_PATH = 200  # characters


class FieldProblem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One wrong field; `field` is a JSON path without the leading `$.`, cut where it is long.

    It is empty for what is wrong with the body as a whole: `body_too_deep`, `body_too_many_values`.
    `params` are the numbers and names that `detail` has, such as `minimum` and `maximum`.
    """

    field: Annotated[str, msgspec.Meta(max_length=LONGEST_PATH)]
    code: str
    detail: str
    params: Mapping[str, int | str] = {}


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A refusal or a failure as it is told."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    hint: str
    correlation_id: UUID
    errors: Annotated[tuple[FieldProblem, ...], msgspec.Meta(max_length=MOST_ERRORS)] = ()
    error: str | None = None  # RFC 6749 5.2, on OAuth's own verbs; so is the next
    error_description: str | None = None


# ---- before any feature saw the request


class RequestUnreadable(BadRequest):
    """The bytes are no HTTP request, or its line or headers are too long."""

    code = "malformed_request"
    title = "This is not readable as an HTTP request"
    hint = "Check the request line and the headers, and their lengths."


class ExpectationUnknown(BadRequest):
    """The Expect header asks for something else than 100-continue."""

    status = 417
    code = "expectation_failed"  # the status's own name (RFC 9110)
    title = "This expectation cannot be met"
    hint = "Send no Expect header, or 100-continue."


class MalformedBody(BadRequest):
    """The body is no JSON text, or names something twice."""

    code = "malformed_json"
    title = "The body is not readable JSON"
    hint = "Send one JSON object in UTF-8 in which no name stands twice."


class BodyInvalid(BadRequest):
    """The body is readable, but does not fit the verb."""

    title = "Some fields do not fit"
    hint = "Mend the fields named in `errors` and send the request again."


class BodyTooLarge(BadRequest):
    """The body is longer than the limit."""

    status = 413
    title = "The body is too large"
    hint = "Send less."


class BodyTooSlow(BadRequest):
    """The body did not arrive in time."""

    status = 408
    code = "request_timeout"  # the status's own name (RFC 9110)
    title = "The body did not arrive in time"
    hint = "Send the request again."


class ContentTypeUnsupported(BadRequest):
    """The body is not written in the one way this verb reads."""

    status = 415
    title = "This content type is not read here"
    hint = "Send the content type that the verb's description names, without content coding."


class RouteUnknown(NotFound):
    """Nothing is here."""

    code = NotFound.code
    hint = "Look the verb up in /docs."


class MethodUnknown(BadRequest):
    """Something is here, but not for this method."""

    status = 405
    code = "method_not_allowed"  # the status's own name (RFC 9110)
    title = "This method is not for this path"
    hint = "Use a method that the Allow header names."


class HeaderRepeated(BadRequest):
    """A header stands twice of which two readers might take different ones."""

    title = "A header stands more than once"
    hint = "Send the headers named in `errors` once each."


class InvalidClient(Unauthenticated):
    """Unknown client, wrong secret, or no client authentication (RFC 6749 5.2).

    `client` is the id that was claimed, where it can be one: what is refused counts on it too.
    """

    title = "This client is not known, or its secret is wrong"
    hint = "Send the client's id and secret in a Basic header."
    oauth_error = "invalid_client"

    def __init__(self, client: UUID | None = None) -> None:
        super().__init__()
        self.client = client


class ScopeMissing(Forbidden):
    """The token is good, but not for this verb."""

    code = "forbidden_scope"
    title = "This token does not reach that far"
    hint = "Use a token that has the scope or the session this verb asks for."
    oauth_error = "insufficient_scope"


class SessionScopeMissing(ScopeMissing):
    """The session may not do this as it is: a gate is open, or the last practice gone (SE-4)."""

    title = "This session does not reach that far"
    hint = (
        "Take the required step that `gates` of a refresh names first, then refresh the session; "
        "where the last practice is gone, add one."
    )


class TooManyRequests(Limited):
    """This source was told as many refusals as it may be in the window (LG-4)."""

    title = "Too many attempts from this address"
    hint = "Wait as long as the Retry-After header says."
    oauth_error = "temporarily_unavailable"


class ClientBudget(Limited):
    """This client did as much of the kind as it may in an hour (ST-1)."""

    code = "client_budget"
    title = "This client has used up its budget of the hour"
    hint = "Wait as long as the Retry-After header says; RateLimit tells it beforehand."


class IdempotencyKeyInvalid(BadRequest):
    """The Idempotency-Key header cannot be a key."""

    title = "The Idempotency-Key does not fit"
    hint = "Send one key of 8 to 128 letters, digits or .:_~+/=- , best a random UUID."


class Overdue(Unavailable):
    """The work took longer than a request may; what it began is undone."""

    code = "request_timeout"
    title = "This took too long"
    hint = "Send the request again later, with the same Idempotency-Key if it had one."


class InternalError(Expected):
    """What every other error is told as: a fault of ours, of which nothing is repeated."""

    status = 500
    code = "internal_error"
    title = "Something went wrong here"
    hint = "Try again later; give the correlation id to support if it goes on."
    oauth_error = "server_error"


def told_as(error: Exception) -> type[Expected]:
    """Say as which problem an error is told; one that does not say how is a fault of ours too."""
    if isinstance(error, Expected) and hasattr(error, "title"):
        return type(error)
    return InternalError


def document(
    told: type[Expected], violations: Iterable[Violation], correlation_id: UUID, *, oauth: bool
) -> Problem:
    """Shape what is told; nothing of an error but its violations is repeated."""
    errors = field_problems(violations)
    return Problem(
        type=URN + told.code,
        title=told.title,
        status=told.status,
        code=told.code,
        detail=detail_of(told, errors),
        hint=told.hint,
        correlation_id=correlation_id,
        errors=errors,
        error=told.oauth_error if oauth else None,
        error_description=f"{told.title}. {told.hint}" if oauth else None,
    )


def field_problems(violations: Iterable[Violation]) -> tuple[FieldProblem, ...]:
    """Shape what is wrong with the fields of a body, or of a row of one."""
    return tuple(
        FieldProblem(field=wrong.field, code=wrong.code, detail=wrong.detail, params=wrong.params)
        for wrong in islice(violations, MOST_ERRORS)
    )


def detail_of(told: type[Expected], errors: Sequence[FieldProblem]) -> str:
    """Say one finding here too; several would only double the reply."""
    if len(errors) == 1:
        return f"{errors[0].field}: {errors[0].detail}"
    return f"{told.title}: see `errors`" if errors else told.title


def retry_after(error: Exception) -> str | None:
    """Return whole seconds for the Retry-After header, at least one."""
    match error:
        case Refused(retry_after=float() | int() as seconds) | Unavailable(retry_after=seconds):
            return str(max(1, math.ceil(seconds)))
        case _:
            return None
