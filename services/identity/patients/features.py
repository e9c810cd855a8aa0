"""What can be done with patient records."""

from dataclasses import dataclass

from services.identity.patients.patients import Patients
from services.identity.settings import Settings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    patients: Patients


def compose(plumbing: Plumbing[Settings]) -> Features:
    """Build the group."""
    return Features(
        patients=Patients(
            acts=plumbing.acts,
            randomness=plumbing.randomness,
        )
    )
