"""Problem documents (RFC 9457): a stable `code`, the field, and what to do.

The errors of the edge itself:

Refused
└── RequestRefused         before any feature saw the request
    ├── RequestUnreadable  no HTTP
    ├── ExpectationUnknown
    ├── MalformedBody      no JSON, a name twice, broken transfer
    ├── BodyInvalid        JSON that does not fit; names each wrong field
    ├── BodyTooLarge
    ├── BodyTooSlow
    ├── ContentTypeUnsupported
    ├── RouteUnknown
    ├── MethodUnknown
    ├── HeaderRepeated     one of those of which every reader must take the same
    ├── Unauthenticated
    ├── InvalidClient      RFC 6749 5.2: a client's id and secret do not fit
    ├── ScopeMissing
    ├── TooManyRequests    the source's budget is used up (LG-4)
    └── IdempotencyKeyInvalid
Unavailable
└── Overdue                the work took longer than a request may
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Annotated
from uuid import UUID

import msgspec

from shared.access import AccessTokenInvalid, TokenStale
from shared.errors import CatchingUp, Refused, Unavailable, Violation
from shared.http.idempotency import AlreadyIssued, IdempotencyKeyReused

CONTENT_TYPE = "application/problem+json"
OAUTH_CONTENT_TYPE = "application/json"  # RFC 6749 5.2; the members are a problem's all the same
URN = "urn:portico:problem:"
MOST_ERRORS = 20  # of one reply, which so stays about as small as the request it answers
LONGEST_PATH = 200  # characters


@dataclass(frozen=True, slots=True)
class ProblemType:
    """How one typed error is told. `hint` says what to do next, in plain words."""

    status: int
    code: str
    title: str
    hint: str
    oauth_error: str | None = None  # RFC 6749's `error` member, on OAuth's own verbs


Problems = Mapping[type[Exception], ProblemType]
"""An error is looked up by walking its mro, so a tree may be mapped by its root."""


class FieldProblem(msgspec.Struct, frozen=True, kw_only=True):
    """One wrong field; `field` is a JSON path without the leading `$.`, cut where it is long.

    It is empty for what is wrong with the body as a whole: `body_too_deep`, `body_too_many_values`.
    """

    field: Annotated[str, msgspec.Meta(max_length=LONGEST_PATH)]
    code: str
    detail: str


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


class RequestRefused(Refused):
    """The request is refused before any feature saw it."""


class RequestUnreadable(RequestRefused):
    """The bytes are no HTTP request, or its line or headers are too long."""


class ExpectationUnknown(RequestRefused):
    """The Expect header asks for something else than 100-continue."""


class MalformedBody(RequestRefused):
    """The body is no JSON text, or names something twice."""


class BodyInvalid(RequestRefused):
    """The body is readable, but does not fit the verb."""


class BodyTooLarge(RequestRefused):
    """The body is longer than the limit."""


class BodyTooSlow(RequestRefused):
    """The body did not arrive in time."""


class ContentTypeUnsupported(RequestRefused):
    """The body is not written in the one way this verb reads."""


class RouteUnknown(RequestRefused):
    """Nothing is here."""


class MethodUnknown(RequestRefused):
    """Something is here, but not for this method."""


class Unauthenticated(RequestRefused):
    """There is no token, or none of ours, or an expired one."""


class HeaderRepeated(RequestRefused):
    """A header stands twice of which two readers might take different ones."""


class InvalidClient(RequestRefused):
    """Unknown client, wrong secret, or no client authentication.

    `client` is the id that was claimed, where it can be one: what is refused counts on it too.
    """

    def __init__(self, client: UUID | None = None) -> None:
        super().__init__()
        self.client = client


class ScopeMissing(RequestRefused):
    """The token is good, but not for this verb."""


class TooManyRequests(RequestRefused):
    """This source was told as many refusals as it may be in the window (LG-4)."""


class IdempotencyKeyInvalid(RequestRefused):
    """The Idempotency-Key header cannot be a key."""


class Overdue(Unavailable):
    """The work took longer than a request may; what it began is undone."""


INTERNAL = ProblemType(
    500,
    "internal_error",
    "Something went wrong here",
    "Try again later; give the correlation id to support if it goes on.",
    "server_error",
)

ALWAYS: Problems = {
    RequestUnreadable: ProblemType(
        400,
        "malformed_request",
        "This is not readable as an HTTP request",
        "Check the request line and the headers, and their lengths.",
        "invalid_request",
    ),
    ExpectationUnknown: ProblemType(
        417,
        "expectation_failed",
        "This expectation cannot be met",
        "Send no Expect header, or 100-continue.",
        "invalid_request",
    ),
    MalformedBody: ProblemType(
        400,
        "malformed_json",
        "The body is not readable JSON",
        "Send one JSON object in UTF-8 in which no name stands twice.",
        "invalid_request",
    ),
    BodyInvalid: ProblemType(
        400,
        "body_invalid",
        "Some fields do not fit",
        "Mend the fields named in `errors` and send the request again.",
        "invalid_request",
    ),
    BodyTooLarge: ProblemType(
        413, "body_too_large", "The body is too large", "Send less.", "invalid_request"
    ),
    BodyTooSlow: ProblemType(
        408,
        "request_timeout",
        "The body did not arrive in time",
        "Send the request again.",
        "invalid_request",
    ),
    ContentTypeUnsupported: ProblemType(
        415,
        "content_type_unsupported",
        "This content type is not read here",
        "Send the content type that the verb's description names, without content coding.",
        "invalid_request",
    ),
    RouteUnknown: ProblemType(
        404, "not_found", "There is nothing here", "Look the verb up in /docs.", "invalid_request"
    ),
    MethodUnknown: ProblemType(
        405,
        "method_not_allowed",
        "This method is not for this path",
        "Use a method that the Allow header names.",
        "invalid_request",
    ),
    HeaderRepeated: ProblemType(
        400,
        "header_repeated",
        "A header stands more than once",
        "Send the headers named in `errors` once each.",
        "invalid_request",
    ),
    InvalidClient: ProblemType(
        401,
        "invalid_client",
        "This client is not known, or its secret is wrong",
        "Send the client's id and secret in a Basic header.",
        "invalid_client",
    ),
    Unauthenticated: ProblemType(
        401,
        "unauthenticated",
        "A valid access token is needed",
        "Log on or refresh, and send the access token as a bearer token.",
        "invalid_token",
    ),
    AccessTokenInvalid: ProblemType(
        401,
        "unauthenticated",
        "A valid access token is needed",
        "Log on or refresh, and send the access token as a bearer token.",
        "invalid_token",
    ),
    TokenStale: ProblemType(
        401,
        "token_stale",
        "This access token must be renewed",
        "Refresh the session at identity and send the new access token.",
        "invalid_token",
    ),
    ScopeMissing: ProblemType(
        403,
        "forbidden_scope",
        "This token does not reach that far",
        "Use a token that has the scope or the session this verb asks for.",
        "insufficient_scope",
    ),
    TooManyRequests: ProblemType(
        429,
        "too_many_requests",
        "Too many attempts from this address",
        "Wait as long as the Retry-After header says.",
        "temporarily_unavailable",
    ),
    IdempotencyKeyInvalid: ProblemType(
        400,
        "idempotency_key_invalid",
        "The Idempotency-Key does not fit",
        "Send one key of 8 to 128 letters, digits or .:_~+/=- , best a random UUID.",
    ),
    IdempotencyKeyReused: ProblemType(
        422,
        "idempotency_key_reused",
        "This Idempotency-Key came with another body before",
        "Take a new key for a new request.",
    ),
    AlreadyIssued: ProblemType(
        409,
        "already_issued",
        "This was issued before and is shown only once",
        "Issue a new one with a new Idempotency-Key if the first is lost.",
    ),
    Overdue: ProblemType(
        503,
        "request_timeout",
        "This took too long",
        "Send the request again later, with the same Idempotency-Key if it had one.",
        "temporarily_unavailable",
    ),
    CatchingUp: ProblemType(
        503,
        "catching_up",
        "A fact this request needs has not arrived yet",
        "Send the request again after the time in Retry-After.",
        "temporarily_unavailable",
    ),
    Unavailable: ProblemType(
        503,
        "unavailable",
        "Something this request needs is away for now",
        "Send the request again after the time in Retry-After.",
        "temporarily_unavailable",
    ),
}


def find(problems: Problems, kind: type[Exception]) -> ProblemType | None:
    """Look an error up: at each step of its mro first the service's table, then ALWAYS."""
    for ancestor in kind.__mro__:
        for table in (problems, ALWAYS):
            if ancestor in table:
                return table[ancestor]
    return None


def document(
    told: ProblemType, violations: Iterable[Violation], correlation_id: UUID, *, oauth: bool
) -> Problem:
    """Shape what is told; nothing of an error but its violations is repeated."""
    errors = tuple(
        FieldProblem(field=wrong.field, code=wrong.code, detail=wrong.detail)
        for wrong in islice(violations, MOST_ERRORS)
    )
    return Problem(
        type=URN + told.code,
        title=told.title,
        status=told.status,
        code=told.code,
        detail=detail_of(told, errors),
        hint=told.hint,
        correlation_id=correlation_id,
        errors=errors,
        error=(told.oauth_error or "invalid_request") if oauth else None,
        error_description=f"{told.title}. {told.hint}" if oauth else None,
    )


def detail_of(told: ProblemType, errors: Sequence[FieldProblem]) -> str:
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
