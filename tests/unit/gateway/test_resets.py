"""A grant for a new password is carried with where it ends, whichever ways were tried before it."""

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

import pytest
import pytest_asyncio
from aiohttp import web

from tests.support.browser import Browser, Page
from tests.unit.gateway.services import lost, portal_before, problem

QUESTION = {"challenge": "c" * 43, "addresses": ["1 A", "2 A", "1 B", "2 B"], "expires_in": 900}
ASKED = {
    "language": "en",
    "questions": [{"code": "first-pet", "text": "?"}, {"code": "first-job", "text": "?"}],
}
VALIDATION, TOKEN, ANSWERS, LINK = (
    "/resets/validations/answer",
    "/resets/tokens/redeem",
    "/resets/questions/answers",
    "/resets/links/redeem",
)
QUESTIONS, FIELDS = "/forgot-password/questions", "/forgot-password/validation"
CODE = "/reset-token"


def grant(path: str) -> dict[str, object]:
    ends = "log-on" if path == VALIDATION else "home"
    return {"grant": path, "expires_in": 600, "username": "juniper", "ends": ends}


REPLIES: Mapping[str, Mapping[str, object]] = {
    "/resets/validations": QUESTION,
    "/resets/questions": ASKED,
    "/passwords/check": {"acceptable": False, "rules": []},
    **{path: grant(path) for path in (VALIDATION, TOKEN, ANSWERS, LINK)},
}


@dataclass(frozen=True, slots=True)
class Portal:
    """A browser at a portal whose services take whatever they are told."""

    browser: Browser

    async def typed(self, path: str, **typed: str) -> Page:
        return await self.browser.press(await self.browser.get(path), path, **typed)

    async def prove(self, way: str) -> Page:
        """Come to the page of the new password by one of the ways."""
        if way == VALIDATION:
            await self.typed(
                "/forgot-password/validation",
                last_name="Hale",
                first_name="Juniper",
                birth_date_year="1988",
                birth_date_month="4",
                birth_date_day="17",
                home_phone="2135550142",
            )
            return await self.typed("/forgot-password/address", address="0")
        if way == TOKEN:
            return await self.typed("/reset-token", username="juniper", token="01234567")
        if way == LINK:
            return await self.typed("/reset-password", link="t" * 43)
        return await self.typed("/forgot-password/questions", answer1="rex", answer2="york")


@pytest_asyncio.fixture
async def at_portal() -> AsyncIterator[Portal]:
    passwords: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        if request.path != "/passwords/reset":
            return web.json_response(REPLIES.get(request.path, {}))
        passwords.append(request.path)
        return await lost(request) if len(passwords) == 1 else problem(400, "grant_used")

    async with portal_before(answer) as browser:
        yield Portal(browser)


@pytest.mark.proves("RC-3", "RC-4", "RC-5", "RC-6")
@pytest.mark.parametrize("before", [VALIDATION, TOKEN])
@pytest.mark.parametrize("way", [VALIDATION, TOKEN, ANSWERS, LINK])
async def test_a_way_ends_where_its_grant_says_whichever_was_gone_before(
    at_portal: Portal, before: str, way: str
) -> None:
    await at_portal.typed("/forgot-password", username="juniper")
    await at_portal.prove(before)

    page = await at_portal.prove(way)

    assert page.path == "/new-password"
    assert ("log on with it" in page.text) == (way == VALIDATION)


@pytest.mark.proves("RC-4", "ID-4")
@pytest.mark.parametrize("username", ["juniper", "juniper@mail.example"])
async def test_who_typed_an_address_is_asked_for_the_username_before_the_questions(
    at_portal: Portal, username: str
) -> None:
    """An address may be a username too: whatever she says here is one."""
    await at_portal.typed("/forgot-password", username="juniper\uff20mail.example")

    asked = await at_portal.browser.get(QUESTIONS)
    page = await at_portal.browser.press(asked, asked.path, username=username)

    assert (asked.path, asked.forms[asked.path]["username"]) == ("/forgot-password/username", "")
    assert page.path == QUESTIONS
    assert (await at_portal.browser.get(CODE)).forms[CODE]["username"] == username


@pytest.mark.proves("RC-5", "RC-6")
@pytest.mark.parametrize("way", [FIELDS, CODE])
@pytest.mark.parametrize(
    ("typed", "filled"), [("juniper", "juniper"), ("juniper@mail.example", "")]
)
async def test_where_a_username_alone_will_do_an_address_is_not_filled_in(
    at_portal: Portal, way: str, typed: str, filled: str
) -> None:
    await at_portal.typed("/forgot-password", username=typed)

    page = await at_portal.browser.get(way)

    assert page.forms[way]["username"] == filled
    assert "Not your e-mail address, unless that is your username." in page.text


@pytest.mark.proves("RC-3", "RC-6")
@pytest.mark.parametrize("way", [VALIDATION, LINK])
async def test_a_new_password_whose_reply_got_lost_leads_to_the_log_on_when_it_is_sent_again(
    at_portal: Portal, way: str
) -> None:
    """Whether it is this one nobody knows: she may have typed another, and so may who has the
    link too.
    """
    await at_portal.typed("/forgot-password", username="juniper")
    page, browser = await at_portal.prove(way), at_portal.browser

    away = await browser.press(
        page, page.path, password="Maple-73-Lantern", again="Maple-73-Lantern"
    )
    done = await browser.press(
        away, page.path, password="Maple-73-Lantern", again="Maple-73-Lantern"
    )

    assert away.status == 503
    assert done.path == "/log-on?said=password-set"
    assert "With this a new password was set already." in done.text
    assert (await browser.get("/new-password")).path == "/forgot-password?said=gone"
