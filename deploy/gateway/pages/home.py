"""Home: the practices, and what waits to be read (NT-8)."""

import asyncio
from collections.abc import Mapping

from aiohttp import web

from deploy.gateway.doors.notify import Notice
from deploy.gateway.pages.site import HOLDER, Site, offer
from deploy.gateway.session import Inside
from deploy.gateway.web.languages import N_
from deploy.gateway.web.refusals import Away, Broken, Refused
from deploy.gateway.web.routes import Nothing, Route, button, page
from deploy.gateway.web.visits import see

SAID: Mapping[str, str] = {
    "two-step": N_("You can set two-step verification up at any time in your settings."),
    "verified": N_("Your e-mail address is verified. It is now your account e-mail."),
    "passkeys": N_("Your passkeys were kept or removed as you chose."),
    "questions": N_("Your security questions are set."),
    "added": N_("The practice was added to your account."),
    "merge": N_("You can merge your accounts at any time in your settings."),
    "read": N_("The notice is marked as read."),
    "dismissed": N_("The notice was put away."),
}


async def home(site: Site, visit: Inside) -> web.Response:
    """Show practices and notices; without notify the rest is there all the same."""
    account, notices, found = await asyncio.gather(
        site.account(visit), notices_or_none(site, visit), offer(site, visit)
    )
    return site.page(
        visit,
        "home.html",
        account=account,
        notices=notices,
        offer=found if found and found.at_home and not visit.kept.merged else None,
        said=visit.said(SAID),
    )


async def notices_or_none(site: Site, visit: Inside) -> tuple[Notice, ...] | None:
    """List the notices; None where they cannot be had for now."""
    try:
        found = await site.sessions.ask(visit, "notify", site.notify.notices)
    except (Away, Broken, Refused):
        return None
    return found.notices


async def read_notice(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """Mark a notice as read; it stays in the list."""
    notice_id = visit.request.match_info["notice_id"]
    await site.sessions.ask(visit, "notify", site.notify.read, notice_id)
    return see("/home?said=read")


async def dismiss_notice(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """Put a notice away for good."""
    notice_id = visit.request.match_info["notice_id"]
    await site.sessions.ask(visit, "notify", site.notify.dismiss, notice_id)
    return see("/home?said=dismissed")


ROUTES: tuple[Route[Site], ...] = (
    *page("/home", HOLDER, home),
    *button("/notices/{notice_id}/read", HOLDER, read_notice),
    *button("/notices/{notice_id}/dismiss", HOLDER, dismiss_notice),
)
