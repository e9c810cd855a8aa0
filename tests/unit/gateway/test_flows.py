"""A form goes on with the flow it was shown in, or says why it cannot."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest_asyncio
from aiohttp.test_utils import TestServer

from deploy.gateway.app import compose
from deploy.gateway.settings import Settings
from shared.settings.loader import load
from tests.support.browser import Browser, Page
from tests.support.clock import FakeClock
from tests.unit.gateway.settings import HOST, environment

LINK = "/forgot-password/link"


@dataclass(frozen=True, slots=True)
class Portal:
    """A browser at a portal whose services are away, and its clock."""

    browser: Browser
    clock: FakeClock

    async def ways_of(self, name: str) -> Page:
        """Begin to reset a password, in a tab of its own."""
        page = await self.browser.get("/forgot-password")
        return await self.browser.press(page, "/forgot-password", username=name)


@pytest_asyncio.fixture
async def at_portal() -> AsyncIterator[Portal]:
    clock = FakeClock()
    gateway = compose(load(Settings, environment()), clock)
    server = TestServer(gateway.portal)
    await server.start_server()
    async with Browser([str(server.make_url("")).rstrip("/")], HOST, "192.0.2.1") as browser:
        yield Portal(browser, clock)
    await server.close()
    await gateway.close()


async def test_a_form_is_not_taken_for_the_flow_that_another_tab_has_begun_since(
    at_portal: Portal,
) -> None:
    first = await at_portal.ways_of("juniper")
    second = await at_portal.ways_of("somebody.else")

    refused = await at_portal.browser.press(first, LINK)
    taken = await at_portal.browser.press(second, LINK)

    assert refused.path == "/forgot-password?said=anew"
    assert "You have begun this anew in another tab." in refused.text
    assert taken.status == 503  # recovery was asked, which is away


async def test_a_flow_that_is_too_old_is_begun_again_and_the_page_says_so(
    at_portal: Portal,
) -> None:
    page = await at_portal.ways_of("juniper")
    at_portal.clock.advance(hours=1)
    still = await at_portal.browser.press(page, LINK)
    at_portal.clock.advance(seconds=1)
    gone = await at_portal.browser.press(still, LINK)

    assert still.status == 503
    assert gone.path == "/forgot-password?said=gone"
    assert "too much time has gone by" in gone.text


async def test_the_middle_of_a_flow_is_no_page_to_come_to(at_portal: Portal) -> None:
    for path, begins in (
        ("/forgot-password/ways", "/forgot-password"),
        ("/new-password", "/forgot-password"),
        ("/enrol/terms", "/enrol"),
        ("/enrol/credentials", "/enrol"),
    ):
        assert (await at_portal.browser.get(path)).path == f"{begins}?said=gone"


async def test_a_form_without_the_id_of_its_flow_goes_on_with_none(at_portal: Portal) -> None:
    page = await at_portal.ways_of("juniper")
    fields = {name: text for name, text in page.forms[LINK].items() if name != "flow"}

    sent = await at_portal.browser.send(LINK, fields)

    assert set(page.forms[LINK]) - set(fields) == {"flow"}
    assert sent.headers["Location"] == "/forgot-password?said=gone"
