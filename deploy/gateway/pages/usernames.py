"""The username: another one is taken, the password is given for it (ID-2, SE-3)."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.flows import UsernameFlow
from deploy.gateway.pages.confirmations import PROOF_FIELDS, Proof, confirmed, is_confirmed
from deploy.gateway.pages.site import HOLDER, Site
from deploy.gateway.session import Inside
from deploy.gateway.web.forms import Filled, FormPage
from deploy.gateway.web.routes import Route, form
from deploy.gateway.web.visits import see


class UsernameForm(Proof, frozen=True, kw_only=True):
    """The password is asked for once, however many names are tried in five minutes."""

    username: Annotated[str, Meta(max_length=254)]


async def show(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Ask for another username, and for the password where it was not given for this yet."""
    return site.page(
        visit,
        "settings_username.html",
        filled=filled,
        account=await site.account(visit),
        said=flows.said(visit),
        confirmed=is_confirmed(visit, UsernameFlow),
    )


async def change(site: Site, visit: Inside, sent: UsernameForm, key: str) -> web.Response:
    """Take it. A name that is refused does not cost the password again."""
    await confirmed(
        site,
        visit,
        UsernameFlow,
        sent,
        lambda token, grant: site.identity.change_username(visit, token, sent.username, grant),
    )
    return see("/settings?said=username")


ROUTES: tuple[Route[Site], ...] = form(
    "/settings/username",
    HOLDER,
    FormPage(form=UsernameForm, show=show, submit=change, fields=PROOF_FIELDS),
)
