"""What is refused here."""

from shared.errors import Invalid, Limited


class PasswordUnacceptable(Invalid):
    """At least one rule of the policy is not met (ID-3)."""

    title = "This password does not meet every rule"
    hint = "`errors` names each rule; POST /passwords/check tells before saving."


class UnlockLimit(Limited):
    """The account was unlocked by practices as often as it may be in a day (LG-2)."""

    title = "This account was unlocked often enough today"
    hint = (
        "A lock ends by itself, and a new password ends it at once; the Retry-After header says"
        " when a practice may unlock again."
    )
