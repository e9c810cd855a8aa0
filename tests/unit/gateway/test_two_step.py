"""The QR code that an app is set up with, read from the page as a camera would see it (MF-1)."""

import base64
import re
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import msgspec
import pytest
import segno
from aiohttp.test_utils import TestClient

from deploy.gateway.flows import KINDS, AppFlow, Flow
from deploy.gateway.session import COOKIE
from deploy.gateway.web.cookies import Sealer
from shared.randomness import Randomness
from tests.unit.gateway.kept import KEPT, NOW
from tests.unit.gateway.settings import HOST, KEY

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
URI = f"otpauth://totp/Elm%20%26%20Oak:mar%C3%ADa?secret={SECRET}&issuer=Elm%20%26%20Oak"
OURS = "{http://www.w3.org/2000/svg}"
QUIET = 4  # modules of nothing around a code, or no camera finds it (ISO/IEC 18004)
SIDE = 5  # pixels of a module


def sealed(**records: msgspec.Struct) -> str:
    """The cookies of a browser, as the portal would have set them."""
    sealer = Sealer([base64.b64decode(KEY)], Randomness())
    return "; ".join(f"{name}={sealer.seal(name, record)}" for name, record in records.items())


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
    cookies = sealed(**{COOKIE: KEPT, KINDS[AppFlow].cookie: flow})

    reply = await portal.get(
        "/settings/two-step/app/confirm", headers={"Host": HOST, "Cookie": cookies}
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
