"""What is refused here."""

from shared.errors import Conflict, Forbidden


class EmailVerified(Conflict):
    """The account has a verified address; there is no verb that changes it yet (ID-6)."""

    title = "This account has an account e-mail"
    hint = "There is nothing to claim; it cannot be changed yet."


class ReauthenticationRequired(Forbidden):
    """A session alone is not enough for this: the password must be given again (SE-3)."""

    title = "The password must be given again for this"
    hint = "Give it to POST /account/reauthenticate, and send the grant as `reauthenticated`."
