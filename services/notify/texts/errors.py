"""What is refused here."""

from shared.errors import Forbidden


class SignatureWrong(Forbidden):
    """What was told is not signed by the provider for this place."""

    title = "This is not signed by the provider of text messages"
    hint = "Only the provider calls this, with the token that it shares with this portal."
