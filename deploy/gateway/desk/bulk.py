"""A list of patients pasted from another system: registered together, a result for each (EN-6)."""

import csv
from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway.desk.site import STAFF, Desk, Staffed
from deploy.gateway.doors.records import RowResult, Submission
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Mistyped, Route, form

COLUMNS = ("number", "last_name", "first_name", "birth_date", "home_phone", "address", "email")
NEEDED = frozenset(COLUMNS[:4])
HEADING = ",".join(COLUMNS)
MOST = 1000
LONGEST_LIST = MOST * 400  # characters; a row with an address has about 130
MOST_BYTES = 2**20  # as it is posted: a comma is three, an accented letter six
RESULTS: Mapping[str, tuple[str, str]] = {
    "registered": ("ok", N_("Registered")),
    "unchanged": ("plain", N_("Was here before")),
    "patient_number_taken": ("warn", N_("This number has another content here")),
    "name_incomparable": ("warn", N_("There is no letter in this last name")),
    "birth_date_impossible": ("warn", N_("This is no date there is")),
    "birth_date_in_future": ("warn", N_("This date of birth is in the future")),
    "row_invalid": ("warn", N_("Not in order")),
}
"""Of each result the shape of its tag, and the words."""
INVITATIONS: Mapping[str, str] = {
    "sent": N_("An invitation is on its way"),
    "sent_before": N_("Was invited before"),
    "patient_enrolled": N_("Has an account"),
    "patient_without_email": N_("Has no valid e-mail address"),
    "patient_without_proof": N_("Has nothing to prove who it is"),
}


class BulkForm(Form, frozen=True, kw_only=True):
    rows: Annotated[str, Meta(max_length=LONGEST_LIST)]
    reason: Annotated[str, Meta(max_length=200)]
    invite: bool = False


async def show(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """Ask for the list, its columns named in the first line."""
    return shown(desk, visit, filled)


def shown(
    desk: Desk, visit: Staffed, filled: Filled, results: Sequence[RowResult] = ()
) -> web.Response:
    """The same, with what became of each row."""
    return desk.page(
        visit,
        "desk_bulk.html",
        filled=filled,
        heading=HEADING,
        results=results,
        words=RESULTS,
        invitations=INVITATIONS,
    )


async def submit(desk: Desk, visit: Staffed, sent: BulkForm, key: str) -> web.Response:
    """Submit the rows; again is harmless, since each is known by its number."""
    rows = read(sent.rows)
    if not 1 <= len(rows) <= MOST:
        text = N_(
            "Name the columns in the first line, and paste 1 to 1,000 patients below it, a line "
            "each; what has a comma in it stands in quotes."
        )
        raise Mistyped("rows", text)
    submission = Submission(
        staff_id=visit.desk.staff_id,
        reason=sent.reason,
        patients=tuple(
            {**row, "invite": True} if sent.invite and "email" in row else dict(row) for row in rows
        ),
    )
    done = await desk.records.submit(visit, visit.desk.client, submission)
    return shown(desk, visit, desk.empty(), done.results)


def read(text: str) -> Sequence[Mapping[str, str]]:
    """Read the list: of each row the cells that are not empty. None at all where its first line
    does not name the columns, or a row has a cell too many, as one whose comma is in no quotes.
    """
    try:
        rows = list(csv.DictReader(StringIO(text.strip())))
    except csv.Error:
        return ()
    for row in rows:
        if not NEEDED <= set(row) <= set(COLUMNS):
            return ()
    return [
        {name: cell.strip() for name, cell in row.items() if cell and cell.strip()} for row in rows
    ]


ROUTES: tuple[Route[Desk], ...] = form(
    "/patients/bulk",
    STAFF,
    FormPage(form=BulkForm, show=show, submit=submit, most_bytes=MOST_BYTES),
)
