"""What is refused here."""

from shared.errors import Refused


class UsernameRefused(Refused):
    """The username cannot be had."""


class UsernameTooShort(UsernameRefused):
    """Under 6 code points."""


class UsernameTooLong(UsernameRefused):
    """Over 50 code points."""


class UsernameHasWhitespace(UsernameRefused):
    """Whitespace inside."""


class UsernameNotPrintable(UsernameRefused):
    """A control, default-ignorable or otherwise unprintable code point inside."""


class UsernameIsAnAddress(UsernameRefused):
    """With an @ it must be the holder's own verified account e-mail (ID-4)."""


class UsernameTaken(UsernameRefused):
    """Somebody holds the name. Told only after a proven token or with a session (ID-1)."""


class AccountMerged(Refused):
    """Part of another account for good. Told only after its right password (MG-5)."""
