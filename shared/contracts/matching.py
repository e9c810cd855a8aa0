"""The one comparison of name and birth date that three services use. Pure."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date


def name_form(name: str) -> str:
    """A name as it is compared: without case, accents, signs and blanks.

    O'Brien-Müller is OBRIEN MULLER: people are not refused for how a practice's keyboard writes.
    """
    folded = unicodedata.normalize("NFKD", name.casefold())
    return "".join(symbol for symbol in folded if symbol.isalnum())


def same_person(
    last_name: str, birth_date: date, other_last_name: str, other_birth_date: date
) -> bool:
    """Last name and date of birth of both match; an empty name matches nothing."""
    form = name_form(last_name)
    return bool(form) and form == name_form(other_last_name) and birth_date == other_birth_date


@dataclass(frozen=True, slots=True)
class Named:
    """What a patient record says of whom it is about."""

    last_name: str
    birth_date: date


def same_holder(records: Iterable[Named], others: Iterable[Named]) -> bool:
    """MG-2, EN-5: a record of the one matches a record of the other.

    One is enough: who has changed her name is written differently at two of her practices.
    """
    beside = tuple(others)
    return any(
        same_person(one.last_name, one.birth_date, other.last_name, other.birth_date)
        for one in records
        for other in beside
    )
