"""The errors a caller can expect, as types that say how each is told; leaves stand with their noun.

A service's refusals are in the errors.py of their group, each under the family of its status.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Self


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing wrong with one field; `field` is a JSON path without the leading `$.`.

    `params` are what `detail` says beyond its code, such as the ends of a range, so that a gateway
    can say it in any language.
    """

    field: str
    code: str
    detail: str
    params: Mapping[str, int | str] = dataclasses.field(default_factory=dict)


class Expected(Exception):
    """An error that its caller is told of as a problem (RFC 9457).

    How is a matter of its type alone, so that OpenAPI says it beforehand. `hint` says what to do
    next, in plain words.
    """

    status: ClassVar[int]
    code: ClassVar[str]  # stable: clients decide by it
    title: ClassVar[str]
    hint: ClassVar[str]
    oauth_error: ClassVar[str] = "invalid_request"  # RFC 6749 5.2's `error`, on OAuth's own verbs


class Refused(Expected):
    """A rule forbids the request.

    Its code is the name of its class, the same in reply, audit and field. One says another where a
    standard or a published code fixes it, or where it is told as its parent.
    """

    cause: ClassVar[str]  # the audit's word: the code, unless a reply must not say as much
    counts: ClassVar[bool] = True  # on its source (LG-4), where the verb counts refusals

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "code" not in vars(cls):
            cls.code = re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()
        if "cause" not in vars(cls):
            cls.cause = cls.code

    def __init__(self, *violations: Violation, retry_after: float | None = None) -> None:
        super().__init__(*(violation.code for violation in violations))
        self.violations: Sequence[Violation] = violations
        self.retry_after = retry_after

    @classmethod
    def in_field(cls, field: str, detail: str, **params: int | str) -> Self:
        """Refuse for what stands in one field, which then has the refusal's own code."""
        return cls(Violation(field=field, code=cls.code, detail=detail, params=params))


# ---- the families: one a status


class BadRequest(Refused):
    """The request is not one of this verb's, whatever the state of things."""

    status = 400


class Unauthenticated(Refused):
    """Who calls is not proven. Raised by itself: there is no token."""

    status = 401
    title = "A valid access token is needed"
    hint = "Log on or refresh, and send the access token as a bearer token."
    oauth_error = "invalid_token"


class Forbidden(Refused):
    """Who calls is known, and may not do this."""

    status = 403


class NotFound(Refused):
    """There is no such thing. Raised by itself: or it is another's, and the two look alike."""

    status = 404
    title = "There is nothing here"
    hint = "Check the id; only your own can be seen."


class Conflict(Refused):
    """It does not go with the state of things."""

    status = 409


class Invalid(Refused):
    """What was sent breaks a rule; sent again, it still does."""

    status = 422


class Limited(Refused):
    """It was done, or tried, as often as it may be for now."""

    status = 429
    code = "too_many_requests"  # the status's own name (RFC 6585 4)


# ---- what is away


class Unavailable(Expected):
    """Something this request needs is away for now; `retry_after` is in seconds.

    Its leaves are told as it is, unless they say otherwise: what is away is not the caller's.
    """

    status = 503
    code = "unavailable"
    title = "Something this request needs is away for now"
    hint = "Send the request again after the time in Retry-After."
    oauth_error = "temporarily_unavailable"
    retry_after: float = 1.0


class DatabaseUnavailable(Unavailable):
    """PostgreSQL does not answer, or every connection stayed busy for the bounded wait."""


class TransactionConflict(Unavailable):
    """PostgreSQL broke a deadlock or a serialization failure here: nothing was done."""


class BrokerUnavailable(Unavailable):
    """RabbitMQ does not answer, or did not confirm in time."""


class DatabaseBusy(Unavailable):
    """So much waits to be written that more would only wait longer."""


class HashingBusy(Unavailable):
    """Every hashing thread is taken and the bounded wait is over."""


class HashUnreadable(Unavailable):
    """A stored hash is damaged, or of a pepper this replica does not have: for an operator."""


class CatchingUp(Unavailable):
    """A fact that this request needs did not arrive within a second."""

    code = "catching_up"
    title = "A fact this request needs has not arrived yet"

    def __init__(self, missing: str = "", *, retry_after: float = Unavailable.retry_after) -> None:
        super().__init__(*filter(None, (missing,)))
        self.retry_after = retry_after
