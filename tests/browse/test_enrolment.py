"""Stories 1, 3, 4, 5 and 28: from what a practice handed out to one's home page."""

import re
from dataclasses import replace

import pytest
from playwright.async_api import expect

from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.browse.conftest import AtPortal
from tests.browse.desk import SECOND, Desk


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
async def test_a_person_makes_an_account_with_a_token_and_verifies_her_e_mail(
    desk: Desk, at_portal: AtPortal, somebody: Person, scripted: bool
) -> None:
    token = await desk.token_for(somebody)
    async with at_portal(somebody, scripted=scripted) as ada:
        page = ada.page
        await ada.go("/")
        await ada.at("/log-on")
        await ada.sees("log-on")
        await page.get_by_role("link", name="Make an account").click()
        await ada.sees("enrol, ways")
        await page.get_by_role("link", name="I have an enrolment token").click()
        await ada.sees("enrol, token")

        # The token is right only with her own name and birthday: one sentence for whatever is not.
        await ada.press("Continue")
        await expect(ada.summary).to_be_visible()
        assert await page.title() == "Error: Your enrolment token – Portico"
        await ada.sees("enrol, token, refused")
        await ada.give_token(token)
        await expect(ada.main).to_contain_text("Lindenhof enrols you.")
        await ada.sees("enrol, terms")
        await ada.accept_terms()
        await ada.sees("enrol, e-mail")
        await ada.press("Continue")
        await expect(ada.summary).to_contain_text("tick that you do not wish to provide one")
        await ada.sees("enrol, e-mail, refused")
        await ada.fill(email=somebody.address)
        await ada.press("Continue")

        await ada.at("/enrol/credentials")
        await ada.sees("enrol, credentials")
        await ada.fill(username=somebody.username, password="short", again="short")
        await ada.press("Make my account")
        await expect(ada.summary).to_be_visible()
        await ada.sees("enrol, credentials, refused")
        assert await page.locator("#password").input_value() == ""  # a secret is never put back
        assert await page.locator("#username").input_value() == somebody.username
        await ada.choose_credentials()

        await ada.sees("enrol, done")
        await page.get_by_role("link", name="Continue").click()
        await ada.at("/gate/e-mail")
        await expect(ada.main).to_contain_text(somebody.address)
        await ada.sees("gate, e-mail")
        await ada.open_link("verify-email")
        await ada.sees("verify e-mail" + ("" if scripted else ", pasted"))
        await ada.press("Confirm")
        await ada.decline_two_step()

        await expect(ada.main).to_contain_text("at any time in your settings")
        await expect(ada.main).to_contain_text(f"You are logged on as {somebody.username}.")
        await expect(ada.main).to_contain_text("Lindenhof")
        await expect(ada.main).not_to_contain_text("Still to do")
        await ada.sees("home")


async def test_the_rules_of_a_password_are_ticked_off_while_she_types(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    token = await desk.token_for(somebody)
    async with at_portal(somebody) as ada:
        await ada.give_token(token)
        await ada.accept_terms()
        await ada.fill(email=somebody.address)
        await ada.press("Continue")
        await ada.at("/enrol/credentials")
        password, rules = ada.page.locator("#password"), ada.page.locator("#rules")

        async def state(rule: str, word: str) -> None:
            await expect(rules.locator(f"[data-rule={rule}] .state")).to_have_text(word)

        await state("has_upper", "not met yet")
        await password.press_sequentially("walnut")
        await state("has_lower", "met")
        await state("has_upper", "not met yet")
        await password.press_sequentially("-Harbour-1")
        for rule in ("has_upper", "has_digit", "has_special", "long_enough"):
            await state(rule, "met")
        spoken = rules.get_by_role("status")
        await expect(spoken).to_have_text(re.compile(r"^(\d+) of \1 rules met$"))
        await ada.sees("enrol, credentials, rules met")
        await password.fill(somebody.last_name)
        await state("not_name", "not met yet")

        await ada.page.get_by_role("button", name="Show the password", exact=True).click()
        assert await password.get_attribute("type") == "text"


async def test_a_username_that_is_taken_is_told_at_its_field(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    other = Person.met_for_the_first_time(stage.randomness)
    async with at_portal(other) as bea:
        await bea.enrol(await desk.token_for(other))
    token = await desk.token_for(somebody)
    async with at_portal(somebody) as ada:
        await ada.give_token(token)
        await ada.accept_terms()
        await ada.fill(email=somebody.address)
        await ada.press()
        await ada.at("/enrol/credentials")

        await ada.fill(username=other.username, password=somebody.password, again=somebody.password)
        await ada.press()

        await expect(ada.summary).to_be_focused()
        await ada.summary.get_by_role("link").first.click()
        await expect(ada.page.locator("#username")).to_be_focused()
        await expect(ada.page.locator("#username-wrong")).to_be_visible()
        await ada.sees("enrol, credentials, username taken")
        await ada.choose_credentials()


async def test_the_next_person_at_a_device_begins_anew_though_the_one_before_left_half_way(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    first, second = await desk.token_for(somebody), await desk.token_for(somebody)
    async with at_portal(somebody) as ada:
        await ada.give_token(first)
        await ada.accept_terms()
        await ada.fill(email=somebody.address)
        await ada.press("Continue")
        await ada.at("/enrol/credentials")

        await ada.give_token(second)
        await ada.at("/enrol/terms")
        await ada.accept_terms()

        await ada.at("/enrol/e-mail")
        assert await ada.page.locator("#email").input_value() == ""


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
async def test_without_an_e_mail_she_is_told_what_she_lacks_and_the_account_works(
    desk: Desk, at_portal: AtPortal, somebody: Person, scripted: bool
) -> None:
    known = {"Home phone": somebody.home_phone, "Address": f"{somebody.street}, Springfield"}
    await desk.register(somebody, **known)
    token = await desk.issue()
    async with at_portal(somebody, scripted=scripted) as ada:
        await ada.give_token(token)
        await ada.accept_terms()
        await ada.page.get_by_label("I do not wish to provide an e-mail address").check()
        await ada.press()
        await ada.at("/enrol/credentials")
        await ada.choose_credentials()

        ways = ada.page.locator(".routes li")
        await expect(ways).to_have_text(
            ["Once, by what your practice knows of you.", "By asking your practice."]
        )
        await ada.log_off()
        await ada.log_on()

        await ada.at("/gate/e-mail")
        await ada.sees("gate, no e-mail")
        await ada.press("Not now")
        await ada.decline_two_step()
        await expect(ada.main).to_contain_text("Still to do")
        await ada.sees("home, no e-mail")


async def test_whoever_declines_the_terms_has_no_account(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    token = await desk.token_for(somebody)
    async with at_portal(somebody) as ada:
        await ada.give_token(token)

        await ada.press("I decline")

        await ada.at("/enrol/declined")
        await ada.sees("enrol, declined")
        await ada.enrol(token)  # which is still good


async def test_a_person_makes_an_account_in_spanish(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    token = await desk.token_for(somebody)
    async with at_portal(somebody) as ada:
        await ada.go("/log-on")
        await ada.page.get_by_role("button", name="Español").click()
        await expect(ada.page.locator("html")).to_have_attribute("lang", "es")
        await ada.sees("log-on, Spanish")

        await ada.enrol(token)

        assert await ada.page.locator("html").get_attribute("lang") == "es"
        await expect(ada.main).to_contain_text("Lindenhof")
        await ada.sees("home, Spanish")
        await ada.go("/settings")
        await ada.sees("settings, Spanish")


async def test_a_temporary_username_and_password_work_once_and_never_at_the_log_on(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    await desk.register(somebody)
    username, password = await desk.make_temporary()
    async with at_portal(somebody) as ada:
        await ada.go("/log-on")
        await ada.fill(username=username, password=password)
        await ada.press()
        await expect(ada.summary).to_contain_text("do not log you on")

        await ada.go("/enrol")
        await ada.page.get_by_role("link", name="temporary username and password").click()
        await ada.sees("enrol, temporary")
        await ada.fill(username=username, password="ABCD-EFGH-JKMN-PQRS")
        await ada.press()
        await expect(ada.summary).to_be_visible()
        await ada.sees("enrol, temporary, refused")
        await ada.fill(username=username, password=password)
        await ada.press()
        await ada.at("/enrol/terms")
        await expect(ada.main).not_to_contain_text("I have an account already")
        await ada.accept_terms()
        await ada.page.locator("#no_email").check()
        await ada.press()
        await ada.choose_credentials()
        await ada.log_off()
        await ada.log_on()
        await ada.at("/gate/e-mail")
        await ada.log_off()

        await ada.go("/enrol/temporary")
        await ada.fill(username=username, password=password)
        await ada.press()
        await expect(ada.summary).to_contain_text("log on with your own")


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
async def test_an_invitation_that_a_scanner_has_opened_enrols_by_phone_and_birthday(
    desk: Desk, at_portal: AtPortal, somebody: Person, scripted: bool
) -> None:
    await desk.register(
        somebody, **{"Home phone": f"+1 {somebody.home_phone}", "E-mail address": somebody.address}
    )
    await desk.invite()
    scanner = replace(somebody)
    async with at_portal(scanner) as opened:
        link = await opened.link("enrol/invitation")
        for method in (opened.page.request.head, opened.page.request.get):
            await method(link)
        await opened.visitor.go(link)
    async with at_portal(somebody, scripted=scripted) as ada:
        await ada.open_link("enrol/invitation")
        await ada.sees("enrol, invitation" + ("" if scripted else ", pasted"))
        await ada.press()
        await expect(ada.summary).to_contain_text("Type your date of birth and your home phone")
        await ada.fill_birthday()
        await ada.fill(home_phone="555 9999")
        await ada.press()
        await expect(ada.summary).to_contain_text("do not fit together")
        await ada.sees("enrol, invitation, refused")
        await ada.fill_birthday()
        await ada.fill(home_phone=f"({somebody.home_phone[:3]}) {somebody.home_phone[4:]}")
        await ada.press()
        await ada.at("/enrol/terms")
        await expect(ada.main).to_contain_text("Lindenhof enrols you.")
        await ada.accept_terms()
        await ada.fill(email=somebody.address)
        await ada.press()
        await ada.choose_credentials()


async def test_an_invitation_by_the_practices_number_adds_it_to_the_account_she_has(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    first = await desk.token_for(somebody)
    await desk.move(SECOND)
    number = somebody.username.rpartition(".")[2]
    await desk.register(
        somebody, **{"Your number for this patient": number, "E-mail address": somebody.address}
    )
    await desk.invite()
    async with at_portal(somebody) as ada:
        await ada.enrol(first)
        await ada.log_off()
        await ada.open_link("enrol/invitation")
        await ada.fill(number=number)
        await ada.press()
        await ada.at("/enrol/terms")
        await ada.page.get_by_role("link", name="I have an account already").click()
        await expect(ada.main).to_contain_text("Seeblick will be added")
        await ada.sees("enrol, add what was proven")
        await ada.fill(username=somebody.username, password=somebody.password)
        await ada.press()

        await ada.at("/home")
        await expect(ada.main).to_contain_text("Lindenhof")
        await expect(ada.main).to_contain_text("Seeblick")
