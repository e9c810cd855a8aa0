"""Who asks to be enrolled: seen with all that was typed, and approved or rejected (EN-4)."""

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

from aiohttp import web
from msgspec import Meta

from deploy.gateway.desk.site import STAFF, Desk, Staffed, an_id
from deploy.gateway.doors.requests import Approval
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Mistyped, Route, action, page
from deploy.gateway.web.visits import see

Text = Annotated[str, Meta(max_length=200)]
STATES: Mapping[str, tuple[str, str]] = {
    "pending": ("", N_("Waits for an answer")),
    "approved": ("ok", N_("Approved")),
    "rejected": ("warn", N_("Rejected")),
    "expired": ("warn", N_("Expired")),
}


class ApprovalForm(Form, frozen=True, kw_only=True):
    """Without a patient id a record is registered; `mail_to` is a contact's number, or nothing."""

    patient_id: Text = ""
    number: Text = ""
    contact: Annotated[str, Meta(max_length=2)] = "1"
    mail_to: Annotated[str, Meta(max_length=2)] = ""
    reason: Text


class RejectionForm(Form, frozen=True, kw_only=True):
    reason: Text


async def show_pending(desk: Desk, visit: Staffed) -> web.Response:
    """List who waits for an answer, longest first."""
    found = await desk.decisions.pending(
        visit, visit.desk.client, an_id(visit.request.query, "after")
    )
    return desk.page(
        visit,
        "desk_requests.html",
        requests=found.requests,
        next=found.next,
        said=visit.request.query.get("said", ""),
    )


async def show_request(desk: Desk, visit: Staffed) -> web.Response:
    """Show one with every address and phone that came with it."""
    return await shown(desk, visit, desk.empty())


async def shown(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """The same, with what was refused."""
    request_id = visit.request.match_info["request_id"]
    asked = await desk.decisions.read(visit, visit.desk.client, request_id)
    return desk.page(
        visit,
        "desk_request.html",
        filled=filled,
        asked=asked,
        recent=visit.desk.recent,
        state=STATES[asked.state],
    )


async def approve(desk: Desk, visit: Staffed, sent: ApprovalForm, key: str) -> web.Response:
    """Approve it for a record; where nothing is mailed, a token is handed out on its page."""
    patient_id: str | None = None
    if sent.patient_id:
        try:
            patient_id = str(UUID(sent.patient_id))
        except ValueError:
            raise Mistyped("patient_id", N_("This is no patient id.")) from None
    body = Approval(
        staff_id=visit.desk.staff_id,
        reason=sent.reason,
        patient_id=patient_id,
        number=None if patient_id else sent.number or None,
        contact=number_of(sent.contact) or 1,
        mail_to=number_of(sent.mail_to),
    )
    request_id = visit.request.match_info["request_id"]
    approved = await desk.decisions.approve(visit, visit.desk.client, request_id, body)
    said = "invited" if approved.invitation_expires_at else "approved"
    return see(f"/patients/{approved.patient_id}?said={said}")


def number_of(text: str) -> int | None:
    """Read a contact's number; none is chosen by an empty one."""
    return int(text) if text.isascii() and text.isdecimal() else None


async def reject(desk: Desk, visit: Staffed, sent: RejectionForm, key: str) -> web.Response:
    """Reject it; who asked is told, and not why."""
    request_id = visit.request.match_info["request_id"]
    body = visit.desk.staff(sent.reason)
    await desk.decisions.reject(visit, visit.desk.client, request_id, body)
    return see("/requests?said=rejected")


ROUTES: tuple[Route[Desk], ...] = (
    *page("/requests", STAFF, show_pending),
    *page("/requests/{request_id}", STAFF, show_request),
    *action(
        "/requests/{request_id}/approve",
        STAFF,
        FormPage(form=ApprovalForm, show=shown, submit=approve),
    ),
    *action(
        "/requests/{request_id}/reject",
        STAFF,
        FormPage(form=RejectionForm, show=shown, submit=reject),
    ),
)
