"""Recovery's verbs on one screen."""

from services.recovery.api.accepted import Accepted
from services.recovery.api.links import (
    RecoveryGrant,
    RedeemResetLink,
    RequestResetLink,
    redeem_reset_link,
    request_reset_link,
)
from services.recovery.api.reminders import RemindUsername, remind_username
from services.recovery.errors import LinkInvalid
from services.recovery.features import Features
from shared.http.own_source import source_at
from shared.http.routes import Counted, Public, Route, route

ROUTES: tuple[Route[Features], ...] = (
    route(
        "POST",
        "/usernames/reminders",
        remind_username,
        body=RemindUsername,
        reply=Accepted,
        guard=Public(Counted.EVERY_REQUEST),
        summary="Have one's username mailed to the verified account e-mail",
        status=202,
        rows=("RC-1", "RC-2b"),
    ),
    route(
        "POST",
        "/resets/links",
        request_reset_link,
        body=RequestResetLink,
        reply=Accepted,
        guard=Public(Counted.EVERY_REQUEST),
        summary="Have a link mailed with which a new password can be set",
        status=202,
        rows=("RC-3",),
    ),
    route(
        "POST",
        "/resets/links/redeem",
        redeem_reset_link,
        body=RedeemResetLink,
        reply=RecoveryGrant,
        guard=Public(Counted.MISSES),
        summary="Exchange a mailed link's token for a grant to set a new password",
        problems=(LinkInvalid,),
        rows=("RC-3",),
    ),
    source_at("recovery"),
)
