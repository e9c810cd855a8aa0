"""Recovery's verbs, each with its guard: one file to read for who may do what."""

from services.recovery.api.links import redeem_reset_link, request_reset_link
from services.recovery.api.reminders import remind_username
from services.recovery.api.validations import answer_validation, begin_validation
from services.recovery.errors import LinkInvalid
from services.recovery.features import Features
from services.recovery.validation.errors import ValidationOver, ValidationUnavailable
from shared.http.guards import Counted, Public
from shared.http.own_source import source_at
from shared.http.routes import Route, lifted, route
from shared.idempotency import AlreadyIssued
from shared.trust.grants import (
    GrantInvalid,
    GrantUsed,
    GrantWrongAccount,
    GrantWrongAct,
    GrantWrongService,
    GrantWrongSession,
)

CONFIRMATION_REFUSED = (
    GrantInvalid,
    GrantWrongAct,
    GrantWrongService,
    GrantWrongAccount,
    GrantWrongSession,
    GrantUsed,
)

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
    route("POST", "/resets/validations", Public(Counted.EVERY_REQUEST),
          begin_validation, rows=("RC-6",),
          summary="Say who one is as the practice knows it: four addresses to choose from"),
    route("POST", "/resets/validations/answer", Public(Counted.MISSES),
          answer_validation, rows=("RC-6", "RC-7"),
          summary="Pick one's address: a grant to set a new password, once in an account's life",
          problems=(ValidationOver, ValidationUnavailable)),
    source_at("recovery"),
)
# fmt: on
