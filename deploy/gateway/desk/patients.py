"""Patients: registered, given a token on a slip, unlocked, un-enrolled, written to (ST-1)."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated
from uuid import UUID

import msgspec
from aiohttp import web
from msgspec import Meta

from deploy.gateway.desk.site import RECENT, STAFF, Desk, Known, Staffed
from deploy.gateway.doors.http import Nothing, Verb
from deploy.gateway.doors.practice import (
    REACTIVATE,
    UN_ENROL,
    UNLOCK,
    Communication,
    Patient,
    TokenOrder,
)
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.routes import Route, action, form, page, wrong
from deploy.gateway.web.visits import see

Text = Annotated[str, Meta(max_length=200)]
Reason = Annotated[str, Meta(max_length=200)]

HANDED_OVER: Mapping[str, str] = {
    "in-person": "In person",
    "post": "By post",
    "e-mail": "By e-mail",
}
TOPICS: Mapping[str, str] = {
    "message": "A message",
    "appointment": "An appointment",
    "health-record": "A health record",
    "statement": "A statement",
}
DEEDS: Mapping[str, tuple[Verb[Nothing], str]] = {
    "unlock": (UNLOCK, "The account is unlocked."),
    "un-enrol": (UN_ENROL, "The patient is un-enrolled."),
    "re-activate": (REACTIVATE, "The patient is enrolled again."),
}


ON_ITS_WAY: Mapping[str, str] = {
    "told": "It is on its way.",
    "invited": "The invitation is on its way.",
}


class OpenForm(Form, frozen=True, kw_only=True):
    patient_id: Text


class PatientForm(Form, frozen=True, kw_only=True):
    last_name: Text
    first_name: Text
    birth_date: date
    number: Text = ""
    home_phone: Text = ""
    address: Text = ""
    email: Text = ""


class TokenForm(Form, frozen=True, kw_only=True):
    handed_over: str
    reason: Reason


class ReasonForm(Form, frozen=True, kw_only=True):
    reason: Reason


class DeedForm(Form, frozen=True, kw_only=True):
    deed: str
    reason: Reason


class MessageForm(Form, frozen=True, kw_only=True):
    topic: str


async def show_patients(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """Show whom this desk has had before it, and take the id of anybody else."""
    return desk.page(
        visit, "desk_patients.html", status=filled.status, filled=filled, recent=visit.desk.recent
    )


async def open_patient(desk: Desk, visit: Staffed, sent: OpenForm, key: str) -> web.Response:
    """Open a patient by id."""
    try:
        patient_id = str(UUID(sent.patient_id))
    except ValueError:
        problem = wrong(visit, "patient_id", "This is no patient id.")
        typed = {"patient_id": sent.patient_id}
        filled = Filled(key=key, typed=typed, problems=(problem,), status=422)
        return await show_patients(desk, visit, filled)
    return see(f"/patients/{patient_id}")


async def show_register(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """Ask for a new patient's record."""
    return desk.page(visit, "desk_register.html", status=filled.status, filled=filled)


async def register(desk: Desk, visit: Staffed, sent: PatientForm, key: str) -> web.Response:
    """Register a patient, and remember the id: no verb finds one yet."""
    patient = Patient(
        last_name=sent.last_name,
        first_name=sent.first_name,
        birth_date=sent.birth_date,
        number=sent.number or None,
        home_phone=sent.home_phone or None,
        address=sent.address or None,
        email=sent.email or None,
    )
    patient_id = await desk.system.register(visit, visit.desk.client, patient, key=key)
    name = f"{sent.first_name[:30]} {sent.last_name[:30]}"
    others = [known for known in visit.desk.recent if known.patient_id != patient_id]
    recent = (Known(patient_id, name), *others)[:RECENT]
    desk.sit(visit, msgspec.structs.replace(visit.desk, recent=recent))
    return see(f"/patients/{patient_id}")


async def show_patient(desk: Desk, visit: Staffed) -> web.Response:
    """Show what can be done for a patient."""
    return await show_refused(desk, visit, desk.empty())


async def show_refused(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """Show the same, with what was refused."""
    patient_id = visit.request.match_info["patient_id"]
    said = visit.request.query.get("said", "")
    return desk.page(
        visit,
        "desk_patient.html",
        status=filled.status,
        filled=filled,
        patient_id=patient_id,
        name=visit.desk.name_of(patient_id),
        handed_over=HANDED_OVER,
        topics=TOPICS,
        said=DEEDS[said][1] if said in DEEDS else ON_ITS_WAY.get(said),
    )


async def issue_token(desk: Desk, visit: Staffed, sent: TokenForm, key: str) -> web.Response:
    """Issue a token, and show it once, on a slip: sent again, it is refused as already issued."""
    patient_id = visit.request.match_info["patient_id"]
    order = TokenOrder(
        staff_id=visit.desk.staff_id, reason=sent.reason, handed_over=sent.handed_over
    )
    issued = await desk.system.issue(visit, visit.desk.client, patient_id, order, key=key)
    return desk.page(
        visit,
        "desk_slip.html",
        issued=issued,
        pair=None,
        practice=visit.desk.practice,
        name=visit.desk.name_of(patient_id),
        patient_id=patient_id,
        portal_url=desk.portal_url,
    )


async def make_temporary(desk: Desk, visit: Staffed, sent: ReasonForm, key: str) -> web.Response:
    """Make a temporary username and password, and show them once, on a slip."""
    patient_id = visit.request.match_info["patient_id"]
    by = visit.desk.staff(sent.reason)
    pair = await desk.system.make_temporary(visit, visit.desk.client, patient_id, by, key=key)
    return desk.page(
        visit,
        "desk_slip.html",
        issued=None,
        pair=pair,
        practice=visit.desk.practice,
        name=visit.desk.name_of(patient_id),
        patient_id=patient_id,
        portal_url=desk.portal_url,
    )


async def invite(desk: Desk, visit: Staffed, sent: ReasonForm, key: str) -> web.Response:
    """Have an invitation mailed to the address of the record."""
    patient_id = visit.request.match_info["patient_id"]
    by = visit.desk.staff(sent.reason)
    await desk.system.invite(visit, visit.desk.client, patient_id, by, key=key)
    return see(f"/patients/{patient_id}?said=invited")


async def do(desk: Desk, visit: Staffed, sent: DeedForm, key: str) -> web.Response:
    """Unlock, un-enrol or re-activate, with a reason."""
    patient_id = visit.request.match_info["patient_id"]
    verb, _ = DEEDS.get(sent.deed, DEEDS["unlock"])
    by = visit.desk.staff(sent.reason)
    await desk.system.by_staff(verb, visit, visit.desk.client, patient_id, by)
    return see(f"/patients/{patient_id}?said={sent.deed}")


async def tell(desk: Desk, visit: Staffed, sent: MessageForm, key: str) -> web.Response:
    """Let the patient know that something waits; the form's key is the reference, so that a
    double click tells once.
    """
    patient_id = visit.request.match_info["patient_id"]
    communication = Communication(patient_id=patient_id, topic=sent.topic, reference=key)
    await desk.system.submit(visit, visit.desk.client, communication)
    return see(f"/patients/{patient_id}?said=told")


ROUTES: tuple[Route[Desk], ...] = (
    *form("/patients", STAFF, FormPage(form=OpenForm, show=show_patients, submit=open_patient)),
    *form(
        "/patients/register",
        STAFF,
        FormPage(form=PatientForm, show=show_register, submit=register),
    ),
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
        "/patients/{patient_id}/messages",
        STAFF,
        FormPage(form=MessageForm, show=show_refused, submit=tell),
    ),
)
