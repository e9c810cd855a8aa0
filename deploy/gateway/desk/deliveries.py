"""What was sent to the practice's patients, and sent again (NT-5, ST-1)."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway.desk.site import STAFF, Desk, Staffed, an_id
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Route, action, page
from deploy.gateway.web.visits import see

RESENDABLE = frozenset({None, "unanswered", "gave_up", "refused", "smtputf8_missing"})
SAID = {"resent": N_("It is sent again.")}


class ResendForm(Form, frozen=True, kw_only=True):
    reason: Annotated[str, Meta(max_length=200)]


async def deliveries(desk: Desk, visit: Staffed) -> web.Response:
    """Show what became of the practice's communications, to one patient or to all (NT-5)."""
    return await show_deliveries(desk, visit, desk.empty())


async def show_deliveries(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """Show the same, with what was refused."""
    patient_id = an_id(visit.request.query, "patient_id")
    found = await desk.system.deliveries(
        visit,
        visit.desk.client,
        patient_id=patient_id,
        after=an_id(visit.request.query, "after"),
    )
    said = SAID.get(visit.request.query.get("said", ""))
    return desk.page(
        visit,
        "desk_deliveries.html",
        status=filled.status,
        filled=filled,
        deliveries=found.deliveries,
        resendable={
            one.id
            for one in found.deliveries
            if one.state in ("unknown", "failed") and one.reason in RESENDABLE
        },
        next=found.next,
        patient_id=patient_id,
        name_of=visit.name_of,
        said=visit.say(said) if said else None,
    )


async def resend(desk: Desk, visit: Staffed, sent: ResendForm, key: str) -> web.Response:
    """Have it sent again, with a reason."""
    delivery_id, by = visit.request.match_info["delivery_id"], visit.desk.staff(sent.reason)
    await desk.system.resend(visit, visit.desk.client, delivery_id, by)
    return see("/deliveries?said=resent")


ROUTES: tuple[Route[Desk], ...] = (
    *page("/deliveries", STAFF, deliveries),
    *action(
        "/deliveries/{delivery_id}/resend",
        STAFF,
        FormPage(form=ResendForm, show=show_deliveries, submit=resend),
    ),
)
