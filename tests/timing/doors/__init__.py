"""The doors that a stranger may knock at, each by the name that `make timing DOOR=` takes.

An account is in one of eight states: unknown, known, locked, frozen, e-mail not verified, merged,
un-enrolled, without an account e-mail. Which of them nobody meets at a door, and why, its module
says; for all of recovery's `snapshots.py`.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager

from tests.bench.site import Site
from tests.timing.doors import (
    enrolment,
    existing_accounts,
    log_on,
    not_me,
    ownership,
    questions,
    reset_tokens,
    resets,
    second_step,
    tokens,
    usernames,
    validations,
    waiting_sessions,
)
from tests.timing.pairs import Door

DOORS: Mapping[str, Callable[[Site], AbstractAsyncContextManager[Door]]] = {
    "resets": resets.opened,
    "reset-tokens": reset_tokens.opened,
    "questions": questions.answered,
    "questions-asked": questions.asked,
    "log-on": log_on.opened,
    "ownership": ownership.opened,
    "second-step": second_step.opened,
    "second-step-codes": waiting_sessions.codes,
    "second-step-passkeys": waiting_sessions.passkeys,
    "tokens": tokens.opened,
    "not-me": not_me.opened,
    "usernames": usernames.opened,
    "enrolment": enrolment.opened,
    "existing-accounts": existing_accounts.opened,
    "existing-account-codes": existing_accounts.codes,
    "validation": validations.asked,
    "validation-answers": validations.answered,
}
