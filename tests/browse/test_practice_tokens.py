"""Story 15: a forgotten password, and a code that the practice gives out (RC-5, RC-10)."""

import pytest
from playwright.async_api import expect

from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.browse.conftest import AtPortal
from tests.browse.desk import Desk
from tests.browse.patient import Patient
from tests.browse.test_two_step import sets_two_step_up

NEW = "Maple-Lantern-73"
A_DAY, DAYS = 10, 20  # codes that an account is given a day (RC-5), and for how many it is tried


async def types(ada: Patient, code: str) -> None:
    """From wherever she is: the help on every page leads to where a code is typed."""
    await ada.page.get_by_role("link", name="I have a code from my practice").first.click()
    await ada.at("/reset-token")
    await ada.fill(username=ada.person.username, token=code)
    await ada.press("Continue")


async def sets(ada: Patient, password: str) -> None:
    await ada.at("/new-password")
    await ada.fill(password=password, again=password)
    await ada.press()


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
async def test_her_practice_gives_her_a_code_and_with_it_she_sets_a_new_password(
    desk: Desk, at_portal: AtPortal, somebody: Person, scripted: bool
) -> None:
    async with at_portal(somebody, scripted=scripted) as ada:
        await ada.enrol(await desk.token_for(somebody), email=False)
        await ada.log_off()
        older = await desk.give_code(somebody)
        code = await desk.give_code(somebody)

        await ada.page.get_by_role("link", name="Forgot password?").click()
        await ada.fill(username=somebody.username)
        await ada.press()
        await ada.at("/forgot-password/ways")
        await ada.main.get_by_role("link", name="I have a code from my practice").click()
        await ada.at("/reset-token")
        await ada.sees("reset token")
        await expect(ada.page.locator("#username")).to_have_value(somebody.username)
        for wrong in (older, code[:7]):
            await ada.fill(token=wrong)
            await ada.press("Continue")
            await expect(ada.summary).to_contain_text("do not fit together")
            await expect(ada.page.locator("#token")).to_have_value("")
        await ada.sees("reset token, refused")
        await ada.fill(token=f"{code[:2]} {code[2:4]}-{code[4:]}")
        await ada.press("Continue")
        await ada.at("/new-password")
        await expect(ada.page.get_by_text(f"the account {somebody.username}")).to_be_visible()
        await ada.fill(password="short", again="short")
        await ada.press()
        await expect(ada.summary).to_be_visible()  # which uses the code not up
        await sets(ada, NEW)

        await ada.at("/gate/e-mail")  # she has none, and one is offered
        await ada.press("Not now")
        await ada.decline_two_step()
        await ada.log_off()
        await types(ada, code)
        await expect(ada.summary).to_be_visible()
        await ada.log_on(password=NEW)
        await ada.at("/gate/e-mail")


async def give_code_that_begins_with_zero(stage: Stage, desk: Desk, person: Person) -> str:
    """One in ten does, so one is issued again and again: none in as many happens to nobody."""
    for _ in range(DAYS):
        for _ in range(A_DAY):
            code = await desk.give_code(person)
            if code.startswith("0"):
                return code
        stage.let_time_pass(24 * 3600)
    raise AssertionError(f"none of {A_DAY * DAYS} codes begins with 0")


@pytest.mark.proves("RC-5")
async def test_the_zeros_that_a_code_begins_with_are_on_the_slip_and_are_typed(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody), email=False)
        await ada.log_off()
        code = await give_code_that_begins_with_zero(stage, desk, somebody)
        assert len(code) == 8

        await types(ada, code.lstrip("0"))
        await expect(ada.summary).to_contain_text("do not fit together")
        await ada.fill(token=code)
        await ada.press("Continue")

        await sets(ada, NEW)
        await ada.at("/gate/e-mail")


async def test_a_code_that_the_practice_made_void_opens_nothing(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody, language="es-US") as ada:
        await ada.enrol(await desk.token_for(somebody), email=False)
        await ada.log_off()
        code = await desk.give_code(somebody)
        await desk.do(somebody, "Make the code void", "opens nothing any more")
        await expect(desk.page.get_by_text("No code of yours is good")).to_be_visible()
        await expect(desk.page.get_by_role("button", name="Make the code void")).to_have_count(0)

        await ada.page.get_by_role("link", name="Tengo un código de mi consultorio").click()
        await ada.sees("reset token, in Spanish")
        await ada.fill(username=somebody.username, token=code)
        await ada.press("Continuar")

        await expect(ada.summary).to_contain_text("no van juntos")


async def test_a_code_for_the_password_spares_no_second_step(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        _, codes = await sets_two_step_up(ada, stage)
        await ada.log_off()

        await types(ada, await desk.give_code(somebody))
        await sets(ada, NEW)

        await ada.at("/gate/second-step")
        await ada.go("/home")
        await ada.at("/gate/second-step")
        await ada.fill(code=codes[0])
        await ada.press("Go on")
        await ada.at("/home")
        mail = await ada.mailbox.wait_for(somebody.address, subject="gave out a code", within=30)
        assert "Lindenhof" in mail.text
