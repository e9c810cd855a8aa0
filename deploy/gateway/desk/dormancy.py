"""Who has not logged on for months, and un-enrolling them together (UN-2)."""

from collections.abc import Mapping
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway.desk.site import STAFF, Desk, Staffed
from deploy.gateway.doors.practice import Unenrolment, Unenrolments
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Route, form

MONTHS, LONGEST = 12, 240
LONGEST_LIST = 100 * 37  # ids, with blanks between
RESULTS: Mapping[str, str] = {
    "un-enrolled": N_("Un-enrolled"),
    "patient_not_dormant": N_("Has logged on since: stays enrolled"),
    "patient_not_enrolled": N_("Was not enrolled any more"),
    "not_found": N_("No patient of this practice"),
}


class DormantForm(Form, frozen=True, kw_only=True):
    """Those of the list that was shown, by their ids, with blanks between."""

    months: Annotated[str, Meta(max_length=3)]
    patient_ids: Annotated[str, Meta(max_length=LONGEST_LIST)]
    reason: Annotated[str, Meta(max_length=200)]


async def show(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """List them, for the months that were asked for; after a refusal, those that were sent."""
    asked = filled.typed.get("months", visit.request.query.get("months", ""))
    return await shown(desk, visit, filled, asked)


async def shown(
    desk: Desk,
    visit: Staffed,
    filled: Filled,
    months: str,
    results: tuple[Unenrolment, ...] = (),
) -> web.Response:
    """The list as it is now, with what became of those who were un-enrolled just before."""
    number = int(months) if len(months) <= 3 and months.isdecimal() else 0
    if not 1 <= number <= LONGEST:
        number = MONTHS
    found = await desk.system.dormant(visit, visit.desk.client, number)
    return desk.page(
        visit,
        "desk_dormant.html",
        filled=filled,
        months=number,
        patients=found.patients,
        more=found.next is not None,
        results=[(each.patient_id, RESULTS.get(each.result, each.result)) for each in results],
    )


async def un_enrol(desk: Desk, visit: Staffed, sent: DormantForm, key: str) -> web.Response:
    """Un-enrol those who are still dormant, and say what became of each."""
    done = await desk.system.un_enrol_dormant(
        visit,
        visit.desk.client,
        Unenrolments(
            staff_id=visit.desk.staff_id,
            reason=sent.reason,
            months=int(sent.months) if sent.months.isdecimal() else MONTHS,
            patient_ids=tuple(sent.patient_ids.split()),
        ),
    )
    return await shown(desk, visit, desk.empty(), sent.months, done.results)


ROUTES: tuple[Route[Desk], ...] = form(
    "/dormant", STAFF, FormPage(form=DormantForm, show=show, submit=un_enrol)
)
