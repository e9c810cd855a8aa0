"""Practices and their clients, as identity keeps them."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from shared.contracts.ids import PracticeId
from shared.contracts.practice_settings import PracticeSettings
from shared.contracts.scopes import SCOPES, Role, Scope


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

    def has(self, settings: Mapping[str, object], said: "Description") -> bool:
        """Whether it is as these say; what they leave out may be anything."""
        return all(
            getattr(self.settings, name) == value for name, value in settings.items()
        ) and all(getattr(self, name) == getattr(said, name) for name in said.given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What is to be said of a practice from now on; None leaves it as it is."""

    name: str | None = None
    contact: str | None = None
    locale: str | None = None
    time_zone: str | None = None

    @property
    def given(self) -> frozenset[str]:
        """The names of what it says."""
        return frozenset(name for name, said in asdict(self).items() if said is not None)


NOTHING_SAID = Description()


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A practice's or, without one, a gateway's."""

    id: str
    role: Role
    practice_id: PracticeId | None
    name: str
    secret_digest: bytes
    narrowed_to: frozenset[str] | None = None  # None: it has all scopes of its role
    former_digest: bytes | None = None  # of the secret before, for an overlap
    former_until: datetime | None = None
    revoked_at: datetime | None = None

    @property
    def scopes(self) -> frozenset[Scope]:
        """What it may ask for: never more than its role, whatever its row says."""
        held = SCOPES[self.role]
        return held if self.narrowed_to is None else held.intersection(self.narrowed_to)
