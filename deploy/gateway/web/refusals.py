"""What a service may answer instead of what was asked; raised by doors, shown by pages."""

from collections.abc import Sequence
from typing import Any

import msgspec


class FieldRefusal(msgspec.Struct, frozen=True, kw_only=True):
    """One field that a service refused; `field` is its own name for it."""

    field: str
    code: str
    params: dict[str, Any] = {}


class Refused(Exception):
    """A service refused, by a rule that its document names."""

    def __init__(
        self,
        code: str,
        *,
        status: int,
        errors: Sequence[FieldRefusal] = (),
        retry_after: int | None = None,
        correlation_id: str = "",
    ) -> None:
        super().__init__(code)
        self.code = code
        self.status = status
        self.errors = tuple(errors)
        self.retry_after = retry_after
        self.correlation_id = correlation_id


class Away(Exception):
    """A service does not answer, or says that it cannot for now."""

    def __init__(self, service: str, *, retry_after: int = 5, correlation_id: str = "") -> None:
        super().__init__(service)
        self.service = service
        self.retry_after = retry_after
        self.correlation_id = correlation_id


class Broken(Exception):
    """A service answered what its document does not say, or failed (5xx)."""

    def __init__(self, service: str, what: str, *, correlation_id: str = "") -> None:
        super().__init__(f"{service}: {what}")
        self.correlation_id = correlation_id
