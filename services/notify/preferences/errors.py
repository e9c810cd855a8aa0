"""What is refused here."""

from shared.errors import Conflict, Invalid


class ChannelNotOffered(Conflict):
    """The practice does not offer this channel."""

    title = "This practice does not offer this channel"
    hint = "Choose among those that it offers, or none."


class AddressUnverified(Conflict):
    """It is none of the account's verified notification addresses, or numbers."""

    title = "This is not one of your verified addresses"
    hint = "Open the link that was mailed to it, or choose another."


class OrderContradictory(Invalid):
    """An order that says one way twice, something behind one that never fails, an address for
    what has none, or a text message without a number.
    """

    title = "These ways do not go together"
    hint = "Name each way once, a notice last, none behind it, and a number for each text message."
