from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from deploy.gateway.app import compose
from deploy.gateway.pages.routes import ROUTES
from deploy.gateway.settings import Settings
from deploy.gateway.web.visits import VISITOR
from shared.settings.loader import load
from tests.support.browser import Browser
from tests.support.clock import FakeClock
from tests.unit.gateway.settings import HOST, environment

ANY_ID = "00000000-0000-4000-8000-000000000000"
Client = TestClient[Any, Any]


def address(path: str) -> str:
    for slot in ("{notice_id}", "{session_id}", "{merge_id}"):
        path = path.replace(slot, ANY_ID)
    return path


def browser_of(portal: Client) -> Browser:
    return Browser([str(portal.make_url("")).rstrip("/")], HOST, "198.51.100.1")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
async def test_every_reply_has_every_header_and_may_not_be_kept(portal: Client, route: Any) -> None:
    reply = await portal.request(route.method, address(route.path), allow_redirects=False)

    assert reply.status < 500 or reply.status == 503  # the services are away
    policy = reply.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "require-trusted-types-for 'script'" in policy
    assert "unsafe" not in policy
    assert reply.headers["Cache-Control"] == "no-store"
    assert reply.headers["Referrer-Policy"] == "same-origin"
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["X-Frame-Options"] == "DENY"
    assert "Strict-Transport-Security" not in reply.headers
    assert reply.headers["Correlation-Id"]
    for cookie in reply.headers.getall("Set-Cookie", []):
        for attribute in ("HttpOnly", "Path=/", "SameSite=Lax"):
            assert attribute in cookie
    text = await reply.text()
    assert "Traceback" not in text
    assert "127.0.0.1" not in text


async def test_with_https_cookies_are_kept_to_this_host_and_browsers_to_https() -> None:
    gateway = compose(load(Settings, environment(PORTAL_URL="https://portal.example")), FakeClock())
    async with TestClient(TestServer(gateway.portal)) as client:
        reply = await client.get("/log-on", headers={"Host": "portal.example"})
    await gateway.close()

    (cookie,) = reply.headers.getall("Set-Cookie")
    assert cookie.startswith(f"__Host-{VISITOR}=")
    assert "Secure" in cookie
    assert "Domain" not in cookie
    assert reply.headers["Strict-Transport-Security"].startswith("max-age=63072000")


async def test_a_static_file_is_kept_for_ever_under_the_name_of_its_content(portal: Client) -> None:
    page = await (await portal.get("/log-on")).text()

    (path,) = {
        part.split('"')[0] for part in page.split('href="') if part.startswith("/static/portal")
    }
    reply = await portal.get(path)

    assert reply.status == 200
    assert "immutable" in reply.headers["Cache-Control"]
    assert "Set-Cookie" not in reply.headers


@pytest.mark.parametrize(
    ("method", "path", "host", "status"),
    [
        ("GET", "/log-on", "portal.example", 421),
        ("GET", "/nothing-here", HOST, 404),
        ("GET", "/merge/12", HOST, 404),
        ("GET", f"/merge/{ANY_ID.upper().replace('0', 'A')}", HOST, 404),
        ("PUT", "/log-on", HOST, 405),
        ("POST", "/help", HOST, 405),
    ],
)
async def test_what_is_not_here_is_a_page_that_says_so(
    portal: Client, method: str, path: str, host: str, status: int
) -> None:
    reply = await portal.request(method, path, headers={"Host": host})

    assert reply.status == status
    text = await reply.text()
    assert text.count("<h1>") == 1
    assert f"http://{HOST}/" in text or status != 421
    assert ("Allow" in reply.headers) is (status == 405)


GOOD = "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"username=a&username=b", GOOD, 400),
        (b"username=a%00b", GOOD, 400),
        (b"username=%ff%fe", GOOD, 400),
        (b"username=\xff", GOOD, 400),
        (b"admin=yes", GOOD, 400),
        (b"&".join(b"a%d=1" % number for number in range(61)), GOOD, 400),
        (b"username=" + b"x" * 65536, GOOD, 413),
        (b'{"username":"a"}', "application/json", 415),
        (b"username=a", "multipart/form-data", 415),
    ],
)
async def test_what_is_no_form_of_ours_is_a_page_and_nothing_is_called(
    portal: Client, body: bytes, kind: str, status: int
) -> None:
    reply = await portal.post("/log-on", data=body, headers={"Content-Type": kind})

    assert reply.status == status
    assert (await reply.text()).count("<h1>") == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": f"http://{HOST}"},
        {"Sec-Fetch-Site": "", "Origin": f"http://{HOST}"},
    ],
    ids=["another site", "another port", "a lie about the origin", "nothing"],
)
async def test_a_post_from_elsewhere_does_nothing_and_is_shown_filled_in(
    portal: Client, headers: dict[str, str]
) -> None:
    async with browser_of(portal) as browser:
        page = await browser.get("/log-on")
        fields = {**page.forms["/log-on"], "username": "juniper", "password": "Walnut-Harbour-7"}

        refused = await browser.send("/log-on", fields, headers)

    assert refused.status == 403
    assert "Please send it once more." in refused.problems
    assert refused.forms["/log-on"]["username"] == "juniper"
    assert "Walnut-Harbour-7" not in refused.text


async def test_without_fetch_metadata_the_origin_decides(portal: Client) -> None:
    async with browser_of(portal) as browser:
        page = await browser.get("/help")
        fields = {**page.forms["/language"], "language": "es", "back": "/help"}

        def sent(origin: dict[str, str]) -> Any:
            return browser.request("POST", "/language", data=fields, headers=origin)

        ours = await sent({"Origin": f"http://{HOST}"})
        theirs = await sent({"Origin": "http://localhost:8109"})
        null = await sent({"Origin": "null"})
        nobodys = await sent({})

    assert [ours.status, theirs.status, null.status, nobodys.status] == [303, 403, 403, 403]
    assert ours.headers["Location"] == "/help"


async def test_a_form_of_another_browser_is_not_taken(portal: Client) -> None:
    async with browser_of(portal) as mine, browser_of(portal) as theirs:
        foreign = (await theirs.get("/help")).forms["/language"]
        await mine.get("/help")

        refused = await mine.send("/language", {**foreign, "language": "es"})

    assert refused.status == 403


async def test_a_browser_without_cookies_is_told_so(portal: Client) -> None:
    async with browser_of(portal) as browser:
        fields = (await browser.get("/log-on")).forms["/log-on"]
        browser.cookies.clear()

        refused = await browser.send("/log-on", {**fields, "username": "a", "password": "b"})

    assert refused.status == 403
    assert "does not keep cookies" in refused.problems


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "/\\evil.example", "https://evil.example", "/%09/x", "/nope", ""]
)
async def test_nobody_is_sent_on_to_what_is_no_page_of_ours(portal: Client, wanted: str) -> None:
    async with browser_of(portal) as browser:
        page = await browser.get("/log-on?next=" + wanted)
        assert page.forms["/log-on"]["next"] == "/home"
        fields = {**page.forms["/language"], "language": "es", "back": wanted}

        sent = await browser.send("/language", fields)

    assert sent.headers["Location"] == "/"


async def test_a_service_that_is_away_leaves_the_form_filled_in(portal: Client) -> None:
    async with browser_of(portal) as browser:
        page = await browser.get("/log-on")
        fields = {**page.forms["/log-on"], "username": "juniper", "password": "x"}

        away = await browser.send("/log-on", fields)

    assert away.status == 503
    assert away.headers["Retry-After"] == "5"
    assert "We are busy" in away.problems
    assert away.forms["/log-on"]["username"] == "juniper"
    assert away.forms["/log-on"]["key"] == fields["key"]


async def test_a_broken_cookie_is_as_if_it_were_not_there(portal: Client) -> None:
    async with browser_of(portal) as browser:
        browser.cookies["portico-session"] = "v1.bm90aGluZw"
        browser.cookies["portico-flow-enrol"] = "x"

        assert (await browser.get("/home")).path == "/log-on?next=/home"
        assert (await browser.get("/enrol/terms")).path == "/enrol?said=gone"


async def test_spanish_is_chosen_by_a_button_and_stays(portal: Client) -> None:
    async with browser_of(portal) as browser:
        page = await browser.get("/log-on")
        assert '<html lang="en">' in page.text

        page = await browser.press(page, "/language", language="es")
        again = await browser.get("/forgot-password")

    assert page.path == "/log-on"
    assert page.heading == "Inicie sesión en su cuenta"
    assert '<html lang="es">' in again.text
