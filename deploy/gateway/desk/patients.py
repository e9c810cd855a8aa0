"""One patient: how things stand, and what can be done about it (ST-1)."""

from collections.abc import Mapping
from typing import Annotated, Literal

from aiohttp import web
from msgspec import Meta

from deploy.gateway.desk.site import STAFF, Desk, Staffed
from deploy.gateway.doors.http import Nothing, Verb
from deploy.gateway.doors.practice import (
    REACTIVATE,
    RESET_TWO_STEP,
    THAW,
    UN_ENROL,
    UNLOCK,
    Communication,
    TokenOrder,
)
from deploy.gateway.doors.records import Waiver
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Route, action, page
from deploy.gateway.web.visits import see

Reason = Annotated[str, Meta(max_length=200)]

HANDED_OVER: Mapping[str, str] = {
    "in-person": N_("In person"),
    "post": N_("By post"),
    "e-mail": N_("By e-mail"),
}
RESET_HANDED_OVER: Mapping[str, str] = {
    "in-person": N_("In person"),
    "phone": N_("By phone"),
    "post": N_("By post"),
}
TOPICS: Mapping[str, str] = {
    "message": N_("A message"),
    "appointment": N_("An appointment"),
    "health-record": N_("A health record"),
    "statement": N_("A statement"),
}
KINDS: Mapping[str, str] = {
    "token": N_("Enrolment token"),
    "invitation": N_("Invitation"),
    "temporary-credentials": N_("Temporary username and password"),
}
STATES: Mapping[str, tuple[str, str]] = {
    "live": ("ok", N_("Good")),
    "used": ("plain", N_("Used")),
    "superseded": ("plain", N_("Replaced by a newer one")),
    "void": ("warn", N_("Void")),
    "expired": ("plain", N_("Expired")),
}
"""Of each state the shape of its tag, and the words."""
Deed = Literal["unlock", "reset-two-step", "thaw", "un-enrol", "re-activate"]
DEEDS: Mapping[Deed, Verb[Nothing]] = {
    "unlock": UNLOCK,
    "reset-two-step": RESET_TWO_STEP,
    "thaw": THAW,
    "un-enrol": UN_ENROL,
    "re-activate": REACTIVATE,
}
SAID: Mapping[str, str] = {
    "unlock": N_("The account is unlocked."),
    "reset-two-step": N_("Two-step verification is reset. The patient was told."),
    "thaw": N_("The account is open again, without a password. The patient was told."),
    "un-enrol": N_("The patient is un-enrolled."),
    "re-activate": N_("The patient is enrolled again."),
    "told": N_("It is on its way."),
    "approved": N_("The request is approved. Hand out a token now."),
    "invited": N_("The invitation is on its way."),
    "corrected": N_("The record is corrected."),
    "void": N_("It opens nothing any more."),
    "waived": N_("No e-mail is required of this patient."),
    "taken-back": N_("The waiver is taken back."),
}


class TokenForm(Form, frozen=True, kw_only=True):
    handed_over: str
    reason: Reason


class ReasonForm(Form, frozen=True, kw_only=True):
    reason: Reason


class DeedForm(Form, frozen=True, kw_only=True):
    deed: Deed
    reason: Reason


class WaiverForm(Form, frozen=True, kw_only=True):
    waived: Literal["yes", "no"]
    reason: Reason


class MessageForm(Form, frozen=True, kw_only=True):
    topic: str


async def show_patient(desk: Desk, visit: Staffed) -> web.Response:
    """Show what can be done for a patient."""
    return await show_refused(desk, visit, desk.empty())


async def show_refused(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """Show the same, with what was refused; this desk remembers whom it had before it."""
    patient_id, client = visit.request.match_info["patient_id"], visit.desk.client
    said = visit.request.query.get("said", "")
    record = await desk.records.read(visit, client, patient_id)
    handed_out = await desk.records.handed_out(visit, client, patient_id=patient_id)
    resets = await desk.system.given_resets(visit, client, patient_id)
    desk.remember(visit, patient_id, record.name)
    return desk.page(
        visit,
        "desk_patient.html",
        filled=filled,
        patient_id=patient_id,
        name=record.name,
        record=record,
        handed_out=handed_out.handed_out,
        kinds=KINDS,
        states=STATES,
        ways=HANDED_OVER,
        resets=resets,
        reset_ways=RESET_HANDED_OVER,
        topics=TOPICS,
        said=SAID.get(said),
    )


def slip(
    desk: Desk,
    visit: Staffed,
    template: str,
    patient_id: str,
    *,
    issued: object = None,
    pair: object = None,
) -> web.Response:
    """Show once what is handed to a patient, with whose it is and where she goes with it."""
    return desk.page(
        visit,
        template,
        issued=issued,
        pair=pair,
        practice=visit.desk.practice,
        name=visit.name_of(patient_id),
        patient_id=patient_id,
        portal_url=desk.portal_url,
    )


def ordered(visit: Staffed, sent: TokenForm) -> TokenOrder:
    """What the service is told of a token that is to be handed over."""
    return TokenOrder(
        staff_id=visit.desk.staff_id, reason=sent.reason, handed_over=sent.handed_over
    )


async def issue_token(desk: Desk, visit: Staffed, sent: TokenForm, key: str) -> web.Response:
    """Issue a token, and show it once, on a slip: sent again, it is refused as already issued."""
    patient_id = visit.request.match_info["patient_id"]
    order = ordered(visit, sent)
    issued = await desk.system.issue(visit, visit.desk.client, patient_id, order, key=key)
    return slip(desk, visit, "desk_slip.html", patient_id, issued=issued)


async def make_temporary(desk: Desk, visit: Staffed, sent: ReasonForm, key: str) -> web.Response:
    """Make a temporary username and password, and show them once, on a slip."""
    patient_id = visit.request.match_info["patient_id"]
    by = visit.desk.staff(sent.reason)
    pair = await desk.system.make_temporary(visit, visit.desk.client, patient_id, by, key=key)
    return slip(desk, visit, "desk_slip.html", patient_id, pair=pair)


async def invite(desk: Desk, visit: Staffed, sent: ReasonForm, key: str) -> web.Response:
    """Have an invitation mailed to the address of the record."""
    patient_id = visit.request.match_info["patient_id"]
    by = visit.desk.staff(sent.reason)
    await desk.system.invite(visit, visit.desk.client, patient_id, by, key=key)
    return see(f"/patients/{patient_id}?said=invited")


async def do(desk: Desk, visit: Staffed, sent: DeedForm, key: str) -> web.Response:
    """Unlock, reset two-step, thaw, un-enrol or re-activate, with a reason."""
    patient_id = visit.request.match_info["patient_id"]
    by = visit.desk.staff(sent.reason)
    await desk.system.by_staff(DEEDS[sent.deed], visit, visit.desk.client, patient_id, by)
    return see(f"/patients/{patient_id}?said={sent.deed}")


async def waive(desk: Desk, visit: Staffed, sent: WaiverForm, key: str) -> web.Response:
    """Say that the patient has no e-mail, or take that back."""
    patient_id, waived = visit.request.match_info["patient_id"], sent.waived == "yes"
    waiver = Waiver(staff_id=visit.desk.staff_id, reason=sent.reason, waived=waived)
    await desk.records.waive(visit, visit.desk.client, patient_id, waiver)
    return see(f"/patients/{patient_id}?said={'waived' if waived else 'taken-back'}")


async def read_username(desk: Desk, visit: Staffed, sent: ReasonForm, key: str) -> web.Response:
    """Show the username, to be read out; the patient is told of it (RC-2b)."""
    patient_id, by = visit.request.match_info["patient_id"], visit.desk.staff(sent.reason)
    return desk.page(
        visit,
        "desk_username.html",
        username=await desk.records.read_username(visit, visit.desk.client, patient_id, by),
        name=visit.name_of(patient_id),
        patient_id=patient_id,
    )


async def tell(desk: Desk, visit: Staffed, sent: MessageForm, key: str) -> web.Response:
    """Let the patient know that something waits; the form's key is the reference, so that a
    double click tells once.
    """
    patient_id = visit.request.match_info["patient_id"]
    communication = Communication(patient_id=patient_id, topic=sent.topic, reference=key)
    await desk.system.submit(visit, visit.desk.client, communication)
    return see(f"/patients/{patient_id}?said=told")


ROUTES: tuple[Route[Desk], ...] = (
    *page("/patients/{patient_id}", STAFF, show_patient),
    *action(
        "/patients/{patient_id}/tokens",
        STAFF,
        FormPage(form=TokenForm, show=show_refused, submit=issue_token),
    ),
    *action(
        "/patients/{patient_id}/temporary-credentials",
        STAFF,
        FormPage(form=ReasonForm, show=show_refused, submit=make_temporary),
    ),
    *action(
        "/patients/{patient_id}/invitations",
        STAFF,
        FormPage(form=ReasonForm, show=show_refused, submit=invite),
    ),
    *action(
        "/patients/{patient_id}/deeds",
        STAFF,
        FormPage(form=DeedForm, show=show_refused, submit=do),
    ),
    *action(
        "/patients/{patient_id}/email-waiver",
        STAFF,
        FormPage(form=WaiverForm, show=show_refused, submit=waive),
    ),
    *action(
        "/patients/{patient_id}/username",
        STAFF,
        FormPage(form=ReasonForm, show=show_refused, submit=read_username),
    ),
    *action(
        "/patients/{patient_id}/messages",
        STAFF,
        FormPage(form=MessageForm, show=show_refused, submit=tell),
    ),
)
