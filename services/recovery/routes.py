"""Recovery's verbs, each with its guard: one file to read for who may do what."""

from services.recovery.api.links import redeem_reset_link, request_reset_link
from services.recovery.api.reminders import remind_username
from services.recovery.errors import LinkInvalid
from services.recovery.features import Features
from shared.http.guards import Counted, Public
from shared.http.own_source import source_at
from shared.http.routes import Route, route

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
    source_at("recovery"),
)
# fmt: on
