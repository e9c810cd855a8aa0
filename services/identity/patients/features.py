"""What can be done with patient records."""

from dataclasses import dataclass

from services.identity.patients.patients import Patients
from services.identity.patients.searches import NAMED_EVERY, Naming, Searches
from services.identity.settings import Settings
from shared.loops import Loop
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    patients: Patients
    searches: Searches
    naming: Naming

    @property
    def loops(self) -> tuple[Loop, ...]:
        """What runs by itself."""
        return (Loop(name="patient-names", once=self.naming.once, every=NAMED_EVERY),)


def compose(plumbing: Plumbing[Settings]) -> Features:
    """Build the group."""
    return Features(
        patients=Patients(
            acts=plumbing.acts,
            randomness=plumbing.randomness,
        ),
        searches=Searches(acts=plumbing.acts),
        naming=Naming(database=plumbing.database),
    )
