"""What was chosen by topic stays in sight where it is refused (NT-2)."""

from typing import Any

import pytest
from aiohttp import web

from deploy.gateway.session import COOKIE
from tests.unit.gateway.kept import LOGGED_ON, cookies
from tests.unit.gateway.services import account, portal_before

PATIENT = "0190f5a2-0000-7000-8000-000000000001"
PAGE = f"/settings/notifications/{PATIENT}"


AWAY: dict[str, Any] = {"code": "overloaded"}
UNVERIFIED = {"field": "statement", "code": "address_unverified", "params": {}}


@pytest.mark.parametrize(
    ("chosen", "status", "problem", "seen"),
    [
        ({"statement": "none:"}, 503, AWAY, True),
        ({"default": "portal:"}, 422, {"code": "request_invalid", "errors": [UNVERIFIED]}, True),
        ({"default": "portal:"}, 503, AWAY, False),
    ],
    ids=["a topic was chosen", "a topic has a problem", "neither"],
)
async def test_topics_are_open_where_what_was_refused_is_among_them(
    chosen: dict[str, str], status: int, problem: dict[str, Any], seen: bool
) -> None:
    enrolment = {
        "practice_name": "Lindenhof",
        "patient_id": PATIENT,
        "offers": ["email", "portal"],
        "default": [],
        "topics": {},
    }

    async def answer(request: web.Request) -> web.Response:
        match request.method, request.path:
            case "GET", "/account":
                return account()
            case "GET", "/notification-addresses":
                return web.json_response({"addresses": []})
            case "GET", "/notification-preferences":
                return web.json_response({"enrolments": [enrolment]})
        return web.json_response(problem, status=status)

    async with portal_before(answer) as browser:
        browser.cookies |= cookies(**{COOKIE: LOGGED_ON})
        page = await browser.get(PAGE)
        refused = await browser.press(page, PAGE, **chosen)

    assert "<details>" in page.text
    assert refused.status == status
    assert ("<details open>" in refused.text) is seen
