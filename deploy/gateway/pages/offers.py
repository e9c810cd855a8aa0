"""The offer to merge: after the log-on, and three months later on the home page (MG-7, MG-8)."""

from contextlib import suppress

from aiohttp import web

from deploy.gateway.gates import MERGE_OFFER, next_page
from deploy.gateway.pages.site import HOLDER, Site, offer, on_to_home
from deploy.gateway.session import Inside
from deploy.gateway.web.refusals import Away
from deploy.gateway.web.routes import Nothing, Route, button, page
from deploy.gateway.web.visits import see


async def show(site: Site, visit: Inside) -> web.Response:
    """Offer it; who has skipped it meanwhile, or has merged, goes on."""
    found = await offer(site, visit)
    if found is None or not found.at_log_on or visit.kept.merged:
        kept = visit.kept
        return see(next_page(kept.gates, scope=kept.scope, wanted=kept.wanted))
    return site.page(
        visit, "gate_merge.html", candidates=found.candidates, key=str(site.randomness.uuid())
    )


async def skip_at_log_on(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """Not now: merge remembers it; where it is away, it is offered again at the next log-on."""
    with suppress(Away):
        await skip(site, visit)
    return await on_to_home(site, visit, "merge")


async def skip_at_home(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """Put the notice away for three months more."""
    await skip(site, visit)
    return see("/home?said=merge")


async def skip(site: Site, visit: Inside) -> None:
    await site.sessions.ask(visit, "merge", site.merging.skip)


ROUTES: tuple[Route[Site], ...] = (
    *page(MERGE_OFFER, HOLDER, show),
    *button(f"{MERGE_OFFER}/skip", HOLDER, skip_at_log_on),
    *button("/merge/skip", HOLDER, skip_at_home),
)
