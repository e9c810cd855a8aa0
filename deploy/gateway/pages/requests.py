"""Asking a practice to be enrolled, without anything from it (EN-4)."""

from datetime import date
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway.doors.requests import Demographics
from deploy.gateway.pages.enrol import EMAIL_OR_NONE
from deploy.gateway.pages.site import ANYBODY, Site
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.routes import Mistyped, Route, form, page
from deploy.gateway.web.visits import Visit, see

Text = Annotated[str, Meta(max_length=200)]


class RequestForm(Form, frozen=True, kw_only=True):
    practice_id: Text
    last_name: Annotated[str, Meta(max_length=100)]
    first_name: Annotated[str, Meta(max_length=100)]
    birth_date: date
    home_phone: Text
    address: Text
    email: Annotated[str, Meta(max_length=254)] = ""
    no_email: bool = False


async def show(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask for what a practice has to know, beside those that take requests."""
    return site.page(
        visit, "enrol_request.html", filled=filled, practices=await site.requests.practices(visit)
    )


async def ask(site: Site, visit: Visit, sent: RequestForm, key: str) -> web.Response:
    """Ask; what is said then is the same for everybody."""
    if bool(sent.email) is sent.no_email:
        raise Mistyped("email", EMAIL_OR_NONE)
    await site.requests.submit(
        visit,
        Demographics(
            practice_id=sent.practice_id,
            last_name=sent.last_name,
            first_name=sent.first_name,
            birth_date=sent.birth_date,
            home_phone=sent.home_phone,
            address=sent.address,
            email=sent.email or None,
            no_email=sent.no_email,
            locale=visit.language.code,
        ),
    )
    return see("/enrol/requested")


async def requested(site: Site, visit: Visit) -> web.Response:
    """Say what happens next."""
    return site.page(visit, "enrol_requested.html")


ROUTES: tuple[Route[Site], ...] = (
    *form("/enrol/request", ANYBODY, FormPage(form=RequestForm, show=show, submit=ask)),
    *page("/enrol/requested", ANYBODY, requested),
)
