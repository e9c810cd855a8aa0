"""What every message has, before it is a delivery; no I/O, no clock."""

from enum import StrEnum


class MessageClass(StrEnum):
    """NT-1: fixed by the event's type, never by a preference."""

    ACCOUNT_ACTIVITY = "account-activity"
    PRACTICE_COMMUNICATION = "practice-communication"


class Reason(StrEnum):
    """Why a delivery ended without being sent."""

    NO_ADDRESS = "no_address"
    NO_ACCOUNT = "no_account"
    SUPPRESSED = "suppressed"
    NOT_ENROLLED = "not_enrolled"
    NOT_WANTED = "not_wanted"
    ADDRESS_INVALID = "address_invalid"
    SEAL_BROKEN = "seal_broken"
    NOT_RENDERABLE = "not_renderable"
    REFUSED = "refused"
    SMTPUTF8_MISSING = "smtputf8_missing"
    ADDRESS_FOREIGN = "address_foreign"
    GAVE_UP = "gave_up"
    UNDELIVERED = "undelivered"
    TEXTS_NOT_OFFERED = "texts_not_offered"
    UNANSWERED = "unanswered"
    OPERATOR = "operator"
    LINK_EXPIRED = "link_expired"
    SUPERSEDED = "superseded"
    ACCOUNT_MERGED = "account_merged"
    ACCOUNT_FROZEN = "account_frozen"
