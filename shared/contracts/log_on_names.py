"""The one form under which log-on names are equal, at identity and in recovery. Pure."""

import unicodedata

from shared.contracts.code_points import shows, trimmed
from shared.contracts.domains import DomainMalformed, canonical

LONGEST = 400  # code points; no username has as many, nor any address
LONGEST_USERNAME = 50  # code points of its normal form (ID-1)


def name_key(name: str) -> str:
    """The form under which names are equal (ID-1, ID-4).

    Trimmed, NFKC and casefolded; of an address that is the local part, and the domain has its one
    canonical form: who verifies it in letters logs on by its A-label too. What is too long for any
    name is nobody's in whatever form, and costs nothing.
    """
    typed = trimmed(name)
    if len(typed) > LONGEST:
        return typed
    local, at, domain = trimmed(unicodedata.normalize("NFKC", typed)).rpartition("@")
    if at:
        try:
            return f"{_folded(local)}@{canonical(domain)}"
        except DomainMalformed:
            pass
    form = _folded(typed)
    return form if form == typed else name_key(form)  # folded, it may be an address after all


def same_name(one: str, other: str) -> bool:
    """Whether two names are one: of two addresses, that no two accounts can both have verified."""
    return one == other or name_key(one) == name_key(other)


def username_length(name: str) -> int:
    """The code points of its normal form: é is one, however a keyboard puts it together. What is
    too long for any name is not worked for.
    """
    return len(unicodedata.normalize("NFKC", name)) if len(name) <= LONGEST else LONGEST


def is_seen(name: str) -> bool:
    """Whether each of its code points is drawn as something. A blank is not."""
    return all(shows(symbol) for symbol in name)


def masked(username: str) -> str:
    """Enough of a name for its holder to know it by, and not how long it is (MG-5, MG-8)."""
    return f"{username[0]}•••{username[-1]}"


def _folded(name: str) -> str:
    """Casefolding may undo the normal form and the normal form may make new upper case or blanks,
    so it is done until nothing changes; the form of a form is itself.
    """
    form = trimmed(name)
    while (folded := trimmed(unicodedata.normalize("NFKC", form).casefold())) != form:
        form = folded
    return form
