"""Help: the questions people ask, and whom to ask when no page helps (UN-4)."""

from aiohttp import web

from deploy.gateway.doors.identity import Account
from deploy.gateway.pages.site import ANYBODY, Site
from deploy.gateway.web.refusals import Away, Broken, Refused
from deploy.gateway.web.routes import Route, page
from deploy.gateway.web.visits import Elsewhere, Visit


async def questions(site: Site, visit: Visit) -> web.Response:
    """Answer each in a sentence, with a link to the page that does it."""
    return site.page(visit, "help.html")


async def contact(site: Site, visit: Visit) -> web.Response:
    """Say what a practice can do for somebody, and name one's own where they can be had."""
    return site.page(visit, "contact.html", account=await account_or_none(site, visit))


async def account_or_none(site: Site, visit: Visit) -> Account | None:
    """Read the account, for a page that is there without one as well."""
    try:
        return await site.account(await site.sessions.open(visit))
    except (Elsewhere, Away, Broken, Refused):
        return None


ROUTES: tuple[Route[Site], ...] = (
    *page("/help", ANYBODY, questions),
    *page("/contact-your-practice", ANYBODY, contact),
)
