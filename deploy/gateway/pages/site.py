"""What every page has at hand, and who may see one."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlsplit

import msgspec
from aiohttp import web

from deploy.gateway import flows
from deploy.gateway.doors.devices import Devices
from deploy.gateway.doors.identity import Account, Identity
from deploy.gateway.doors.merge import Merging, Offer
from deploy.gateway.doors.notify import Addresses, Notify
from deploy.gateway.doors.passkeys import Passkeys
from deploy.gateway.doors.recovery import Recovery
from deploy.gateway.doors.requests import Requests
from deploy.gateway.doors.two_step import TwoSteps
from deploy.gateway.flows import LinkFlow
from deploy.gateway.gates import EMAIL, MERGE_OFFER, at_merge_offer, barred, next_page
from deploy.gateway.session import HOME, Inside, Kept, Sessions, inside
from deploy.gateway.settings import AndroidApp
from deploy.gateway.web.forms import Form
from deploy.gateway.web.refusals import Away, Broken, Refused
from deploy.gateway.web.routes import Guard, Tools
from deploy.gateway.web.visits import Elsewhere, Visit, see

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Site(Tools):
    """The portal."""

    identity: Identity
    recovery: Recovery
    merging: Merging
    notify: Notify
    requests: Requests
    two_steps: TwoSteps
    devices: Devices
    passkeys: Passkeys
    sessions: Sessions
    android_apps: tuple[AndroidApp, ...]
    apple_apps: tuple[str, ...]
    paths: frozenset[str]  # of pages without an id in their address: where one may be sent back to

    def own(self, path: str) -> str:
        """Take a path to go on to, from whoever: home, where it is none of our pages."""
        return path if path in self.paths else HOME

    async def account(self, visit: Inside) -> Account:
        """Read the account one is logged on to."""
        return await self.sessions.ask(visit, "identity", self.identity.account)

    async def addresses(self, visit: Inside) -> Addresses:
        """Read the holder's notification addresses and numbers."""
        return await self.sessions.ask(visit, "notify", self.notify.addresses)


async def anybody(site: Site, visit: Visit) -> Visit:
    """Let everybody in, and note for the frame whether somebody is logged on."""
    kept = site.sessions.look(visit)
    visit.logged_on = kept is not None and kept.alive(visit.now)
    return visit


async def holder(site: Site, visit: Visit) -> Inside:
    """Let in who is logged on, and has nothing before this page. Raises Elsewhere.

    Before it may be a required gate, or that no practice is left; whether that is so still,
    identity is asked before anybody is sent away.
    """
    visit.logged_on = True
    entered = await site.sessions.open(visit)
    if before_it(entered) is not None:
        entered.kept = await site.sessions.renew(visit, entered.kept)
    page = before_it(entered)
    if page is not None:
        raise Elsewhere(page)
    return entered


def before_it(visit: Inside) -> str | None:
    """Name the page that comes before the one that was asked for."""
    return barred(visit.kept.gates, visit.path, scope=visit.kept.scope)


ANYBODY: Guard[Site, Visit] = Guard(name="anybody", admit=anybody)
HOLDER: Guard[Site, Inside] = Guard(name="logged on", admit=holder)


async def arrive(site: Site, visit: Visit, kept: Kept, wanted: str = HOME) -> web.Response:
    """Send somebody on who has just come in: a link that waited is redeemed, then the first open
    gate, then what was wanted.
    """
    link = flows.carried(visit, LinkFlow)
    if link is not None:
        flows.drop(visit, LinkFlow)
        if await awaited(site, inside(visit, kept)):
            return await verified(site, inside(visit, kept), link.token)
    kept = msgspec.structs.replace(kept, wanted=site.own(wanted))
    site.sessions.keep(visit, kept)
    return see(await onward(site, inside(visit, kept)))


async def onward(site: Site, visit: Inside) -> str:
    """Name the page that comes next. At the place of the merge offer merge is asked, once a log-on
    and not after a merge; where it does not answer at once there is no offer (LG-3, MG-7).
    """
    kept = visit.kept
    if at_merge_offer(kept.gates, scope=kept.scope) and not (kept.asked or kept.merged):
        found = await offer(site, visit)
        kept = visit.kept = msgspec.structs.replace(visit.kept, asked=True)
        site.sessions.keep(visit, kept)
        if found is not None and found.at_log_on:
            return MERGE_OFFER
    return next_page(kept.gates, scope=kept.scope, wanted=kept.wanted)


async def offer(site: Site, visit: Inside) -> Offer | None:
    """Ask whom this account may be merged with; None where merge does not answer at once."""
    try:
        return await site.sessions.ask(visit, "merge", site.merging.offer)
    except (Away, Broken, Refused):
        return None


async def awaited(site: Site, visit: Inside) -> bool:
    """Whether an address waits for its link. A link that was used already has done its work."""
    if any(gate.name == EMAIL for gate in visit.kept.gates):
        return True
    try:
        return (await site.account(visit)).claimed_email is not None
    except Away:
        return True


async def verified(site: Site, visit: Inside, link: str) -> web.Response:
    """Verify the account e-mail with a link's token that waited for the log-on, and go on."""
    try:
        await site.sessions.ask(visit, "identity", site.identity.verify, link)
    except Refused:
        return see("/verify-email?said=refused")
    except Away:
        flows.carry(visit, LinkFlow(token=link))
        return see(HOME)
    return await on_to_home(site, visit, "verified")


async def on_to_home(site: Site, visit: Inside, said: str) -> web.Response:
    """Go on after a gate was passed: identity's list says which is next."""
    try:
        visit.kept = await site.sessions.renew(visit, visit.kept)
    except Away:
        return see(f"{HOME}?said={said}")
    path = await onward(site, visit)
    return see(f"{path}?said={said}" if path == HOME else path)


def stands_at(visit: Inside, name: str) -> bool:
    """Whether this gate is one of those that are open."""
    return any(gate.name == name for gate in visit.kept.gates)


async def on(site: Site, visit: Inside) -> web.Response:
    """Go where the session stands."""
    return see(await onward(site, visit))


def one_of(own: Iterable[T]) -> T:
    """Take the one of the holder's own that was asked for. Raises Refused."""
    for found in own:
        return found
    raise Refused("not_found", status=404)


class LinkForm(Form, frozen=True, kw_only=True):
    """A mailed link, as the script or a person brings it."""

    link: str


def token_of(link: str) -> str:
    """Take what stands behind the # of a mailed link, or the token alone."""
    return (urlsplit(link.strip()).fragment if "#" in link else link).strip()
