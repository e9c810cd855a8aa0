"""What is refused here."""

from shared.errors import Conflict, Forbidden, Limited


class EmailVerified(Conflict):
    """The account has a verified address; there is no verb that changes it yet (ID-6)."""

    title = "This account has an account e-mail"
    hint = "There is nothing to claim; it cannot be changed yet."


class TooManyUsernames(Limited):
    """Five changes in 30 days, or ten names in an hour that were somebody's (ID-2)."""

    code = Limited.code
    title = "The username was changed, or names were tried, often enough for now"
    hint = "Wait as long as the Retry-After header says."


class ReauthenticationRequired(Forbidden):
    """A session alone is not enough for this: the password must be given again (SE-3)."""

    title = "The password must be given again for this"
    hint = "Give it to POST /account/reauthenticate, and send the grant as `reauthenticated`."
