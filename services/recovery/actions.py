"""What recovery audits (AU-1)."""

from shared.audit import entries


class Action(entries.Action):
    REQUEST_LINK = "reset-link.request"
    REDEEM_LINK = "reset-link.redeem"
    REQUEST_REMINDER = "username-reminder.request"
    BEGIN_VALIDATION = "validation.begin"
    ANSWER_VALIDATION = "validation.answer"
    ISSUE_RESET_TOKEN = "reset-token.issue"  # noqa: S105 - a verb
    LIST_RESET_TOKENS = "reset-token.list"
    VOID_RESET_TOKEN = "reset-token.void"  # noqa: S105 - a verb
    REDEEM_RESET_TOKEN = "reset-token.redeem"  # noqa: S105 - a verb
    SET_QUESTIONS = "questions.set"
    ANSWER_QUESTIONS = "questions.answer"
    LOCK_QUESTIONS = "questions.lock"
    RE_KEY_NAMES = "name.re-key"
