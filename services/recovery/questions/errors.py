"""What is refused here."""

from shared.errors import Forbidden, Invalid
from shared.idempotency import AlreadyIssued


class QuestionsUnacceptable(Invalid):
    """Five different questions of the bank, five different answers: something is not so (RC-8)."""

    title = "These questions and answers cannot be set"
    hint = "`errors` names each that is wrong and why; GET /security-questions lists the bank."


class ReauthenticationRequired(Forbidden):
    """A token is not enough: it may be stolen (SE-3)."""

    title = "Give your password again to set security questions"
    hint = (
        "POST /account/reauthenticate at identity for the verb `questions`, and send its grant. "
        "The first five need none within ten minutes of the log-on."
    )


class AnswersRefused(Invalid):
    """These answers open nothing; the cause is never told (RC-4)."""

    title = "These answers do not open the account"
    hint = (
        "Check both and try again, have a link mailed, or ask your practice. A lock ends by"
        " itself; after five of them answers open nothing until the next log-on."
    )


class AnswersOver(AlreadyIssued):
    """Right answers sent again, when no password can be set by them any more (RC-4)."""

    code = AlreadyIssued.code
    title = "These answers were taken before, and the time for a new password by them is over"
    hint = "Ask for the two questions again, and send their answers with a new Idempotency-Key."
