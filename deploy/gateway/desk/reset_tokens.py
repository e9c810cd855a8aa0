"""A code by which a patient sets a new password: issued, shown once, made void (RC-5)."""

from aiohttp import web

from deploy.gateway.desk.patients import ReasonForm, TokenForm, ordered, show_refused, slip
from deploy.gateway.desk.site import STAFF, Desk, Staffed
from deploy.gateway.web.forms import FormPage
from deploy.gateway.web.routes import Route, action
from deploy.gateway.web.visits import see


async def issue(desk: Desk, visit: Staffed, sent: TokenForm, key: str) -> web.Response:
    """Issue one, and show it once, on a slip: sent again, it is refused as already issued."""
    patient_id = visit.request.match_info["patient_id"]
    order = ordered(visit, sent)
    issued = await desk.system.issue_reset(visit, visit.desk.client, patient_id, order, key=key)
    return slip(desk, visit, "desk_reset_slip.html", patient_id, issued=issued)


async def void(desk: Desk, visit: Staffed, sent: ReasonForm, key: str) -> web.Response:
    """Let the practice's own one open nothing any more."""
    patient_id = visit.request.match_info["patient_id"]
    by = visit.desk.staff(sent.reason)
    await desk.system.void_reset(visit, visit.desk.client, patient_id, by)
    return see(f"/patients/{patient_id}?said=void")


ROUTES: tuple[Route[Desk], ...] = (
    *action(
        "/patients/{patient_id}/reset-tokens",
        STAFF,
        FormPage(form=TokenForm, show=show_refused, submit=issue),
    ),
    *action(
        "/patients/{patient_id}/reset-tokens/void",
        STAFF,
        FormPage(form=ReasonForm, show=show_refused, submit=void),
    ),
)
