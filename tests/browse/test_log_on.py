"""Stories 8, 9, 24 and 25: coming in, sessions, and their end."""

import re

import pytest
from playwright.async_api import expect

from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.browse.conftest import AtPortal
from tests.browse.desk import Desk
from tests.browse.visitor import Device

LOCK_SECONDS = 20 * 60
STEPS_SECONDS = 90  # that real time takes from the lock on, on a machine that others use too


async def test_the_same_credentials_serve_on_a_phone_and_on_a_desktop(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody, device=Device.PHONE) as phone:
        await phone.enrol(await desk.token_for(somebody))
        async with at_portal(somebody, device=Device.DESKTOP) as desktop:
            await desktop.log_on()
            await desktop.at("/home")
            await phone.go("/home")
            await phone.at("/home")

            await desktop.log_off()
            await desktop.sees("log-on, logged off")
            await desktop.log_on(name=somebody.address)  # the account e-mail is a name as well

            await desktop.at("/home")
            await expect(desktop.main).to_contain_text(somebody.username)
            for path in (
                "/settings",
                "/sent",
                "/help",
                "/contact-your-practice",
                "/settings/e-mail",
            ):
                await desktop.go(path)
                await desktop.at(path)
                await desktop.sees(path.strip("/").replace("/", ", "))


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
async def test_four_wrong_passwords_lock_for_twenty_minutes_and_the_right_one_looks_the_same(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person, scripted: bool
) -> None:
    token = await desk.token_for(somebody)
    async with (
        at_portal(somebody, scripted=scripted) as ada,
        at_portal(somebody, scripted=scripted) as library,
    ):
        await ada.enrol(token)
        await ada.log_off()
        await library.log_on(name="nobody.at.all", password="Wrong-1-Word")
        await expect(library.summary).to_be_visible()
        unknown = await library.summary.inner_text()

        for _ in range(4):
            await library.log_on(password="Wrong-1-Word")
            await expect(library.summary).to_be_visible()
            assert await library.summary.inner_text() == unknown
        assert await library.page.locator("#username").input_value() == somebody.username
        await library.sees("log-on, refused")
        await library.log_on()
        await expect(library.summary).to_have_text(unknown, use_inner_text=True)
        await ada.log_on()  # where she has logged on before others' tries are not hers
        await ada.at("/home")

        stage.let_time_pass(LOCK_SECONDS - STEPS_SECONDS)
        await library.log_on()
        await expect(library.summary).to_have_text(unknown, use_inner_text=True)
        stage.let_time_pass(STEPS_SECONDS)
        await library.log_on()

        await library.at("/home")


async def test_her_practice_unlocks_her(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada, at_portal(somebody) as library:
        await ada.enrol(await desk.token_for(somebody))
        for _ in range(4):
            await library.log_on(password="Wrong-1-Word")
            await expect(library.summary).to_be_visible()

        await desk.unlock(somebody)
        await library.log_on()

        await library.at("/home")


async def test_she_ends_one_session_and_all_others_and_logs_off(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with (
        at_portal(somebody) as ada,
        at_portal(somebody) as phone,
        at_portal(somebody) as library,
    ):
        await ada.enrol(await desk.token_for(somebody))
        await ada.go("/settings/sessions")
        await ada.sees("sessions, one")
        await expect(ada.main).to_contain_text(re.compile(r"\w+ on \w+"))
        await expect(ada.main).to_contain_text("Begun with the password")
        await expect(ada.main).to_contain_text(re.compile(r"from the network 198\.19\.\d+\.0/24"))
        await ada.main.get_by_text("What its browser calls itself").click()
        await expect(ada.main).to_contain_text("Mozilla/5.0")
        for each in (phone, library):
            await each.log_on()
            await each.at("/home")

        await ada.go("/settings/sessions")
        await ada.sees("sessions, three")
        ends = ada.main.get_by_role("button", name=re.compile("^End .*, since "))
        assert await ends.count() == 2
        await ends.first.click()
        await expect(ends).to_have_count(1)
        out = 0
        for each in (phone, library):
            await each.page.locator("nav a[href='/settings']").click()
            out += "/log-on" in each.page.url
        assert out == 1
        await ada.press("End all others")
        await expect(ada.main).to_contain_text("You are logged on nowhere else.")
        await ada.sees("sessions, ended")
        for each in (phone, library):
            await each.go("/home")
            await expect(each.page).to_have_title("Log on – Portico")

        await ada.go("/home")
        await ada.log_off()
        await ada.page.go_back()
        await expect(ada.page).to_have_title("Log on – Portico")
        await expect(ada.main).not_to_contain_text("Lindenhof")


async def test_two_minutes_before_the_end_she_is_asked_and_after_it_told_why_and_led_back(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        await ada.page.clock.install()
        dialog = ada.page.get_by_role("dialog")

        async def opened() -> None:
            """With a page that knows when the session ends, before any time passes."""
            async with ada.page.expect_response("**/session/ends") as told:
                await ada.go("/sent")
            await (await told.value).finished()
            await ada.page.evaluate("() => new Promise(requestIdleCallback)")

        async def pass_by(seconds: int) -> None:
            """In the portal and in the page alike."""
            stage.let_time_pass(seconds)
            await ada.page.clock.fast_forward(seconds * 1000)

        await opened()
        await pass_by(13 * 60 + 5)
        await expect(dialog).to_be_visible()
        await ada.sees("about to be logged off")
        await dialog.get_by_role("button", name="Stay logged on").click()
        await expect(dialog).to_be_hidden()

        await opened()
        await pass_by(13 * 60 + 5)
        await expect(dialog).to_be_visible()
        other = await ada.visitor.new_tab()
        await other.goto(f"{ada.portal}/home")
        await pass_by(15)  # the first tab looks again
        await expect(dialog).to_be_hidden()
        await other.close()

        await pass_by(15 * 60 + 5)
        await expect(ada.main).to_contain_text("You were logged off: nothing was done")
        await ada.sees("log-on, session ended")
        await ada.log_on()
        await ada.at("/sent")


async def test_before_the_twelve_hours_are_over_she_is_told_once_that_going_on_will_not_help(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        await ada.page.clock.install()
        for _ in range(51):
            stage.let_time_pass(14 * 60)
            assert (await ada.page.request.get(f"{ada.portal}/sent")).ok
        last = ada.page.locator("dialog#last")
        await expect(last).to_be_hidden()

        async with ada.page.expect_response("**/session/ends") as told:
            await ada.go("/settings")
        await (await told.value).finished()
        await ada.page.evaluate("() => new Promise(requestIdleCallback)")
        stage.let_time_pass(4 * 60)
        await ada.page.clock.fast_forward(4 * 60 * 1000)
        await expect(last).to_be_visible()
        await ada.sees("about to be logged off after twelve hours")
        await last.get_by_role("button").click()
        await expect(last).to_be_hidden()
        stage.let_time_pass(15)
        await ada.page.clock.fast_forward(15 * 1000)
        await expect(last).to_be_hidden()
        await expect(ada.page.get_by_role("dialog")).to_be_hidden()

        stage.let_time_pass(2 * 60)
        await ada.page.clock.fast_forward(2 * 60 * 1000)
        await expect(ada.main).to_contain_text("the session was 12 hours old")
        await ada.log_on()
        await ada.at("/settings")
