"""A forgotten password, by the code of a practice (RC-5)."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.flows import ResetFlow
from deploy.gateway.pages.reset_grants import proven
from deploy.gateway.pages.site import ANYBODY, Site
from deploy.gateway.web.forms import SECRET, Filled, Form, FormPage
from deploy.gateway.web.routes import Route, form
from deploy.gateway.web.visits import Visit


class TokenForm(Form, frozen=True, kw_only=True):
    username: Annotated[str, Meta(max_length=320)]
    token: Annotated[str, SECRET, Meta(max_length=100)]


async def show(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask for the username and the code; a name that was typed before stands there."""
    flow = flows.carried(visit, ResetFlow)
    return site.page(
        visit, "reset_token.html", filled=filled, name=flow.typed_username if flow else ""
    )


async def redeem(site: Site, visit: Visit, sent: TokenForm, key: str) -> web.Response:
    """Exchange the code for a grant, and carry it to the new password."""
    return proven(visit, await site.recovery.redeem_token(visit, sent.username, sent.token))


ROUTES: tuple[Route[Site], ...] = form(
    "/reset-token", ANYBODY, FormPage(form=TokenForm, show=show, submit=redeem)
)
