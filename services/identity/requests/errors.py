"""What is refused here."""

from shared.errors import Conflict, Invalid


class RequestsNotTaken(Conflict):
    """The practice takes no requests, or there is no such practice (EN-4)."""

    title = "This practice takes no requests"
    hint = "Choose one of those that are listed, or ask the practice for a token."


class RequestNotPending(Conflict):
    """The request was decided before, or has expired."""

    title = "This request is not pending any more"
    hint = "Read it: it was approved or rejected before, or it has expired."


class ContactUnknown(Invalid):
    """The request has no such contact, or one without an e-mail address."""

    title = "The request has no such contact, or it has no e-mail address"
    hint = "Read the request: each of its contacts has a number."
