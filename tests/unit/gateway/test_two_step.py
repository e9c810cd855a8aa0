"""The QR code that an app is set up with, read from the page as a camera would see it (MF-1)."""

import base64
import re
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
from deploy.gateway.web.cookies import Sealer
from shared.randomness import Randomness
from tests.unit.gateway.kept import KEPT, NOW
from tests.unit.gateway.services import portal_before, problem
from tests.unit.gateway.settings import HOST, KEY

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
URI = f"otpauth://totp/Elm%20%26%20Oak:mar%C3%ADa?secret={SECRET}&issuer=Elm%20%26%20Oak"
OURS = "{http://www.w3.org/2000/svg}"
QUIET = 4  # modules of nothing around a code, or no camera finds it (ISO/IEC 18004)
SIDE = 5  # pixels of a module


def cookies(**records: msgspec.Struct) -> dict[str, str]:
    """A browser's, as the portal would have set them."""
    sealer = Sealer([base64.b64decode(KEY)], Randomness())
    return {name: sealer.seal(name, record) for name, record in records.items()}


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
