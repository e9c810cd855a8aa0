"""What a holder can do about a change that was not hers."""

from dataclasses import dataclass

from services.identity.freezes.freezes import Freezes
from services.identity.patients.patients import Patients
from services.identity.sessions.sessions import Sessions
from services.identity.settings import Settings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    freezes: Freezes


def compose(
    plumbing: Plumbing[Settings],
    *,
    patients: Patients,
    sessions: Sessions,
) -> Features:
    """Build the group."""
    return Features(
        freezes=Freezes(
            acts=plumbing.acts,
            digests=plumbing.digests,
            patients=patients,
            sessions=sessions,
            metrics=plumbing.metrics,
        )
    )
