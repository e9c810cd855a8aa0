"""What a person says beside a practice's secret, and whether it proves that it is hers. Pure."""

from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from services.identity.patients.model import Patient
from shared.contracts.matching import same_person


@dataclass(frozen=True, slots=True, kw_only=True)
class NameAndDate:
    """Beside a token (EN-1)."""

    last_name: str
    birth_date: date


Evidence: TypeAlias = NameAndDate


def proves(evidence: Evidence, patient: Patient) -> bool:
    """Whether it fits the practice's record."""
    return same_person(
        patient.last_name, patient.birth_date, evidence.last_name, evidence.birth_date
    )
