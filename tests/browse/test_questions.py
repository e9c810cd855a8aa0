"""Stories 1, 10 and 14: five security questions on the way in, two of them for a new password.

Story 17: others are set in the settings, and she is told (the rest of it: `test_settings.py`).
"""

import pytest
from playwright.async_api import expect

from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.browse.conftest import AtPortal
from tests.browse.desk import Desk
from tests.browse.patient import Patient

NEW = "Maple-Lantern-73"
LOCK_SECONDS = 20 * 60
ANSWERS = {
    "first-pet": "Biscuit the Second",
    "childhood-street": "Orchard Row",
    "first-job": "Port Larkin",
    "first-dish": "Barley soup",
    "oldest-cousin": "Wendeline",
}
OTHERS = {code: f"{answer} again" for code, answer in ANSWERS.items()}
ROUTES = [
    "By a link in a mail to your account e-mail.",
    "By answering two of your security questions.",
    "By asking your practice.",
]


async def enrol(patient: Patient, token: str, *, email: bool = False) -> None:
    """Make an account, mostly without an e-mail; five questions come before all else."""
    await patient.give_token(token)
    await patient.accept_terms()
    if email:
        await patient.fill(email=patient.person.address)
    else:
        await patient.page.locator("#no_email").check()
    await patient.press()
    await patient.at("/enrol/credentials")
    await take_name(patient, patient.person.username)
    await patient.at("/gate/questions")


async def take_name(patient: Patient, username: str) -> None:
    """Choose this username, with a password."""
    password = patient.person.password
    await patient.fill(username=username, password=password, again=password)
    await patient.press()


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


async def asked_of(patient: Patient) -> list[str]:
    """Read the two questions."""
    labels = patient.main.locator("form label")
    await expect(labels).to_have_count(2)
    return await labels.all_inner_texts()


async def forget(patient: Patient, name: str) -> None:
    """Say that the password is forgotten, and choose the questions."""
    await patient.go("/log-on")
    await patient.page.get_by_role("link", name="Forgot password?").click()
    await patient.fill(username=name)
    await patient.press()
    await patient.at("/forgot-password/ways")
    await patient.main.get_by_role("link", name="Answer two questions").click()
    if "@" in name:
        await patient.at("/forgot-password/username")
        await patient.sees("questions, by username")
        await patient.fill(username=patient.person.username)
        await patient.press()
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

        await forget(ada, somebody.address)
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


async def test_she_enrols_with_an_e_mail_and_five_questions_and_so_comes_home(
    stage: Stage, asking: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    other = Person.met_for_the_first_time(stage.randomness)
    async with at_portal(other) as bea:
        await enrol(bea, await asking.token_for(other))
    token = await asking.token_for(somebody)
    async with at_portal(somebody) as ada:
        await ada.give_token(token)
        await ada.accept_terms()
        await ada.fill(email=somebody.address)
        await ada.press()
        await ada.at("/enrol/credentials")
        digit = ada.page.locator("#rules [data-rule=has_digit] .state")
        await ada.fill(password="Walnut-Harbour")
        await expect(digit).to_have_text("not met yet")
        await ada.fill(password=somebody.password)
        await expect(digit).to_have_text("met")
        await take_name(ada, other.username)
        await expect(ada.page.locator("#username-wrong")).to_be_visible()
        await take_name(ada, somebody.username)

        await ada.at("/gate/questions")
        await choose(ada, ANSWERS)
        await ada.press()
        await ada.at("/gate/e-mail")
        await expect(ada.main).to_contain_text(somebody.address)
        await ada.open_link("verify-email")
        await ada.press("Confirm")
        await ada.decline_two_step(to="/enrol/done")
        await expect(ada.page.locator(".routes li")).to_have_text(ROUTES)
        await ada.sees("enrolled, with questions")
        await ada.main.get_by_role("link", name="Continue").click()

        await ada.at("/home")
        await expect(ada.main).to_contain_text(f"You are logged on as {somebody.username}.")
        await expect(ada.main).to_contain_text("Seeblick")
        await expect(ada.main).not_to_contain_text("Still to do")
        await ada.go("/settings")
        await expect(ada.page.locator(".routes li")).to_have_text(ROUTES)


async def test_who_had_an_account_before_is_let_to_no_page_until_five_are_set_in_any_browser(
    asking: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    await asking.asks_questions(False)
    token = await asking.token_for(somebody)
    async with at_portal(somebody) as ada, at_portal(somebody) as library:
        await ada.enrol(token)
        await ada.log_off()
        await asking.asks_questions()

        await ada.log_on()
        await ada.at("/gate/questions")
        for path in ("/home", "/settings", "/settings/questions", "/sent", "/merge", "/enrol/done"):
            await ada.go(path)
            await ada.at("/gate/questions")
        await library.log_on()
        await library.at("/gate/questions")
        await choose(library, ANSWERS)
        await library.press()

        await library.at("/home")
        await ada.go("/home")
        await ada.at("/home")


async def test_the_third_wrong_try_locks_her_questions_a_mail_says_so_and_later_they_open(
    stage: Stage, asking: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    token = await asking.token_for(somebody)
    async with at_portal(somebody) as ada:
        await enrol(ada, token, email=True)
        await choose(ada, ANSWERS)
        await ada.press()
        await ada.at("/gate/e-mail")
        await ada.open_link("verify-email")
        await ada.press()
        await ada.decline_two_step(to="/enrol/done")
        await ada.log_off()
        mark = await ada.mailbox.newest()

        await forget(ada, somebody.username)
        asked = await asked_of(ada)
        for answers in ({}, {}, {}, ANSWERS):  # the right ones are too late
            await answer(ada, answers)
            await expect(ada.summary).to_contain_text("These answers do not open the account")
            await expect(ada.page.locator("#answer1")).to_have_value("")
        mail = await ada.mailbox.wait_for(
            somebody.address, subject="were answered wrongly", after=mark, within=30
        )
        assert "no answers are taken, also right ones" in mail.text

        stage.let_time_pass(LOCK_SECONDS)
        await forget(ada, somebody.username)
        assert await asked_of(ada) == asked
        await answer(ada, ANSWERS)
        await ada.at("/new-password")
        await ada.fill(password=NEW, again=NEW)
        await ada.press()
        await ada.at("/home")


async def test_she_sets_others_in_the_settings_in_spanish_and_those_before_open_nothing(
    asking: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    token = await asking.token_for(somebody)
    async with at_portal(somebody) as ada:
        await enrol(ada, token, email=True)
        await choose(ada, ANSWERS)
        await ada.press()
        await ada.at("/gate/e-mail")
        await ada.open_link("verify-email")
        await ada.press("Confirm")
        await ada.decline_two_step(to="/enrol/done")
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
        mail = await ada.mailbox.wait_for(
            somebody.address,
            subject="The security questions of your Portico account were set",
            within=30,
        )
        assert f"{ada.portal}/not-me#" in mail.text
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
        asked = await asked_of(stranger)
        for _ in range(4):
            await answer(stranger, {})
            await expect(stranger.summary).to_contain_text("These answers do not open the account")
            assert await asked_of(stranger) == asked
