"""A practice's desk, where something it sent comes back."""

import re
from collections.abc import Mapping

import pytest
from aiohttp import web

from deploy.gateway.desk.site import COOKIE, AtDesk
from tests.support.browser import Page
from tests.support.clock import START
from tests.unit.gateway.kept import cookies
from tests.unit.gateway.services import desk_before, lost, problem

PATIENT = "0190d6a5-0000-7000-8000-000000000001"
PAGE = f"/patients/{PATIENT}"
SITS = AtDesk(practice="Elm", client_id="c", client_secret="s", staff_id="desk-1")
RECORD = {
    "patient_id": PATIENT,
    "version": 1,
    "number": None,
    "last_name": "Hale",
    "first_name": "June",
    "birth_date": "1988-04-17",
    "home_phone": None,
    "address": None,
    "email": None,
    "account": True,
    "enrolled": True,
    "token_until": None,
    "locked": False,
    "frozen": False,
    "two_step_on": False,
    "email_waived": False,
}
ISSUED = {
    "token": "01234567",
    "username": "elm-1",
    "password": "Maple-73",
    "expires_at": START.isoformat(),
}
READ: Mapping[str, object] = {
    "/oauth/token": {"access_token": "t"},
    f"/practice/patients/{PATIENT}": RECORD,
    "/practice/handed-out": {"handed_out": [], "next": None},
}


async def refusing(request: web.Request) -> web.Response:
    """Services by which a patient is there, and nothing can be done."""
    if request.path in READ:
        return web.json_response(READ[request.path])
    return problem(503, "unavailable")


@pytest.mark.proves("RC-5", "EN-1", "EN-2")
@pytest.mark.parametrize("what", ["tokens", "reset-tokens", "temporary-credentials"])
async def test_what_was_issued_and_not_seen_is_issued_anew_by_the_next_press_but_one(
    what: str,
) -> None:
    keys: set[str] = set()

    async def answer(request: web.Request) -> web.Response:
        if request.path in READ or request.method == "GET":
            return await refusing(request)
        key = request.headers["Idempotency-Key"]
        if key in keys:
            return problem(409, "already_issued")
        keys.add(key)
        return await lost(request) if len(keys) == 1 else web.json_response(ISSUED)

    async with desk_before(answer) as browser:
        browser.cookies |= cookies(**{COOKIE: SITS})
        page = await browser.get(PAGE)
        away = await browser.press(page, f"{PAGE}/{what}", **chosen(what))
        again = await browser.press(away, f"{PAGE}/{what}", **chosen(what))
        slip = await browser.press(again, f"{PAGE}/{what}", **chosen(what))

    assert (away.status, again.status, slip.status) == (503, 422, 200)
    assert "Issue a new one" in again.problems
    assert 'class="secret"' in slip.text


def chosen(what: str) -> dict[str, str]:
    """What a browser sends of the form's choices."""
    return {} if what == "temporary-credentials" else {"handed_over": "post"}


def marked(page: Page, id: str) -> list[str]:
    """Which of a choice's options the page has marked."""
    [select] = re.findall(rf'<select id="{id}"[^>]*>(.*?)</select>', page.text, re.DOTALL)
    return re.findall(r'<option value="([^"]*)" selected>', select)


@pytest.mark.proves("RC-5", "EN-1")
async def test_how_a_token_is_handed_over_stays_chosen_where_its_form_comes_back() -> None:
    """For hours in person, for days by post; what was chosen for one is nothing for the other."""
    async with desk_before(refusing) as browser:
        browser.cookies |= cookies(**{COOKIE: SITS})
        page = await browser.get(PAGE)
        enrolment = await browser.press(page, f"{PAGE}/tokens", handed_over="post")
        reset = await browser.press(page, f"{PAGE}/reset-tokens", handed_over="post")

    each = ("handed_over", "reset-handed-over")
    assert [marked(page, id) for id in each] == [[], []]
    assert [marked(enrolment, id) for id in each] == [["post"], []]
    assert [marked(reset, id) for id in each] == [[], ["post"]]
