"""Practices and their clients, as identity keeps them."""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from shared.contracts.ids import PracticeId
from shared.contracts.practice_settings import PracticeSettings

PRACTICE_SCOPES = frozenset(
    {
        "accounts:unlock",
        "communications:write",
        "deliveries:read",
        "enrolments:write",
        "merges:read",
        "patients:write",
        "settings:read",
        "settings:write",
        "tokens:write",
    }
)
GATEWAY_SCOPES = frozenset({"introspect"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    id: PracticeId
    version: int
    name: str
    contact: str
    locale: str
    time_zone: str
    settings: PracticeSettings

    def today(self, now: datetime) -> date:
        """The date that it is there: dates of birth and of a person's age are of the practice."""
        return now.astimezone(ZoneInfo(self.time_zone)).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A practice's or, without one, a gateway's."""

    id: str
    practice_id: PracticeId | None
    name: str
    scopes: frozenset[str]
    secret_digest: bytes
    former_digest: bytes | None = None  # of the secret before, for an overlap
    former_until: datetime | None = None
    revoked_at: datetime | None = None
