"""Stories 1 and 14: five security questions on the way in, and two of them for a new password."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from deploy.tour.person import Person
from tests.browse.conftest import AtPortal
from tests.browse.desk import SECOND, Desk
from tests.browse.patient import Patient

NEW = "Maple-Lantern-73"
ANSWERS = {
    "first-pet": "Biscuit the Second",
    "childhood-street": "Orchard Row",
    "first-job": "Port Larkin",
    "first-dish": "Barley soup",
    "oldest-cousin": "Wendeline",
}
OTHERS = {code: f"{answer} again" for code, answer in ANSWERS.items()}


@pytest_asyncio.fixture
async def asking(desk: Desk) -> AsyncIterator[Desk]:
    """The desk of a practice that asks its patients for security questions."""
    await desk.move(SECOND)
    await desk.asks_questions()
    yield desk
    await desk.asks_questions(False)


async def enrol(patient: Patient, token: str) -> None:
    """Make an account without an e-mail; five questions come before all else."""
    await patient.give_token(token)
    await patient.accept_terms()
    await patient.page.locator("#no_email").check()
    await patient.press()
    password = patient.person.password
    await patient.fill(username=patient.person.username, password=password, again=password)
    await patient.press()
    await patient.at("/gate/questions")


async def choose(patient: Patient, answers: dict[str, str]) -> None:
    """Choose five questions and type the answers, in this order."""
    for place, (code, answer) in enumerate(answers.items(), start=1):
        await patient.page.locator(f"#question{place}").select_option(code)
        await patient.page.locator(f"#answer{place}").fill(answer)


async def answer(patient: Patient, answers: dict[str, str]) -> None:
    """Type the answers to the two questions that are asked."""
    for place in (1, 2):
        code = await patient.page.locator(f"[name=code{place}]").input_value()
        await patient.page.locator(f"#answer{place}").fill(answers.get(code, "no idea"))
    await patient.press()


async def forget(patient: Patient, name: str) -> None:
    """Say that the password is forgotten, and choose the questions."""
    await patient.go("/log-on")
    await patient.page.get_by_role("link", name="Forgot password?").click()
    await patient.fill(username=name)
    await patient.press()
    await patient.at("/forgot-password/ways")
    await patient.main.get_by_role("link", name="Answer two questions").click()
    await patient.at("/forgot-password/questions")


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
async def test_she_sets_five_questions_on_her_way_in_and_answers_two_for_a_new_password(
    asking: Desk, at_portal: AtPortal, somebody: Person, scripted: bool
) -> None:
    token = await asking.token_for(somebody)
    async with at_portal(somebody, scripted=scripted) as ada:
        await enrol(ada, token)
        await ada.sees("gate, questions")
        await choose(ada, {**ANSWERS, "first-dish": "  BISCUIT the second "})
        await ada.page.locator("#question5").select_option("first-pet")
        await ada.press()
        await expect(ada.page.locator("#question5-wrong")).to_be_visible()
        await expect(ada.page.locator("#answer4-wrong")).to_be_visible()
        await expect(ada.page.locator("#answer1")).to_have_value("")  # never put back
        await expect(ada.page.locator("#question2")).to_have_value("childhood-street")
        await ada.sees("gate, questions, refused")
        await choose(ada, ANSWERS)
        await ada.press()
        await ada.at("/gate/e-mail")
        await ada.go("/settings")
        await expect(ada.main).to_contain_text("By answering two of your security questions.")
        await ada.sees("settings, questions set")
        await ada.log_off()

        await forget(ada, somebody.username)
        await ada.sees("forgot password, questions")
        await answer(ada, {})
        await expect(ada.summary).to_contain_text("These answers do not open the account")
        await ada.sees("forgot password, questions refused")
        await answer(ada, ANSWERS)
        await ada.at("/new-password")
        await ada.fill(password=NEW, again=NEW)
        await ada.press()
        await ada.at("/gate/e-mail")
        await ada.log_off()
        await ada.log_on(password=NEW)
        await ada.at("/gate/e-mail")


async def test_she_sets_others_in_the_settings_in_spanish_and_those_before_open_nothing(
    asking: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    token = await asking.token_for(somebody)
    async with at_portal(somebody) as ada:
        await enrol(ada, token)
        await choose(ada, ANSWERS)
        await ada.press()
        await ada.at("/gate/e-mail")
        await ada.go("/settings")
        await ada.page.get_by_role("button", name="Español").click()
        await ada.main.get_by_role("link", name="Cambiar las preguntas de seguridad").click()
        await ada.at("/settings/questions")
        await expect(ada.main).to_contain_text("¿Cómo se llamaba su primera mascota?")
        await ada.sees("settings, questions, Spanish")
        await choose(ada, OTHERS)
        await ada.fill(password="Wrong-1-Word")
        await ada.press()
        await expect(ada.page.locator("#password-wrong")).to_be_visible()
        await ada.sees("settings, questions, wrong password")
        await choose(ada, OTHERS)
        await ada.fill(password=somebody.password)
        await ada.press()
        await ada.at("/settings")
        await ada.page.get_by_role("button", name="English").click()
        await ada.log_off()

        await forget(ada, somebody.username)
        await answer(ada, ANSWERS)
        await expect(ada.summary).to_be_visible()
        await answer(ada, OTHERS)
        await ada.at("/new-password")


async def test_a_stranger_is_asked_two_questions_as_well_and_reads_the_same(
    at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as stranger:
        await forget(stranger, "nobody.at.all")
        asked = await stranger.main.locator("form label").all_inner_texts()
        for _ in range(4):
            await answer(stranger, {})
            await expect(stranger.summary).to_contain_text("These answers do not open the account")
            assert await stranger.main.locator("form label").all_inner_texts() == asked
