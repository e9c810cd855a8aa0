"""A secret that must be mailed, as it travels: ciphertext that only notify opens (RFC 9180)."""

from enum import StrEnum

from shared.contracts.contract import Data, Moment


class SealPurpose(StrEnum):
    """What the secret is for: notify builds the link that belongs to it, or prints it as it is."""

    EMAIL_VERIFICATION = "email-verification"
    NOTIFICATION_ADDRESS = "notification-address"  #: NT-2: verifies one
    NOTIFICATION_NUMBER = "notification-number"  #: NT-3: no link, a code that is typed
    RESET_LINK = "reset-link"
    INVITATION = "invitation"
    NOT_ME = "not-me"  #: RC-9: in the mail of a change, which goes without it once it is dead
    USERNAME = "username"  #: RC-1: no link, and for nobody's eyes but the holder's


class Sealed(Data, frozen=True, kw_only=True):
    """The HPKE `info` binds event id, purpose, recipient and expiry; `kid` names notify's key."""

    kid: str
    purpose: str
    recipient: str
    expires_at: Moment
    ciphertext: bytes
