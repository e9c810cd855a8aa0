"""The terms of use in their current version (EN-1, EN-9)."""

from dataclasses import dataclass

from services.identity.log_on.errors import TermsRequired


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    version: str
    text: str

    def require(self, accepted: str) -> None:
        """Only the version shown last counts as accepted."""
        if accepted != self.version:
            raise TermsRequired
