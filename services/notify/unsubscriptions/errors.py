"""What is refused here."""

from shared.errors import Invalid


class UnsubscribeLinkInvalid(Invalid):
    """The link stops nothing: it was not written here, or its record is another account's now."""

    title = "This link does not work any more"
    hint = "Log on, and choose in the settings how your practices reach you."
