"""What is refused here."""

from shared.errors import Conflict, Invalid, Limited


class AddressMalformed(Invalid):
    """Not an address that mail can be sent to."""

    title = "This is not an e-mail address"
    hint = "Check the address."


class AddressKnown(Conflict):
    """It is the account e-mail, or was verified as another address of the account."""

    title = "This address is one of yours already"
    hint = "Choose it where you say how a practice writes to you."


class AddressLimit(Conflict):
    """The account has five, verified or not (NT-2)."""

    title = "There are as many addresses as an account can have"
    hint = "Remove one that you do not need."


class AddressInUse(Conflict):
    """A practice writes to it: without it, nobody would have said where to write instead."""

    title = "A practice writes to this address"
    hint = "Choose another way for that practice first."


class LinkInvalid(Invalid):
    """The link verifies nothing; the cause is never told (ID-6)."""

    title = "This link does not work any more, or not here"
    hint = "Log on to the account the mail was for, or have a new link sent."


class TooManyMails(Limited):
    """The account, or the address, has had its mails for this hour or day (ID-6)."""

    code = Limited.code
    title = "Enough mails were sent for this account or to this address for now"
    hint = "Wait as long as the Retry-After header says."
