"""What a username may be (ID-1). Pure."""

import unicodedata

from services.identity.errors import (
    UsernameHasWhitespace,
    UsernameIsAnAddress,
    UsernameNotPrintable,
    UsernameRefused,
    UsernameTooLong,
    UsernameTooShort,
)
from shared.contracts.code_points import shows, trimmed
from shared.contracts.log_on_names import name_key
from shared.errors import Violation

SHORTEST, LONGEST = 6, 50
MOST_TYPED = 400  # code points: no name that is let through decomposes into as many


def check_username(typed: str) -> str:
    """Return the trimmed name, or raise the one error that says what is wrong with it.

    Counted are the code points of its normal form: é is one, however a keyboard puts it together.
    """
    name = trimmed(typed)
    length = len(unicodedata.normalize("NFKC", name)) if len(name) <= MOST_TYPED else MOST_TYPED
    if length < SHORTEST:
        raise _refusal(UsernameTooShort, "username_too_short", f"under {SHORTEST} characters")
    if length > LONGEST:
        raise _refusal(UsernameTooLong, "username_too_long", f"over {LONGEST} characters")
    if any(symbol.isspace() for symbol in name):
        raise _refusal(UsernameHasWhitespace, "username_has_whitespace", "blanks are not allowed")
    if not all(shows(symbol) for symbol in name):
        raise _refusal(UsernameNotPrintable, "username_not_printable", "an invisible character")
    if "@" in name_key(name):
        raise _refusal(
            UsernameIsAnAddress, "username_is_an_address", "an e-mail address that is not verified"
        )
    return name


def masked(username: str) -> str:
    """Enough of a name for its holder to know it by, and not how long it is (MG-5)."""
    return f"{username[0]}•••{username[-1]}"


def _refusal(error: type[UsernameRefused], code: str, detail: str) -> UsernameRefused:
    return error(Violation(field="username", code=code, detail=detail))
