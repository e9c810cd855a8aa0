"""The account's settings (ID-8)."""

from collections.abc import Mapping

from aiohttp import web

from deploy.gateway.pages.site import HOLDER, Site
from deploy.gateway.session import Inside
from deploy.gateway.web.languages import N_, NAMES
from deploy.gateway.web.routes import Route, page

SAID: Mapping[str, str] = {
    "username": N_("Your username was changed. Log on with the new one from now on."),
    "password": N_("Your password was changed. You are logged off everywhere else."),
    "questions": N_("Your security questions were saved. Those before open nothing any more."),
    "language": N_("Your language and time zone were changed."),
}


async def settings(site: Site, visit: Inside) -> web.Response:
    """Show every setting in one list, each with the way to change it."""
    return site.page(
        visit,
        "settings.html",
        account=await site.account(visit),
        names=NAMES,
        said=visit.said(SAID),
    )


ROUTES: tuple[Route[Site], ...] = (*page("/settings", HOLDER, settings),)
