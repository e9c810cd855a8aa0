"""What is refused here."""

from shared.errors import Conflict, Invalid


class ChannelNotOffered(Conflict):
    """The practice does not offer this channel."""

    title = "This practice does not offer this channel"
    hint = "Choose among those that it offers, or none."


class AddressUnverified(Conflict):
    """It is none of the account's verified notification addresses."""

    title = "This is not one of your verified addresses"
    hint = "Open the link that was mailed to it, or choose another."


class OrderContradictory(Invalid):
    """An order that says one way twice, something behind one that never fails, or an address for
    what has none.
    """

    title = "These ways do not go together"
    hint = "Name each way once, a notice last, none behind it, and an address for e-mail only."
