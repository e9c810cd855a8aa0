"""Recovery's verbs, each with its guard: one file to read for who may do what."""

from services.recovery.budgets import READS, RESET_TOKENS
from services.recovery.features import Features
from services.recovery.links.api.links import redeem_reset_link, request_reset_link
from services.recovery.links.errors import LinkInvalid
from services.recovery.practice_tokens.api.tokens import (
    issue_reset_token,
    list_reset_tokens,
    redeem_reset_token,
    void_reset_token,
)
from services.recovery.practice_tokens.errors import (
    AccountFrozen,
    NoLiveResetToken,
    PatientNotEnrolled,
    ResetTokenInvalid,
    ResetTokenLimit,
)
from services.recovery.questions.api.answers import (
    answer_security_questions,
    ask_security_questions,
)
from services.recovery.questions.api.questions import (
    list_security_questions,
    set_security_questions,
)
from services.recovery.questions.errors import (
    AnswersOver,
    AnswersRefused,
    QuestionsUnacceptable,
    ReauthenticationRequired,
)
from services.recovery.usernames.api.reminders import remind_username
from services.recovery.usernames.errors import PersonIncomplete
from services.recovery.validation.api.validations import answer_validation, begin_validation
from services.recovery.validation.errors import ValidationOver, ValidationUnavailable
from shared.contracts.birth_dates import BirthDateImpossible
from shared.contracts.reach import QUESTIONS_GATE, SessionScope
from shared.contracts.scopes import Scope
from shared.errors import NotFound
from shared.http.guards import Counted, Practice, Public, Session, Staff
from shared.http.own_source import source_at
from shared.http.routes import Route, lifted, route
from shared.idempotency import AlreadyIssued
from shared.trust.grants import CONFIRMATION_CHECKED, GrantUsed

CONFIRMATION_REFUSED = (*CONFIRMATION_CHECKED, GrantUsed)

# fmt: off
ROUTES: tuple[Route[Features], ...] = (
    *lifted(lambda of: of.usernames, (
        route("POST", "/usernames/reminders", Public(Counted.EVERY_REQUEST),
              remind_username, status=202, rows=("RC-1", "RC-2", "RC-2b"),
              summary="Have one's username mailed to a verified address",
              problems=(PersonIncomplete, BirthDateImpossible)),
    )),
    *lifted(lambda of: of.links, (
        route("POST", "/resets/links", Public(Counted.EVERY_REQUEST),
              request_reset_link, status=202, rows=("RC-3",),
              summary="Have a link mailed with which a new password can be set"),
        route("POST", "/resets/links/redeem", Public(Counted.MISSES),
              redeem_reset_link, rows=("RC-3",),
              summary="Exchange a mailed link's token for a grant to set a new password",
              problems=(LinkInvalid,)),
    )),
    *lifted(lambda of: of.practice_tokens, (
        route("POST", "/practice/patients/{patient_id}/reset-tokens",
              Staff(Scope.RESET_TOKENS_WRITE),
              issue_reset_token, status=201, idempotent=True,
              counts_on=(RESET_TOKENS,), rows=("RC-5", "ST-1"),
              summary="Issue a token for a patient's new password; the one before it expires",
              problems=(NotFound, PatientNotEnrolled, AccountFrozen, ResetTokenLimit,
                        AlreadyIssued)),
        route("GET", "/practice/patients/{patient_id}/reset-tokens",
              Practice(Scope.TOKENS_READ),
              list_reset_tokens, counts_on=(READS,), rows=("RC-5", "ST-1"),
              summary="List the practice's own live reset token of a patient, without the digits",
              problems=(NotFound,)),
        route("POST", "/practice/patients/{patient_id}/reset-tokens/void",
              Staff(Scope.RESET_TOKENS_WRITE),
              void_reset_token, counts_on=(RESET_TOKENS,), rows=("RC-5", "ST-1"),
              summary="Make the practice's live reset token of a patient void",
              problems=(NotFound, PatientNotEnrolled, NoLiveResetToken)),
        route("POST", "/resets/tokens/redeem", Public(),
              redeem_reset_token, rows=("RC-5",),
              summary="Exchange a username and a practice's token for a grant",
              problems=(ResetTokenInvalid,)),
    )),
    *lifted(lambda of: of.questions, (
        route("GET", "/security-questions", Public(Counted.NOTHING),
              list_security_questions, rows=("RC-8",), query=("locale",),
              summary="List the bank of questions, in the language asked for"),
        route("PUT", "/security-questions",
              Session(also=(SessionScope.GATES,), gate=QUESTIONS_GATE),
              set_security_questions, rows=("RC-8", "SE-3", "LG-3"),
              summary="Set five security questions with their answers, the first or others",
              problems=(QuestionsUnacceptable, ReauthenticationRequired, *CONFIRMATION_REFUSED)),
        route("POST", "/resets/questions", Public(Counted.NOTHING),
              ask_security_questions, rows=("RC-4",), query=("locale",),
              summary="Ask which two questions are to be answered for a username"),
        route("POST", "/resets/questions/answers", Public(),
              answer_security_questions, idempotent=True, rows=("RC-4",),
              summary="Answer both for a grant to set a new password; three calls, then a lock",
              problems=(AnswersRefused, AnswersOver)),
    )),
    *lifted(lambda of: of.validation, (
        route("POST", "/resets/validations", Public(Counted.EVERY_REQUEST),
              begin_validation, idempotent=True, rows=("RC-6",),
              summary="Say who one is as the practice knows it: four addresses to choose from",
              problems=(BirthDateImpossible,)),
        route("POST", "/resets/validations/answer", Public(Counted.MISSES),
              answer_validation, rows=("RC-6", "RC-7"),
              summary="Pick one's address: a grant for a new password, once in an account's life",
              problems=(ValidationOver, ValidationUnavailable)),
    )),
    source_at("recovery"),
)
# fmt: on
