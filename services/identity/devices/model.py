"""Devices as identity keeps them: known, perhaps trusted, each of one account (MF-2)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.identity.sessions.model import DeviceId

KNOWN_FOR = timedelta(days=400)
"""From the last full session on: as long as a browser keeps a cookie at most."""
TRUSTED_FOR = timedelta(days=30)
MOST = 50
"""Of one account: a client that keeps no secret is another device each time."""
ALERT_AT = 3  # wrong ones in a row before a right one (SE-2)
LONG_ABSENCE = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A known device, as its holder tells it from the others."""

    id: DeviceId
    name: str | None
    agent: str | None
    made_at: datetime
    used_at: datetime
    trusted_until: datetime | None  # None: it is not trusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A device that somebody comes from, before a session begins there; one that is not known gets
    this id with the first.
    """

    id: DeviceId
    known: bool
    trusted: bool
