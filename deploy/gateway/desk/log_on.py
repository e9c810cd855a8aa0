"""Sitting down at the desk: for a practice, as somebody."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway.desk.site import ANYBODY, COOKIE, AtDesk, Desk
from deploy.gateway.doors.practice import Client
from deploy.gateway.web.forms import SECRET, Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Mistyped, Nothing, Route, button, form
from deploy.gateway.web.visits import Visit, see

OTHER = "other"


class SitForm(Form, frozen=True, kw_only=True):
    practice: str = OTHER
    staff_id: Annotated[str, Meta(max_length=100)]
    client_id: Annotated[str, Meta(max_length=200)] = ""
    client_secret: Annotated[str, SECRET, Meta(max_length=200)] = ""


async def show_sit(desk: Desk, visit: Visit, filled: Filled) -> web.Response:
    """Ask for the practice, and for who sits here."""
    return desk.page(visit, "desk_log_on.html", filled=filled, practices=desk.practices)


async def sit(desk: Desk, visit: Visit, sent: SitForm, key: str) -> web.Response:
    """Sit down, once identity knows the client."""
    offered = {practice.name: practice.client for practice in desk.practices}
    client = offered.get(sent.practice) or Client(
        client_id=sent.client_id, client_secret=sent.client_secret
    )
    if not client.client_id:
        raise Mistyped("client_id", N_("Choose a practice, or give a client of your own."))
    own = await desk.records.client(visit, client)
    sits = AtDesk(
        practice=own.practice_name,
        time_zone=own.practice_time_zone,
        client_id=client.client_id,
        client_secret=client.client_secret,
        staff_id=sent.staff_id,
    )
    desk.sit(visit, sits)
    return see("/patients")


async def rise(desk: Desk, visit: Visit, sent: Nothing, key: str) -> web.Response:
    """Leave the desk."""
    visit.jar.delete(COOKIE)
    return see("/")


ROUTES: tuple[Route[Desk], ...] = (
    *form("/", ANYBODY, FormPage(form=SitForm, show=show_sit, submit=sit)),
    *button("/log-off", ANYBODY, rise),
)
