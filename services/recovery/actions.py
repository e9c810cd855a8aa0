"""What recovery audits (AU-1)."""

from shared import audit


class Action(audit.Action):
    REQUEST_LINK = "reset-link.request"
    REDEEM_LINK = "reset-link.redeem"
    REQUEST_REMINDER = "username-reminder.request"
    RE_KEY_NAMES = "name.re-key"
