"""The QR code that an app is set up with, read from the page as a camera would see it, and recovery
codes that are shown once, or got lost on the way (MF-1, MF-4).
"""

import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import msgspec
import pytest
import segno
from aiohttp import web
from aiohttp.test_utils import TestClient

from deploy.gateway.doors.identity import RESOURCES, Gate
from deploy.gateway.flows import KINDS, AppFlow, Flow
from deploy.gateway.session import COOKIE
from tests.unit.gateway.kept import KEPT, LOGGED_ON, NOW, cookies
from tests.unit.gateway.services import account, lost, portal_before, problem
from tests.unit.gateway.settings import HOST

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
URI = f"otpauth://totp/Elm%20%26%20Oak:mar%C3%ADa?secret={SECRET}&issuer=Elm%20%26%20Oak"
OURS = "{http://www.w3.org/2000/svg}"
QUIET = 4  # modules of nothing around a code, or no camera finds it (ISO/IEC 18004)
SIDE = 5  # pixels of a module


def sealed(**records: msgspec.Struct) -> str:
    """The same as they are sent."""
    return "; ".join(f"{name}={value}" for name, value in cookies(**records).items())


def drawn(svg: str) -> tuple[set[tuple[int, int]], int]:
    """The dark modules of a code, by row and column, and how many a side it has."""
    image = ET.fromstring(svg)  # noqa: S314 - the portal's own
    ground, dark = image.iter(f"{OURS}path")
    size = int(image.attrib["width"]) // SIDE
    assert [each.attrib["transform"] for each in image.iter(f"{OURS}g")] == [f"scale({SIDE})"]
    assert (ground.attrib["fill"], ground.attrib["d"]) == ("#fff", f"M0 0h{size}v{size}h-{size}z")
    assert dark.attrib["stroke"] == "#000"
    found: set[tuple[int, int]] = set()
    x = y = 0.0
    for verb, numbers in re.findall(r"([Mmh])([^Mmh]*)", dark.attrib["d"]):
        first, *rest = map(float, re.findall(r"-?[\d.]+", numbers))
        if verb == "h":
            found |= {(int(y), int(x) + step) for step in range(int(first))}
            x += first
        else:
            x, y = (first, *rest) if verb == "M" else (x + first, y + rest[0])
    return found, size


@pytest.mark.proves("MF-1")
async def test_the_code_shown_holds_the_uri_and_nothing_else(
    portal: "TestClient[Any, Any]",
) -> None:
    flow: Flow = AppFlow(secret=SECRET, uri=URI, session_id="s", id="f", sealed_at=NOW)
    sent = sealed(**{COOKIE: KEPT, KINDS[AppFlow].cookie: flow})

    reply = await portal.get(
        "/settings/two-step/app/confirm", headers={"Host": HOST, "Cookie": sent}
    )
    page = await reply.text()

    assert reply.status == 200, page
    [image] = re.findall(r'<img src="data:image/svg\+xml;charset=utf-8,([^"]*)"', page)
    modules, across = drawn(unquote(image))
    code = segno.make_qr(URI).matrix
    assert across == len(code) + 2 * QUIET
    assert modules == {
        (row + QUIET, column + QUIET)
        for row, line in enumerate(code)
        for column, is_dark in enumerate(line)
        if is_dark
    }
    assert segno.make_qr(SECRET).matrix != code


@pytest.mark.proves("MF-4")
@pytest.mark.parametrize(
    ("status", "code"), [(503, "overloaded"), (401, "refresh_invalid"), (500, "internal_error")]
)
async def test_codes_that_were_made_on_the_way_in_are_shown_whatever_fails_next(
    status: int, code: str
) -> None:
    """They are shown this once: two-step is on, and nothing else of it would be in her hands."""
    kept = msgspec.structs.replace(
        KEPT,
        access=dict.fromkeys(RESOURCES, "token"),
        gates=(Gate(name="two-step", required=False),),
    )
    codes = [f"ABCD-EFGH-{number:04}" for number in range(10)]

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/account/two-step/app/confirm":
            return web.json_response({"recovery_codes": codes})
        return problem(status, code)

    flow: Flow = AppFlow(secret=SECRET, uri=URI, session_id="s", id="f", sealed_at=NOW)
    async with portal_before(answer) as browser:
        browser.cookies |= cookies(**{COOKIE: kept, KINDS[AppFlow].cookie: flow})
        page = await browser.get("/settings/two-step/app/confirm")
        shown = await browser.press(page, page.path, code="123456")

    assert shown.status == 200
    assert [one for one in codes if one not in shown.text] == []
    assert 'href="/home"' in shown.text


SETTINGS = "/settings/two-step"
ON = "Two-step verification is on. If you have not seen your recovery codes, make new ones."
CONFIRM, MAKE = "/account/two-step/app/confirm", "/account/two-step/recovery-codes"


def losing(path: str, *had: str) -> Callable[[web.Request], Awaitable[web.Response]]:
    """An identity whose first reply there gets lost, what it did being done; then the app that was
    being set up is the account's.
    """
    done: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/account":
            return account(*had, *done)
        if request.path == "/account/two-step/app":
            return web.json_response({"secret": SECRET, "uri": URI})
        if request.path == "/account/reauthenticate":
            return web.json_response({"grant": "g", "expires_in": 300})
        if request.path != path:
            return problem(503, "unavailable")
        if done:
            return problem(409, "set_up_over")
        done.append("app")
        return await lost(request)

    return answer


@pytest.mark.proves("MF-1", "MF-4")
async def test_who_turned_it_on_by_an_app_and_saw_no_codes_is_told_to_make_new_ones() -> None:
    async with portal_before(losing(CONFIRM)) as browser:
        browser.cookies |= cookies(**{COOKIE: LOGGED_ON})
        page = await browser.get(f"{SETTINGS}/app")
        page = await browser.press(page, page.path)
        away = await browser.press(page, page.path, code="123456")
        again = await browser.press(away, page.path, code="123456")
        after = await browser.get(f"{SETTINGS}/app/confirm")

    assert (away.status, again.path) == (503, f"{SETTINGS}?said=on")
    assert ON in again.text
    assert f'href="{SETTINGS}/codes"' in again.text
    assert after.path == f"{SETTINGS}/app?said=gone"
    assert "If you have not seen your recovery codes, make new ones." in after.text


@pytest.mark.proves("MF-1")
async def test_who_replaced_an_app_and_heard_nothing_is_not_told_that_the_new_one_counts() -> None:
    """It may as well have taken too long: then the one before it does."""
    async with portal_before(losing(CONFIRM, "app")) as browser:
        browser.cookies |= cookies(**{COOKIE: LOGGED_ON})
        page = await browser.get(f"{SETTINGS}/app")
        page = await browser.press(page, page.path, password="Maple-73-Lantern", code="123456")
        away = await browser.press(page, page.path, code="123456")
        again = await browser.press(away, page.path, code="123456")

    assert (away.status, again.path) == (503, f"{SETTINGS}/app?said=gone")
    assert "If codes of the new app are not taken, begin again." in again.text


@pytest.mark.proves("MF-1")
async def test_who_took_too_long_for_a_first_app_is_told_that_and_nothing_of_codes() -> None:
    async def answer(request: web.Request) -> web.Response:
        return account() if request.path == "/account" else problem(409, "set_up_over")

    flow: Flow = AppFlow(secret=SECRET, uri=URI, session_id="s", id="f", sealed_at=NOW, first=True)
    async with portal_before(answer) as browser:
        browser.cookies |= cookies(**{COOKIE: LOGGED_ON, KINDS[AppFlow].cookie: flow})
        page = await browser.get(f"{SETTINGS}/app/confirm")
        over = await browser.press(page, page.path, code="123456")

    assert over.path == f"{SETTINGS}/app?said=gone"
    assert "too much time has gone by" in over.text
    assert "recovery codes" not in over.text


async def on_already(request: web.Request) -> web.Response:
    """What a second press is answered, whose first one nobody heard of."""
    return problem(409, "two_step_on")


@pytest.mark.proves("MF-4", "MF-8")
@pytest.mark.parametrize("reply", [lost, on_already])
async def test_who_turned_it_on_by_passkeys_and_saw_no_codes_is_told_to_make_new_ones(
    reply: Callable[[web.Request], Awaitable[web.Response]],
) -> None:
    done: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/account":
            return account(*done)
        done.append("passkey")
        return await reply(request)

    async with portal_before(answer) as browser:
        browser.cookies |= cookies(**{COOKIE: LOGGED_ON})
        page = await browser.get(f"{SETTINGS}/passkeys")
        told = await browser.press(page, page.path)

    assert told.path == f"{SETTINGS}?said=on"
    assert ON in told.text


@pytest.mark.proves("MF-4")
async def test_who_asked_for_new_codes_and_heard_nothing_is_told_that_the_old_may_be_void() -> None:
    async with portal_before(losing(MAKE, "app")) as browser:
        browser.cookies |= cookies(**{COOKIE: LOGGED_ON})
        page = await browser.get(f"{SETTINGS}/codes")
        away = await browser.press(page, page.path, password="Maple-73-Lantern", code="123456")

    assert away.status == 503
    assert "If they were, those before open nothing any more." in away.problems
    assert "Nothing was lost" not in away.problems
