"""The username: another one is taken, the password is given for it (ID-2, SE-3)."""

from collections.abc import Mapping
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.flows import UsernameFlow
from deploy.gateway.pages.confirmations import confirmed, is_confirmed
from deploy.gateway.pages.site import HOLDER, Site
from deploy.gateway.session import Inside
from deploy.gateway.web.forms import SECRET, Filled, Form, FormPage
from deploy.gateway.web.routes import Mistyped, Route, form
from deploy.gateway.web.sentences import MISSING
from deploy.gateway.web.visits import see

FIELDS: Mapping[str, str] = {"reauthenticated": "password"}


class UsernameForm(Form, frozen=True, kw_only=True):
    """The password is asked for once, however many names are tried in five minutes."""

    username: Annotated[str, Meta(max_length=254)]
    password: Annotated[str, SECRET, Meta(max_length=4096)] = ""


async def show(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Ask for another username, and for the password where it was not given for this yet."""
    return site.page(
        visit,
        "settings_username.html",
        status=filled.status,
        filled=filled,
        account=await site.account(visit),
        said=flows.said(visit),
        confirmed=is_confirmed(visit, UsernameFlow),
    )


async def change(site: Site, visit: Inside, sent: UsernameForm, key: str) -> web.Response:
    """Take it. A name that is refused does not cost the password again."""
    if not is_confirmed(visit, UsernameFlow) and not sent.password:
        raise Mistyped("password", MISSING["password"])
    await confirmed(
        site,
        visit,
        UsernameFlow,
        sent.password,
        lambda token, grant: site.identity.change_username(visit, token, sent.username, grant),
    )
    return see("/settings?said=username")


ROUTES: tuple[Route[Site], ...] = form(
    "/settings/username",
    HOLDER,
    FormPage(form=UsernameForm, show=show, submit=change, fields=FIELDS),
)
