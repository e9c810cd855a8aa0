"""Stories 26 and 27: a session that goes on whatever is cut off, and services that are away."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from playwright.async_api import Error, Page, expect

from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.browse.conftest import AtPortal
from tests.browse.desk import Desk
from tests.browse.patient import Patient
from tests.support.suite import Suite

TRIES = 20
ROUNDS = 20  # each cut off a little later than the one before
# What a page that says "not now" is to the browser: a reply of 503, on the console as well.
AWAY = (r"^503 from", r"the server responded with a status of 503")


@asynccontextmanager
async def without(suite: Suite, service: str) -> AsyncIterator[None]:
    """Kill a service, and start it again."""
    suite.kill(service)
    try:
        yield
    finally:
        await suite.restart(service)


async def test_two_tabs_that_go_on_at_once_and_are_cut_off_in_the_middle_stay_logged_on(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        other = await ada.visitor.new_tab()
        await other.goto(f"{ada.portal}/settings")

        for number in range(ROUNDS):
            stage.let_time_pass(61)
            ways = {ada.page: "/home", other: "/settings"}
            await asyncio.gather(*(cut_off(tab, 4 * number) for tab in ways))
            await asyncio.gather(*(arrive(tab, ada.portal + path) for tab, path in ways.items()))
            await ada.at("/home")
            await expect(other).to_have_title("Settings – Portico")


async def cut_off(tab: Page, after: int) -> None:
    """Load the page anew, and stop that in the middle, as who presses Escape does."""
    await tab.evaluate("ms => { location.reload(); setTimeout(() => window.stop(), ms) }", after)
    await tab.wait_for_timeout(after)


async def arrive(tab: Page, url: str) -> None:
    """Go there; the browser may still be about the page that was cut off."""
    for _ in range(TRIES):
        with suppress(Error):
            await tab.goto(url)
            return
        await tab.wait_for_timeout(50)
    await tab.goto(url)


async def test_a_service_that_is_away_takes_only_its_own_part_of_a_page_and_comes_back(
    suite: Suite, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        ada.visitor.faults.expected += AWAY

        async with without(suite, "notify"):
            await ada.go("/home")
            await expect(ada.main).to_contain_text("Lindenhof")
            await expect(ada.main).to_contain_text("Your notices cannot be shown at the moment")
            await ada.sees("home, notify away")
            await not_now(ada, "/sent")
            await ada.sees("sent, notify away")
            await there(ada, "/settings", "/merge")
        async with without(suite, "merge"):
            await not_now(ada, "/merge")
            await there(ada, "/home", "/settings", "/sent")
        async with without(suite, "recovery"):
            await there(ada, "/home", "/settings", "/sent", "/merge")
            await ada.log_off()
            await ada.go("/forgot-username")
            await ada.fill(email=somebody.address)
            await ada.press()
            await expect(ada.summary).to_contain_text("try again")
            assert await ada.page.locator("#email").input_value() == somebody.address
            await ada.sees("forgot username, recovery away")
            await ada.log_on()
            await ada.at("/home")
        async with without(suite, "identity"):
            await not_now(ada, "/home")
            await ada.sees("home, identity away")
            await there(ada, "/help", "/contact-your-practice")
            async with at_portal(somebody) as bea:
                bea.visitor.faults.expected += AWAY
                await bea.log_on()
                await expect(bea.summary).to_contain_text("try again")
                assert await bea.page.locator("#username").input_value() == somebody.username
                await bea.sees("log-on, identity away")

        await there(ada, "/home", "/settings", "/sent", "/merge")  # nobody was logged off


async def not_now(ada: Patient, path: str) -> None:
    """The page says so, inside its frame, and she is still logged on."""
    await ada.go(path)
    await expect(ada.main.get_by_role("heading", level=1)).to_have_text("Not now")
    await expect(ada.page.locator("form[action='/log-off'] button")).to_be_visible()


async def there(ada: Patient, *paths: str) -> None:
    for path in paths:
        await ada.go(path)
        await ada.at(path)
        await expect(ada.page).not_to_have_title("Not now – Portico")
