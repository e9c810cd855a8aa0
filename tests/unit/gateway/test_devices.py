"""What identity knows a browser by, for all who share it (MF-2)."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

import pytest
from aiohttp import web

from deploy.gateway.doors.identity import RESOURCES
from deploy.gateway.session import COOKIE as COOKIE_OF_SESSION
from deploy.gateway.web.cookies import LARGEST, Jar, Sealer
from deploy.gateway.web.devices import COOKIE, MOST, secret_for, used
from deploy.gateway.web.visits import Visit
from shared.randomness import Randomness
from tests.support.clock import START
from tests.unit.gateway.kept import LOGGED_ON, cookies
from tests.unit.gateway.services import account, portal_before, problem

pytestmark = pytest.mark.proves("MF-2")
SEALER = Sealer([b"k" * 32], Randomness())
SESSION = {
    "session_id": "s",
    "access_tokens": dict.fromkeys(RESOURCES, "t"),
    "refresh_token": "r",
    "idle_seconds": 900,
    "ends_at": (START + timedelta(hours=12)).isoformat(),
    "scope": "full",
    "gates": [],
}


@dataclass(slots=True)
class Browser:
    """Who keeps cookies from one request to the next."""

    jar: Jar


@pytest.fixture
def browser() -> Visit:
    return cast(Visit, Browser(jar=Jar(sent={}, sealer=SEALER, secure=True)))


def test_a_log_on_brings_the_secret_of_the_name_that_is_typed(browser: Visit) -> None:
    used(browser, "junes", "june.hale")
    used(browser, "pats", "pat.reed")

    assert secret_for(browser, "june.hale") == "junes"
    assert secret_for(browser, "  PAT.Reed ") == "pats"


def test_another_name_brings_the_one_used_last_and_a_new_browser_none(browser: Visit) -> None:
    assert secret_for(browser, "june.hale") is None
    used(browser, "pats", "pat.reed")
    used(browser, "junes", "june.hale")

    assert secret_for(browser, "june@mail.example") == secret_for(browser) == "junes"


def test_who_waits_for_the_second_step_is_who_logged_on_last(browser: Visit) -> None:
    used(browser, "pats", "pat.reed")
    used(browser, None, "june.hale")
    used(browser, "junes")

    assert (secret_for(browser, "june.hale"), secret_for(browser, "pat.reed")) == ("junes", "pats")


def test_the_cookie_holds_the_last_eight_and_no_name(browser: Visit) -> None:
    for number in range(20):
        used(browser, f"{number:x<43}", f"person.{number}")

    kept = [secret_for(browser, f"person.{number}") for number in range(20)]
    assert kept[20 - MOST :] == [f"{number:x<43}" for number in range(20 - MOST, 20)]
    assert set(kept[: 20 - MOST]) == {kept[-1]}
    assert len(browser.jar.text(COOKIE)) < LARGEST / 2
    assert browser.jar.changes[COOKIE].seconds == 400 * 86400


@dataclass(slots=True)
class Services:
    """Identity and recovery, for two who share a browser: Alice, and Bob, who is to reset."""

    ends: str
    brought: list[tuple[str, str | None]] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        if request.path == "/resets/tokens/redeem":
            grant = {"grant": "g", "expires_in": 600, "username": "Bob", "ends": self.ends}
            return web.json_response(grant)
        if request.path == "/passwords/check":
            return web.json_response({"acceptable": False, "rules": []})
        if request.path not in ("/sessions", "/passwords/reset"):
            return problem(503, "unavailable")
        sent = await request.json()
        who = sent.get("name", "bob").partition("@")[0]
        self.brought.append((who, sent.get("device")))
        if request.path == "/passwords/reset" and self.ends == "log-on":
            return web.Response(status=204)
        known = sent.get("device") == f"{who}s"
        return web.json_response({**SESSION, "device": None if known else f"{who}s"})


@pytest.mark.proves("LG-2")
@pytest.mark.parametrize("logs_on_by", ["bob", "bob@mail.example"])
@pytest.mark.parametrize("ends", ["home", "log-on"])
async def test_a_new_password_in_anothers_browser_leaves_the_other_what_is_hers(
    ends: str, logs_on_by: str
) -> None:
    services = Services(ends=ends)

    async with portal_before(services.answer) as browser:
        for who in (logs_on_by, "alice"):
            page = await browser.get("/log-on")
            await browser.press(page, page.path, username=who, password="Maple-73-Lantern")
            browser.cookies.pop(COOKIE_OF_SESSION)
        page = await browser.get("/forgot-password")
        await browser.press(page, page.path, username=logs_on_by)
        page = await browser.get("/reset-token")
        page = await browser.press(page, page.path, username="bob", token="01234567")
        await browser.press(page, page.path, password="Copper-73-Oak", again="Copper-73-Oak")
        browser.cookies.pop(COOKIE_OF_SESSION, None)
        page = await browser.get("/log-on")
        await browser.press(page, page.path, username="alice", password="Maple-73-Lantern")

    assert services.brought[2:] == [("bob", "bobs"), ("alice", "alices")]


async def test_a_first_new_password_in_anothers_browser_is_kept_by_its_own_name() -> None:
    services = Services(ends="home")

    async with portal_before(services.answer) as browser:
        page = await browser.get("/log-on")
        await browser.press(page, page.path, username="alice", password="Maple-73-Lantern")
        browser.cookies.pop(COOKIE_OF_SESSION)
        page = await browser.get("/reset-token")
        page = await browser.press(page, page.path, username="bob", token="01234567")
        await browser.press(page, page.path, password="Copper-73-Oak", again="Copper-73-Oak")
        for who in ("alice", "bob"):
            browser.cookies.pop(COOKIE_OF_SESSION)
            page = await browser.get("/log-on")
            await browser.press(page, page.path, username=who, password="Maple-73-Lantern")

    assert services.brought[2:] == [("alice", "alices"), ("bob", "bobs")]


@pytest.mark.parametrize(
    ("current", "said"),
    [
        (True, "You are still logged on here."),
        (False, "Whoever was logged on there is logged off."),
    ],
)
async def test_who_removes_this_device_is_told_that_nobody_is_logged_off_here(
    current: bool, said: str
) -> None:
    device_id = "0190d6a5-0000-7000-8000-000000000001"
    moment = START.isoformat()
    device = {
        "device_id": device_id,
        "name": None,
        "agent": None,
        "made_at": moment,
        "used_at": moment,
        "trusted_until": None,
        "current": current,
    }
    left = [device]

    async def answer(request: web.Request) -> web.Response:
        if request.path == "/account":
            return account()
        if request.method == "DELETE":
            left.clear()
            return web.Response(status=204)
        return web.json_response({"devices": left})

    async with portal_before(answer) as browser:
        browser.cookies |= cookies(**{COOKIE_OF_SESSION: LOGGED_ON})
        page = await browser.get(f"/settings/devices/{device_id}")
        removed = await browser.press(page, f"/settings/devices/{device_id}/remove")

    assert left == []
    assert said in removed.text
    assert ("is logged off" in removed.text) is not current
