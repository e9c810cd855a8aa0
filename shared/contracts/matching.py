"""The one comparison of name and birth date that three services use. Pure."""

import unicodedata
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
