"""What is refused of a link."""

from shared.errors import Invalid


class LinkInvalid(Invalid):
    """The link opens nothing; the cause is never told (RC-3)."""

    title = "This link does not work"
    hint = "It may have expired, have been used, or a newer one was mailed. Ask for a new link."
