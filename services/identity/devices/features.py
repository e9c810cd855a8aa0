"""What can be done with devices."""

from dataclasses import dataclass

from services.identity.devices.arrivals import Arrivals
from services.identity.devices.devices import Devices
from services.identity.sessions.sessions import Sessions
from services.identity.settings import Settings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    devices: Devices
    arrivals: Arrivals


def compose(plumbing: Plumbing[Settings], *, sessions: Sessions) -> Features:
    """Build the group."""
    return Features(
        devices=Devices(acts=plumbing.acts, sessions=sessions),
        arrivals=Arrivals(
            sessions=sessions,
            randomness=plumbing.randomness,
            digests=plumbing.digests,
        ),
    )
