"""Recovery's verbs, each with its guard: one file to read for who may do what."""

from services.recovery.api.links import redeem_reset_link, request_reset_link
from services.recovery.api.practice_tokens import (
    issue_reset_token,
    redeem_reset_token,
    void_reset_token,
)
from services.recovery.api.reminders import remind_username
from services.recovery.budgets import RESET_TOKENS
from services.recovery.errors import LinkInvalid
from services.recovery.features import Features
from services.recovery.practice_tokens.errors import (
    AccountFrozen,
    NoLiveResetToken,
    PatientNotEnrolled,
    ResetTokenInvalid,
    ResetTokenLimit,
)
from shared.contracts.scopes import Scope
from shared.errors import NotFound
from shared.http.guards import Counted, Public, Staff
from shared.http.own_source import source_at
from shared.http.routes import Route, route
from shared.idempotency import AlreadyIssued

# fmt: off
ROUTES: tuple[Route[Features], ...] = (
    route("POST", "/usernames/reminders", Public(Counted.EVERY_REQUEST),
          remind_username, status=202, rows=("RC-1", "RC-2b"),
          summary="Have one's username mailed to the verified account e-mail"),
    route("POST", "/resets/links", Public(Counted.EVERY_REQUEST),
          request_reset_link, status=202, rows=("RC-3",),
          summary="Have a link mailed with which a new password can be set"),
    route("POST", "/resets/links/redeem", Public(Counted.MISSES),
          redeem_reset_link, rows=("RC-3",),
          summary="Exchange a mailed link's token for a grant to set a new password",
          problems=(LinkInvalid,)),
    route("POST", "/practice/patients/{patient_id}/reset-tokens", Staff(Scope.RESET_TOKENS_WRITE),
          issue_reset_token, status=201, idempotent=True,
          counts_on=(RESET_TOKENS,), rows=("RC-5", "ST-1"),
          summary="Issue a token by which a patient sets a new password; the one before it expires",
          problems=(NotFound, PatientNotEnrolled, AccountFrozen, ResetTokenLimit, AlreadyIssued)),
    route("POST", "/practice/patients/{patient_id}/reset-tokens/void",
          Staff(Scope.RESET_TOKENS_WRITE),
          void_reset_token, counts_on=(RESET_TOKENS,), rows=("RC-5", "ST-1"),
          summary="Make the practice's live reset token of a patient void",
          problems=(NotFound, PatientNotEnrolled, NoLiveResetToken)),
    route("POST", "/resets/tokens/redeem", Public(),
          redeem_reset_token, rows=("RC-5",),
          summary="Exchange a username and a practice's token for a grant to set a new password",
          problems=(ResetTokenInvalid,)),
    source_at("recovery"),
)
# fmt: on
