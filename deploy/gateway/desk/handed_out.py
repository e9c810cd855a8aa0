"""What was handed out to patients, and making it void (ST-1)."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway.desk.patients import HANDED_OVER, KINDS, STATES, show_refused
from deploy.gateway.desk.site import STAFF, Desk, Staffed, an_id
from deploy.gateway.doors.records import Void
from deploy.gateway.web.forms import Form, FormPage
from deploy.gateway.web.routes import Route, action, page
from deploy.gateway.web.visits import see


class VoidForm(Form, frozen=True, kw_only=True):
    kind: str
    reason: Annotated[str, Meta(max_length=200)]


async def show(desk: Desk, visit: Staffed) -> web.Response:
    """List what was handed out to anybody, newest first."""
    found = await desk.records.handed_out(
        visit, visit.desk.client, after=an_id(visit.request.query, "after")
    )
    return desk.page(
        visit,
        "desk_handed_out.html",
        handed_out=found.handed_out,
        next=found.next,
        ways=HANDED_OVER,
        kinds=KINDS,
        states=STATES,
        name_of=visit.name_of,
    )


async def void(desk: Desk, visit: Staffed, sent: VoidForm, key: str) -> web.Response:
    """Let it open nothing any more."""
    patient_id = visit.request.match_info["patient_id"]
    body = Void(staff_id=visit.desk.staff_id, reason=sent.reason, kind=sent.kind)
    await desk.records.void(visit, visit.desk.client, patient_id, body)
    return see(f"/patients/{patient_id}?said=void")


ROUTES: tuple[Route[Desk], ...] = (
    *page("/handed-out", STAFF, show),
    *action(
        "/patients/{patient_id}/void",
        STAFF,
        FormPage(form=VoidForm, show=show_refused, submit=void),
    ),
)
