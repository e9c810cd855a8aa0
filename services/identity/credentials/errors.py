"""What is refused here."""

from shared.errors import Conflict, Forbidden, Invalid, Limited


class EmailVerified(Conflict):
    """It is the account e-mail already (ID-6)."""

    title = "This address is the account e-mail already"
    hint = "There is nothing to claim; name another address to change it."


class TooManyUsernames(Limited):
    """Five changes in 30 days, or ten names in an hour that were somebody's (ID-2)."""

    code = Limited.code
    title = "The username was changed, or names were tried, often enough for now"
    hint = "Wait as long as the Retry-After header says."


class TooManyPasswords(Limited):
    """Ten new passwords were refused within an hour, or 40 candidates judged in five minutes."""

    code = Limited.code
    title = "Enough new passwords were tried for now"
    hint = "Wait as long as the Retry-After header says."


class ReauthenticationRequired(Forbidden):
    """A session alone is not enough for this: the password must be given again (SE-3)."""

    title = "The password must be given again for this"
    hint = "Give it to POST /account/reauthenticate, and send the grant as `reauthenticated`."


class LocaleNotOffered(Invalid):
    """Not a locale, or of a language that no mail is written in (ID-8)."""

    title = "Nothing is written in this language yet"
    hint = "Take en or es, with a country behind it where dates should be written as there."


class TimeZoneUnknown(Invalid):
    """Not a name of the IANA's time zone database (ID-8)."""

    title = "There is no time zone of this name"
    hint = "Take a name such as America/New_York."
