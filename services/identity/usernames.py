"""What a username may be (ID-1). Pure."""

from services.identity.errors import (
    UsernameHasWhitespace,
    UsernameIsAnAddress,
    UsernameNotPrintable,
    UsernameRefused,
    UsernameTooLong,
    UsernameTooShort,
)
from shared.contracts.log_on_names import name_key
from shared.errors import Violation

SHORTEST, LONGEST = 6, 50

# Default-ignorable code points (Unicode DerivedCoreProperties) that have a printable category.
_IGNORABLE = frozenset(
    (
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0),
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE10),
        *range(0xE0100, 0xE01F0),
    )
)


def check_username(typed: str) -> str:
    """Return the trimmed name, or raise the one error that says what is wrong with it."""
    name = typed.strip()
    if len(name) < SHORTEST:
        raise _refusal(UsernameTooShort, "username_too_short", f"under {SHORTEST} characters")
    if len(name) > LONGEST:
        raise _refusal(UsernameTooLong, "username_too_long", f"over {LONGEST} characters")
    if any(symbol.isspace() for symbol in name):
        raise _refusal(UsernameHasWhitespace, "username_has_whitespace", "blanks are not allowed")
    if not all(symbol.isprintable() and ord(symbol) not in _IGNORABLE for symbol in name):
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
