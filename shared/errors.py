"""The errors a caller can expect, as types; services add their own leaves in their errors.py.

Exception
├── Refused               the request cannot be done; each service maps its leaves to problem codes
└── Unavailable           try again later: 503 with Retry-After
    ├── DatabaseUnavailable
    ├── TransactionConflict a deadlock or serialization failure: rolled back, nothing was done
    ├── BrokerUnavailable
    ├── HashingBusy        the password hashing queue is longer than its bounded wait
    ├── HashUnreadable     a stored password hash that nothing can be compared with
    ├── KeysUnreadable     a private key that does not open here (shared.own_keys)
    └── CatchingUp         a fact this request needs (a key, a projection) has not arrived yet
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One thing wrong with one field; `field` is a JSON path without the leading `$.`."""

    field: str
    code: str
    detail: str


class Refused(Exception):
    """A rule forbids the request. Leaves say which rule; the problem table says how it is told."""

    def __init__(self, *violations: Violation, retry_after: float | None = None) -> None:
        super().__init__(*(violation.code for violation in violations))
        self.violations: Sequence[Violation] = violations
        self.retry_after = retry_after


class Unavailable(Exception):
    """Something this request needs is away for now; `retry_after` is in seconds."""

    retry_after: float = 1.0


class DatabaseUnavailable(Unavailable):
    """PostgreSQL does not answer, or every connection stayed busy for the bounded wait."""


class TransactionConflict(Unavailable):
    """PostgreSQL broke a deadlock or a serialization failure here: nothing was done."""


class BrokerUnavailable(Unavailable):
    """RabbitMQ does not answer, or did not confirm in time."""


class HashingBusy(Unavailable):
    """Every hashing thread is taken and the bounded wait is over."""


class HashUnreadable(Unavailable):
    """A stored hash is damaged, or of a pepper this replica does not have: for an operator."""


class CatchingUp(Unavailable):
    """A fact that this request needs did not arrive within a second."""

    def __init__(self, missing: str = "", *, retry_after: float = Unavailable.retry_after) -> None:
        super().__init__(*filter(None, (missing,)))
        self.retry_after = retry_after
