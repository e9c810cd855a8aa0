"""Notification addresses: added and removed with the password, verified by a mailed link (NT-2)."""

from collections.abc import Mapping
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.doors.notify import Address, Addresses
from deploy.gateway.flows import AddressFlow, AddressLinkFlow
from deploy.gateway.pages.confirmations import Proof, confirmed, is_confirmed
from deploy.gateway.pages.site import ANYBODY, HOLDER, LinkForm, Site, one_of, token_of
from deploy.gateway.session import Inside, inside
from deploy.gateway.web.forms import Filled, FormPage
from deploy.gateway.web.routes import Route, form
from deploy.gateway.web.visits import Visit, see

VERIFY = "/settings/notifications/verify"
FIELDS: Mapping[str, str] = {"address": "email", "reauthenticated": "password"}


class AddressForm(Proof, frozen=True, kw_only=True):
    """The password is asked for once, however many addresses are tried in five minutes."""

    email: Annotated[str, Meta(max_length=254)]


async def show_add(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Ask for an address, and for the password where it was not given for this yet."""
    return site.page(
        visit,
        "settings_address.html",
        filled=filled,
        said=flows.said(visit),
        account=await site.account(visit),
        confirmed=is_confirmed(visit, AddressFlow),
    )


async def add(site: Site, visit: Inside, sent: AddressForm, key: str) -> web.Response:
    """Have the link mailed; for one that waits for it, another one."""
    await confirmed(
        site,
        visit,
        AddressFlow,
        sent,
        lambda token, grant: site.notify.add_address(visit, token, sent.email, grant),
        service="notify",
    )
    return see("/settings/notifications?said=added")


async def show_remove(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Name the address that is to go, and ask for the password."""
    address_id = visit.request.match_info["address_id"]
    return site.page(
        visit,
        "settings_address_remove.html",
        filled=filled,
        address=among(await site.addresses(visit), address_id),
        account=await site.account(visit),
        confirmed=is_confirmed(visit, AddressFlow),
    )


async def remove(site: Site, visit: Inside, sent: Proof, key: str) -> web.Response:
    """Remove it. Where a practice writes to it, the page says so."""
    address_id = visit.request.match_info["address_id"]
    await confirmed(
        site,
        visit,
        AddressFlow,
        sent,
        lambda token, grant: site.notify.remove_address(visit, token, address_id, grant),
        service="notify",
    )
    return see("/settings/notifications?said=removed")


def among(own: Addresses, address_id: str) -> Address:
    """Find it among these. Raises Refused."""
    return one_of(one for one in own.addresses if one.address_id == address_id)


async def show_verify(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Take the mailed link, or one that waited for the log-on; a person presses the button."""
    waits = flows.carried(visit, AddressLinkFlow)
    return site.page(
        visit,
        "verify_address.html",
        filled=filled,
        action=VERIFY,
        link=waits.token if waits else "",
    )


async def verify(site: Site, visit: Visit, sent: LinkForm, key: str) -> web.Response:
    """Verify the address of the account one is logged on to; else the link waits for the log-on."""
    link = token_of(sent.link)
    kept = site.sessions.look(visit)
    if kept is None or not kept.alive(visit.now):
        flows.carry(visit, AddressLinkFlow(token=link))
        return see(f"/log-on?next={VERIFY}")
    entered = inside(visit, kept)
    try:
        await site.sessions.ask(entered, "notify", site.notify.verify_address, link)
    finally:
        flows.drop(visit, AddressLinkFlow)
    return see("/settings/notifications?said=verified")


ROUTES: tuple[Route[Site], ...] = (
    *form(
        "/settings/notifications/addresses",
        HOLDER,
        FormPage(form=AddressForm, show=show_add, submit=add, fields=FIELDS),
    ),
    *form(
        "/settings/notifications/addresses/{address_id}/remove",
        HOLDER,
        FormPage(form=Proof, show=show_remove, submit=remove, fields=FIELDS),
    ),
    *form(
        VERIFY,
        ANYBODY,
        FormPage(
            form=LinkForm,
            show=show_verify,
            submit=verify,
            codes={"link_invalid": "address_link_invalid"},
        ),
    ),
)
