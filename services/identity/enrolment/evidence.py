"""What a person says beside a practice's secret, and whether it proves that it is hers. Pure."""

import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from services.identity.patients.model import Patient
from shared.contracts.matching import same_person
from shared.contracts.phones import same_phone


@dataclass(frozen=True, slots=True, kw_only=True)
class NameAndDate:
    """Beside a token (EN-1)."""

    last_name: str
    birth_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneAndDate:
    """Beside an invitation (EN-3)."""

    home_phone: str
    birth_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """Beside an invitation: the practice's own number of its patient (EN-3)."""

    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TemporaryPassword:
    """Beside a temporary username: no name and no date is asked (EN-2)."""

    password: str


OfRecord: TypeAlias = NameAndDate | PhoneAndDate | Number
Evidence: TypeAlias = OfRecord | TemporaryPassword


def proves(evidence: OfRecord, patient: Patient) -> bool:
    """Whether it is what the practice's record says; what that leaves open proves nobody."""
    match evidence:
        case NameAndDate(last_name=last_name, birth_date=birth_date):
            return same_person(patient.last_name, patient.birth_date, last_name, birth_date)
        case PhoneAndDate(home_phone=home_phone, birth_date=birth_date):
            return (
                patient.home_phone is not None
                and patient.birth_date == birth_date
                and same_phone(patient.home_phone, home_phone)
            )
        case Number(number=number):
            return patient.number is not None and same_number(patient.number, number)


def same_number(one: str, other: str) -> bool:
    """Whether two are one number, however wide or tall its signs are and whatever is around it."""
    return folded(one) == folded(other)


def folded(number: str) -> str:
    return unicodedata.normalize("NFKC", number).casefold().strip()
