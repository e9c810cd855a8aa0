"""The devices that an account is known to be used on: named, and removed (MF-2)."""

from collections.abc import Mapping
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway.doors.devices import Device
from deploy.gateway.pages.site import HOLDER, Site, one_of
from deploy.gateway.session import Inside
from deploy.gateway.web.agents import device_name
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Nothing, Route, button, form, page
from deploy.gateway.web.visits import see

DEVICES = "/settings/devices"
SAID: Mapping[str, str] = {
    "renamed": N_("The device was renamed."),
    "removed": N_("The device was removed. Whoever was logged on there is logged off."),
    "removed-here": N_(
        "This device was removed, and counts as new the next time you log on. You are still logged "
        "on here."
    ),
}


class NameForm(Form, frozen=True, kw_only=True):
    name: Annotated[str, Meta(max_length=200)]


async def show(site: Site, visit: Inside) -> web.Response:
    """List them, the one used last first."""
    return site.page(
        visit,
        "settings_devices.html",
        account=await site.account(visit),
        devices=[
            (each, device_name(each.name, each.agent, visit.language))
            for each in await listed(site, visit)
        ],
        said=visit.said(SAID),
    )


async def show_one(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Show one, to be renamed or removed."""
    device_id = visit.request.match_info["device_id"]
    device = one_of(one for one in await listed(site, visit) if one.device_id == device_id)
    return site.page(
        visit,
        "settings_device.html",
        filled=filled,
        device=device,
        called=device_name(device.name, device.agent, visit.language),
        account=await site.account(visit),
    )


async def rename(site: Site, visit: Inside, sent: NameForm, key: str) -> web.Response:
    """Call it so from now on."""
    device_id = visit.request.match_info["device_id"]
    await site.sessions.ask(visit, "identity", site.devices.rename, device_id, sent.name)
    return see(f"{DEVICES}?said=renamed")


async def remove(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """Have it count as new, and whoever is logged on there logged off, but for this session."""
    device_id = visit.request.match_info["device_id"]
    here = [one.device_id for one in await listed(site, visit) if one.current]
    await site.sessions.ask(visit, "identity", site.devices.remove, device_id)
    return see(f"{DEVICES}?said={'removed-here' if device_id in here else 'removed'}")


async def listed(site: Site, visit: Inside) -> tuple[Device, ...]:
    return await site.sessions.ask(visit, "identity", site.devices.list)


ROUTES: tuple[Route[Site], ...] = (
    *page(DEVICES, HOLDER, show),
    *form(
        f"{DEVICES}/{{device_id}}",
        HOLDER,
        FormPage(form=NameForm, show=show_one, submit=rename),
    ),
    *button(f"{DEVICES}/{{device_id}}/remove", HOLDER, remove),
)
