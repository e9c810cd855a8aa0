"""What a username may be (ID-1). Pure."""

from services.identity.accounts.errors import (
    AddressNoUsername,
    UsernameHasWhitespace,
    UsernameIsAnAddress,
    UsernameNotPrintable,
    UsernameTooLong,
    UsernameTooShort,
)
from shared.contracts.code_points import trimmed
from shared.contracts.log_on_names import LONGEST_USERNAME, is_seen, name_key, username_length
from shared.errors import Refused

SHORTEST = 6


def check_username(typed: str, *, verified: str | None = None) -> str:
    """Return the trimmed name, or raise the one error that says what is wrong with it.

    `verified` is its holder's own account e-mail, the one address that may be a username (ID-4).
    """
    name = trimmed(typed)
    length = username_length(name)
    if length < SHORTEST:
        raise UsernameTooShort.in_field(
            "username", f"under {SHORTEST} characters", minimum=SHORTEST
        )
    if length > LONGEST_USERNAME:
        raise UsernameTooLong.in_field(
            "username", f"over {LONGEST_USERNAME} characters", maximum=LONGEST_USERNAME
        )
    if any(symbol.isspace() for symbol in name):
        raise UsernameHasWhitespace.in_field("username", "blanks are not allowed")
    if not is_seen(name):
        raise UsernameNotPrintable.in_field("username", "an invisible character")
    key = name_key(name)
    if is_address(key) and (verified is None or key != name_key(verified)):
        raise UsernameIsAnAddress.in_field("username", "an e-mail address that is not verified")
    return name


def is_address(key: str) -> bool:
    """Whether a name's key is an address's."""
    return "@" in key


def following_username(username: str, *, before: str | None, address: str | None) -> str | None:
    """Return the username that goes with this account e-mail; None where it is a name of its own.

    A username that is the account e-mail is replaced with it: the two are one name (ID-4). Raises
    AddressNoUsername, also where it is to be replaced with none.
    """
    if before is None or name_key(username) != name_key(before):
        return None
    if address is None:
        raise AddressNoUsername
    try:
        return check_username(address, verified=address)
    except Refused:
        raise AddressNoUsername from None
