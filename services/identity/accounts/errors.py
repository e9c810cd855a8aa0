"""What is refused here."""

from shared.errors import Conflict, Invalid


class UsernameTooShort(Invalid):
    """Under 6 code points."""

    title = "This username is too short"
    hint = "Take at least 6 characters."


class UsernameTooLong(Invalid):
    """Over 50 code points."""

    title = "This username is too long"
    hint = "Take at most 50 characters."


class UsernameHasWhitespace(Invalid):
    """Whitespace inside."""

    title = "This username has blanks inside"
    hint = "Leave the blanks out."


class UsernameNotPrintable(Invalid):
    """A control, default-ignorable or otherwise unprintable code point inside."""

    title = "This username has invisible characters"
    hint = "Use only characters that can be seen."


class UsernameIsAnAddress(Invalid):
    """With an @ it must be the holder's own verified account e-mail (ID-4)."""

    title = "An e-mail address is no username before it is verified"
    hint = "Take a name without @; a verified account e-mail logs on as well."


class AddressNoUsername(Conflict):
    """The account e-mail is the username as well, and this address can be none (ID-1, ID-4)."""

    title = "Your username is your account e-mail, and this address is too short or long for one"
    hint = "Change the username first, then the address."


class UsernameTaken(Conflict):
    """Somebody holds the name. Told only after a proven token or with a session (ID-1)."""

    title = "This username is taken"
    hint = "Take another one."


class AccountMerged(Conflict):
    """Part of another account for good. Told only after its right password (MG-5)."""

    title = "This account is part of another one"
    hint = "Go on with the account that `errors` hints at; nothing is left to merge."
