"""What recovery audits (AU-1)."""

from shared.audit import entries


class Action(entries.Action):
    REQUEST_LINK = "reset-link.request"
    REDEEM_LINK = "reset-link.redeem"
    REQUEST_REMINDER = "username-reminder.request"
    BEGIN_VALIDATION = "validation.begin"
    ANSWER_VALIDATION = "validation.answer"
    RE_KEY_NAMES = "name.re-key"
