"""What a username may be (ID-1). Pure."""

from services.identity.accounts.errors import (
    UsernameHasWhitespace,
    UsernameIsAnAddress,
    UsernameNotPrintable,
    UsernameRefused,
    UsernameTooLong,
    UsernameTooShort,
)
from shared.contracts.code_points import trimmed
from shared.contracts.log_on_names import LONGEST_USERNAME, is_seen, name_key, username_length
from shared.errors import Violation

SHORTEST = 6


def check_username(typed: str) -> str:
    """Return the trimmed name, or raise the one error that says what is wrong with it."""
    name = trimmed(typed)
    length = username_length(name)
    if length < SHORTEST:
        raise _refusal(UsernameTooShort, "username_too_short", f"under {SHORTEST} characters")
    if length > LONGEST_USERNAME:
        raise _refusal(UsernameTooLong, "username_too_long", f"over {LONGEST_USERNAME} characters")
    if any(symbol.isspace() for symbol in name):
        raise _refusal(UsernameHasWhitespace, "username_has_whitespace", "blanks are not allowed")
    if not is_seen(name):
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
