"""A reply as it came, and what a caller insists on."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class Unexpected(Exception):
    """A reply that the document allows, but not the one this step needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reply as it came, after it was checked."""

    operation: str
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str | None:
        """The problem's code, where it is one."""
        return self.body.get("code") if self.status >= 400 else None

    def must(self, status: int) -> Any:
        """Return the body of a reply with this status. Raises Unexpected for any other."""
        if self.status != status:
            raise Unexpected(f"{self.operation}: {self.status} instead of {status}: {self.body}")
        return self.body

    def refused(self, status: int, code: str) -> Any:
        """Return the problem with this status and code. Raises Unexpected for anything else."""
        if (self.status, self.code) != (status, code):
            raise Unexpected(
                f"{self.operation}: {self.status} {self.code} instead of {status} {code}: "
                f"{self.body}"
            )
        return self.body
