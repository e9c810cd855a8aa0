"""The practice's own: what was sent to its patients, its settings, its duplicate charts (ST-2)."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway.desk.site import STAFF, Desk, Staffed
from deploy.gateway.doors.practice import SettingsChange
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.routes import Route, form, page, wrong
from deploy.gateway.web.visits import see


class SettingsForm(Form, frozen=True, kw_only=True):
    reset_link_minutes: Annotated[str, Meta(max_length=6)]
    reason: Annotated[str, Meta(max_length=200)]


async def deliveries(desk: Desk, visit: Staffed) -> web.Response:
    """Show what became of the practice's communications (NT-5)."""
    found = await desk.system.deliveries(visit, visit.desk.client)
    return desk.page(
        visit, "desk_deliveries.html", deliveries=found.deliveries, name_of=visit.desk.name_of
    )


async def conflicts(desk: Desk, visit: Staffed) -> web.Response:
    """Show the duplicate charts that merges brought to light (MG-5)."""
    found = await desk.system.conflicts(visit, visit.desk.client)
    return desk.page(
        visit, "desk_conflicts.html", conflicts=found.conflicts, name_of=visit.desk.name_of
    )


async def show_settings(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """Show the practice's settings as they are."""
    return desk.page(
        visit,
        "desk_settings.html",
        status=filled.status,
        filled=filled,
        settings=await desk.system.settings(visit, visit.desk.client),
        said=visit.request.query.get("said", ""),
    )


async def change_settings(desk: Desk, visit: Staffed, sent: SettingsForm, key: str) -> web.Response:
    """Change one; it counts for new links only."""
    if not sent.reset_link_minutes.isdecimal():
        problem = wrong(visit, "reset_link_minutes", "Type a whole number of minutes.")
        typed = {"reset_link_minutes": sent.reset_link_minutes, "reason": sent.reason}
        filled = Filled(key=key, typed=typed, problems=(problem,), status=422)
        return await show_settings(desk, visit, filled)
    change = SettingsChange(
        staff_id=visit.desk.staff_id,
        reason=sent.reason,
        reset_link_minutes=int(sent.reset_link_minutes),
    )
    await desk.system.change_settings(visit, visit.desk.client, change)
    return see("/settings?said=changed")


ROUTES: tuple[Route[Desk], ...] = (
    *page("/deliveries", STAFF, deliveries),
    *page("/merge-conflicts", STAFF, conflicts),
    *form(
        "/settings",
        STAFF,
        FormPage(form=SettingsForm, show=show_settings, submit=change_settings),
    ),
)
