"""Who the practice's system is to identity: its budgets, its secret, its end (ST-1)."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta
from msgspec.structs import replace

from deploy.gateway.desk.site import COOKIE, STAFF, Desk, Staffed
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Mistyped, Route, form, page
from deploy.gateway.web.visits import see

Reason = Annotated[str, Meta(max_length=200)]


class RotateForm(Form, frozen=True, kw_only=True):
    overlap_hours: Annotated[str, Meta(max_length=6)]
    reason: Reason


class RevokeForm(Form, frozen=True, kw_only=True):
    confirm: bool = False
    reason: Reason


async def show(desk: Desk, visit: Staffed) -> web.Response:
    """Show the client, its practice, what it may do, and how much of it."""
    client = await desk.records.client(visit, visit.desk.client)
    return desk.page(visit, "desk_client.html", client=client)


async def show_rotate(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """Ask how long the secret before goes on."""
    return desk.page(visit, "desk_secret.html", filled=filled)


async def rotate(desk: Desk, visit: Staffed, sent: RotateForm, key: str) -> web.Response:
    """Take a new secret, go on with it, and show it this once."""
    if not (sent.overlap_hours.isascii() and sent.overlap_hours.isdecimal()):
        raise Mistyped("overlap_hours", N_("Type a whole number."))
    secret = await desk.records.rotate(
        visit,
        visit.desk.client,
        visit.desk.staff(sent.reason),
        overlap_hours=int(sent.overlap_hours),
    )
    desk.sit(visit, replace(visit.desk, client_secret=secret))
    return desk.page(visit, "desk_secret.html", filled=desk.empty(), secret=secret)


async def show_revoke(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """Say what ends with it."""
    return desk.page(visit, "desk_revoke.html", filled=filled)


async def revoke(desk: Desk, visit: Staffed, sent: RevokeForm, key: str) -> web.Response:
    """Revoke the client; nobody sits at this desk any more."""
    if not sent.confirm:
        raise Mistyped("confirm", N_("Tick the box if this is what you want."))
    await desk.records.revoke(visit, visit.desk.client, visit.desk.staff(sent.reason))
    visit.jar.delete(COOKIE)
    return see("/")


ROUTES: tuple[Route[Desk], ...] = (
    *page("/client", STAFF, show),
    *form("/client/secret", STAFF, FormPage(form=RotateForm, show=show_rotate, submit=rotate)),
    *form("/client/revoke", STAFF, FormPage(form=RevokeForm, show=show_revoke, submit=revoke)),
)
