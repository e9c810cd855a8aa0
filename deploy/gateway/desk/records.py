"""Patient records: found by what somebody says of herself, registered, corrected (ST-1)."""

from datetime import date
from typing import Annotated
from uuid import UUID

from aiohttp import web
from msgspec import Meta

from deploy.gateway.desk.site import STAFF, Desk, Staffed
from deploy.gateway.doors.practice import Patient
from deploy.gateway.doors.records import Correction, FoundPatients, Sought
from deploy.gateway.web.forms import DATE_PARTS, Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Mistyped, Route, form
from deploy.gateway.web.visits import see

Text = Annotated[str, Meta(max_length=200)]


class SearchForm(Form, frozen=True, kw_only=True):
    """A last name, a date of birth or both; or one of the two ids a patient goes by here."""

    last_name: Text = ""
    birth_date: date | None = None
    number: Text = ""
    patient_id: Text = ""
    after: Text = ""


class PatientForm(Form, frozen=True, kw_only=True):
    last_name: Text
    first_name: Text
    birth_date: date
    number: Text = ""
    home_phone: Text = ""
    address: Text = ""
    email: Text = ""


class CorrectionForm(Form, frozen=True, kw_only=True):
    version: Annotated[str, Meta(max_length=20)]
    last_name: Text
    first_name: Text
    birth_date: date
    home_phone: Text = ""
    address: Text = ""
    email: Text = ""
    reason: Text


async def show_search(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """Ask whom to look for, beside whom this desk has had before it."""
    return listed(desk, visit, filled, None)


def listed(desk: Desk, visit: Staffed, filled: Filled, found: FoundPatients | None) -> web.Response:
    """The same with who was found."""
    return desk.page(
        visit, "desk_patients.html", filled=filled, recent=visit.desk.recent, found=found
    )


async def find(desk: Desk, visit: Staffed, sent: SearchForm, key: str) -> web.Response:
    """List who is found; an id of ours leads to its record at once."""
    if sent.patient_id:
        try:
            return see(f"/patients/{UUID(sent.patient_id)}")
        except ValueError:
            raise Mistyped("patient_id", N_("This is no patient id.")) from None
    if not (sent.last_name or sent.birth_date or sent.number):
        raise Mistyped("last_name", N_("Type a last name, a date of birth or a number."))
    sought = Sought(number=sent.number)
    if not sent.number:
        sought = Sought(
            last_name=sent.last_name or None,
            birth_date=sent.birth_date,
            after=sent.after or None,
        )
    parts = (sent.birth_date.isoformat().split("-") if sent.birth_date else ("", "", ""))[::-1]
    typed = {"last_name": sent.last_name, "number": sent.number, "patient_id": sent.patient_id}
    typed |= {f"birth_date_{part}": text for part, text in zip(DATE_PARTS, parts, strict=True)}
    found = await desk.records.find(visit, visit.desk.client, sought)
    return listed(desk, visit, Filled(key=key, typed=typed), found)


async def show_register(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """Ask for a new patient's record."""
    return desk.page(visit, "desk_register.html", filled=filled)


async def register(desk: Desk, visit: Staffed, sent: PatientForm, key: str) -> web.Response:
    """Register a patient."""
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
    return see(f"/patients/{patient_id}")


async def show_correction(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """Show the record as it is, to be corrected; typed before, as it was typed."""
    patient_id = visit.request.match_info["patient_id"]
    record = await desk.records.read(visit, visit.desk.client, patient_id)
    year, month, day = record.birth_date.isoformat().split("-")
    now = {
        "version": str(record.version),
        "last_name": record.last_name,
        "first_name": record.first_name,
        "birth_date_day": day,
        "birth_date_month": month,
        "birth_date_year": year,
        "home_phone": record.home_phone or "",
        "address": record.address or "",
        "email": record.email or "",
    }
    filled = Filled(
        key=filled.key,
        typed={**now, **filled.typed},
        problems=filled.problems,
        failed=filled.failed,
        status=filled.status,
    )
    return desk.page(visit, "desk_correction.html", filled=filled, record=record)


async def correct(desk: Desk, visit: Staffed, sent: CorrectionForm, key: str) -> web.Response:
    """Correct the record, if it stands as it was shown."""
    patient_id = visit.request.match_info["patient_id"]
    correction = Correction(
        staff_id=visit.desk.staff_id,
        reason=sent.reason,
        version=int(sent.version) if sent.version.isdecimal() else 1,
        last_name=sent.last_name,
        first_name=sent.first_name,
        birth_date=sent.birth_date,
        home_phone=sent.home_phone or None,
        address=sent.address or None,
        email=sent.email or None,
    )
    await desk.records.correct(visit, visit.desk.client, patient_id, correction)
    return see(f"/patients/{patient_id}?said=corrected")


ROUTES: tuple[Route[Desk], ...] = (
    *form("/patients", STAFF, FormPage(form=SearchForm, show=show_search, submit=find)),
    *form(
        "/patients/register",
        STAFF,
        FormPage(form=PatientForm, show=show_register, submit=register),
    ),
    *form(
        "/patients/{patient_id}/correct",
        STAFF,
        FormPage(form=CorrectionForm, show=show_correction, submit=correct),
    ),
)
