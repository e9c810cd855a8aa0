"""Unsubscribing by the link in a practice's mail: shown by GET, done by POST (NT-7, RFC 8058).

A mail provider posts to the link as it stands, without a cookie or a form of ours; so does the
button. Neither needs a session: who has the mail has the link, and the link is all there is to it.
"""

from aiohttp import web

from deploy.gateway.doors.notify import Subscription
from deploy.gateway.pages.notifications import TOPICS
from deploy.gateway.pages.site import ANYBODY, Site
from deploy.gateway.web.forms import NoForm
from deploy.gateway.web.refusals import Refused
from deploy.gateway.web.routes import Route, named, page
from deploy.gateway.web.visits import Visit

PATH = "/unsubscribe"
ONE_CLICK = ("List-Unsubscribe", "One-Click")  # RFC 8058, 3.1


async def show_unsubscribe(site: Site, visit: Visit) -> web.Response:
    """Say what would stop. Nothing is done: scanners open links, and people by mistake."""
    try:
        found = await site.notify.preview_unsubscription(visit, link_of(visit))
    except Refused as refused:
        return dead(site, visit, refused)
    return shown(site, visit, found)


async def unsubscribe(site: Site, visit: Visit) -> web.Response:
    """Stop it at once, and answer without sending anybody on: a provider follows nothing."""
    await require_one_click(visit.request)
    visit = await ANYBODY.admit(site, visit)
    try:
        found = await site.notify.unsubscribe(visit, link_of(visit))
    except Refused as refused:
        return dead(site, visit, refused)
    return shown(site, visit, found)


async def require_one_click(request: web.Request) -> None:
    """Take either form that the standard has. Raises NoForm for what is none of its posts."""
    try:
        posted = await request.post()
    except ValueError:
        raise NoForm(400) from None
    name, value = ONE_CLICK
    if posted.getall(name, []) != [value]:
        raise NoForm(400)


def link_of(visit: Visit) -> str:
    return visit.request.query.get("link", "")


def shown(site: Site, visit: Visit, found: Subscription) -> web.Response:
    return site.page(
        visit,
        "unsubscribe.html",
        found=found,
        topic=visit.say(TOPICS[found.topic.replace("-", "_")]),
        link=link_of(visit),
        one_click=ONE_CLICK,
    )


def dead(site: Site, visit: Visit, refused: Refused) -> web.Response:
    """Say that a link stops nothing. Raises what else was refused."""
    if refused.code != "unsubscribe_link_invalid":
        raise refused
    return site.page(visit, "unsubscribe_dead.html", status=refused.status)


ROUTES: tuple[Route[Site], ...] = (
    *page(PATH, ANYBODY, show_unsubscribe),
    Route(
        method="POST", path=PATH, guard=ANYBODY.name, name=named(unsubscribe), handle=unsubscribe
    ),
)
