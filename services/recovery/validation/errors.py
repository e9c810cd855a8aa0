"""What is refused here (RC-6)."""

from shared.errors import Invalid


class ValidationUnavailable(Invalid):
    """No password can be set by validation; the cause is never told."""

    title = "A password cannot be set this way"
    hint = "Contact your practice: it can help you to a new password."


class ValidationOver(Invalid):
    """The question is too old, or was answered; whoever's it was, that is told alike."""

    title = "This question is over"
    hint = "Begin again: there are three tries in 24 hours."
