"""What is refused here."""

from shared.errors import Conflict, Invalid, Limited


class AddressMalformed(Invalid):
    """Not an address that mail can be sent to."""

    title = "This is not an e-mail address"
    hint = "Check the address."


class AddressKnown(Conflict):
    """It is the account e-mail, or was verified as an address or number of the account."""

    title = "This address is one of yours already"
    hint = "Choose it where you say how a practice writes to you."


class AddressLimit(Conflict):
    """The account has five, or three numbers, verified or not (NT-2)."""

    title = "There are as many addresses as an account can have"
    hint = "Remove one that you do not need."


class AddressInUse(Conflict):
    """A practice writes to it: without it, nobody would have said where to write instead."""

    title = "A practice writes to this address"
    hint = "Choose another way for that practice first."


class NumberMalformed(Invalid):
    """Not a number that a text message can be sent to."""

    title = "This is not a mobile number"
    hint = "Write it with a plus and its country code, like +1 213 555 0147."


class TextsNotOffered(Conflict):
    """This portal has no way to send text messages."""

    title = "This portal sends no text messages"
    hint = "Choose e-mail or notices in the portal."


class CodeInvalid(Invalid):
    """It is not the number's newest code, or that one's ten minutes or five tries are over."""

    title = "This code is not right, or not any more"
    hint = "Type the newest code, or have another one sent."


class LinkInvalid(Invalid):
    """The link verifies nothing; the cause is never told (ID-6)."""

    title = "This link does not work any more, or not here"
    hint = "Log on to the account the mail was for, or have a new link sent."


class TooManyMails(Limited):
    """The account, or the address or number, has had its messages for this hour or day (ID-6)."""

    code = Limited.code
    title = "Enough was sent for this account, or to this address or number, for now"
    hint = "Wait as long as the Retry-After header says."
