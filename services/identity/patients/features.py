"""What can be done with patient records."""

from dataclasses import dataclass

from services.identity.patients.patients import Patients
from services.identity.settings import Settings
from shared.program import Plumbing
from shared.transactions import Transactions


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    patients: Patients


def compose(plumbing: Plumbing[Settings]) -> Features:
    """Build the group."""
    return Features(
        patients=Patients(
            transactions=Transactions(database=plumbing.database, audit=plumbing.audit),
            outbox=plumbing.outbox,
            randomness=plumbing.randomness,
            idempotency=plumbing.idempotency,
        )
    )
