"""Story 16: a forgotten password, set once by what the practice knows of her (RC-6, RC-7)."""

import pytest
from playwright.async_api import expect

from deploy.tour.person import Person
from tests.browse.conftest import AtPortal
from tests.browse.desk import Desk
from tests.browse.patient import Patient
from tests.browse.test_questions import ANSWERS, choose

NEW = "Maple-Lantern-73"


async def say_who_she_is(ada: Patient, phone: str | None = None) -> None:
    """From the log-on page to the question which address is hers."""
    if phone is None:
        phone = f"+1 {ada.person.home_phone}"
    await ada.go("/log-on")
    await ada.page.get_by_role("link", name="Forgot password?").click()
    await ada.fill(username=ada.person.username)
    await ada.press()
    await ada.at("/forgot-password/ways")
    await ada.page.get_by_role("link", name="Say who I am").click()
    await ada.at("/forgot-password/validation")
    await ada.fill(
        last_name=ada.person.last_name,
        first_name=ada.person.first_name,
        home_phone=phone,
    )
    await ada.fill_birthday()
    await ada.press()


async def sets(ada: Patient, password: str) -> None:
    await ada.at("/new-password")
    await ada.fill(password=password, again=password)
    await ada.press()


async def forgets_again(ada: Patient) -> None:
    """Once was all: she has no address for a link, and what she says of herself opens nothing."""
    await ada.page.get_by_role("link", name="Forgot password?").click()
    await ada.fill(username=ada.person.username)
    await ada.press()
    await ada.at("/forgot-password/ways")
    await ada.press("Mail me a link")
    await ada.at("/forgot-password/sent")
    await ada.main.get_by_role("link", name="Other ways to a new password").click()
    await ada.at("/forgot-password/ways")
    await say_who_she_is(ada)
    await ada.at("/forgot-password/address")
    await expect(ada.page.locator("#address-none")).to_be_visible()  # the last of them
    await expect(ada.main).not_to_contain_text(ada.person.street)
    await ada.page.locator("#address-2").check()
    await ada.press()
    await ada.summary.get_by_role("link").first.click()
    await ada.at("/contact-your-practice")
    await expect(ada.main).to_contain_text("give you a code for a new password")


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
async def test_she_says_who_she_is_picks_her_address_and_is_asked_for_an_e_mail_first(
    desk: Desk, at_portal: AtPortal, somebody: Person, scripted: bool
) -> None:
    address = f"{somebody.street}, Springfield, IL 62704"
    phone = f"({somebody.home_phone[:3]}) {somebody.home_phone[4:]}"
    await desk.register(somebody, **{"Home phone": phone, "Address": address})
    token = await desk.issue()
    async with at_portal(somebody, scripted=scripted) as ada:
        await ada.enrol(token, email=False)
        await ada.log_off()

        await say_who_she_is(ada)
        await ada.at("/forgot-password/address")
        await ada.sees("forgot password, address")
        await ada.press()
        await expect(ada.summary).to_be_visible()
        await ada.page.get_by_label(address).check()
        await ada.press()
        await ada.at("/new-password")
        await ada.sees("new password, by validation")
        await ada.fill(password=NEW, again=NEW)
        await ada.press()

        await ada.at("/log-on")
        await ada.sees("log on, a new password is set")
        await ada.log_on(password=NEW)
        await ada.at("/gate/e-mail")
        await ada.sees("gate, e-mail required")
        await ada.go("/home")
        await ada.at("/gate/e-mail")
        assert await ada.page.get_by_role("button", name="Not now").count() == 0
        await ada.fill(email=somebody.address)
        await ada.press()
        await ada.at("/gate/e-mail")
        await ada.open_link("verify-email")
        await ada.press()
        await ada.decline_two_step()


async def test_until_five_questions_and_an_e_mail_are_set_only_her_practice_helps_who_forgets_again(
    asking: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    address = f"{somebody.street}, Springfield, IL 62704"
    await asking.asks_questions(False)
    await asking.register(somebody, **{"Home phone": somebody.home_phone, "Address": address})
    token = await asking.issue()
    async with at_portal(somebody) as ada:
        await ada.enrol(token, email=False)
        await ada.log_off()
        await asking.asks_questions()
        await say_who_she_is(ada)
        await ada.page.get_by_label(address).check()
        await ada.press()
        await sets(ada, NEW)
        await ada.at("/log-on")
        await ada.log_on(password=NEW)
        await ada.at("/gate/questions")
        for path in ("/home", "/gate/e-mail"):
            await ada.go(path)
            await ada.at("/gate/questions")
        await ada.log_off()

        await forgets_again(ada)
        code = await asking.give_code(somebody)
        await ada.go("/reset-token")
        await ada.fill(username=somebody.username, token=code)
        await ada.press()
        await sets(ada, f"{NEW}-again")

        await ada.at("/gate/questions")
        await choose(ada, ANSWERS)
        await ada.press()
        await ada.at("/gate/e-mail")
        await ada.go("/home")
        await ada.at("/gate/e-mail")
        assert await ada.page.get_by_role("button", name="Not now").count() == 0
        await ada.fill(email=somebody.address)
        await ada.press()
        await ada.open_link("verify-email")
        await ada.press()
        await ada.decline_two_step()


async def test_a_stranger_sees_four_addresses_as_well_and_none_is_right(
    at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as eve:
        await say_who_she_is(eve)
        await eve.at("/forgot-password/address")
        await eve.page.locator("#address-2").check()
        await eve.press()

        await expect(eve.summary).to_be_visible()
        await eve.sees("forgot password, address refused")
        await eve.summary.get_by_role("link").first.click()
        await eve.at("/contact-your-practice")


async def test_what_is_missing_is_named_before_anybody_is_asked(
    at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as eve:
        await say_who_she_is(eve, phone="")

        await eve.at("/forgot-password/validation")
        await expect(eve.summary).to_be_visible()
        await eve.sees("forgot password, who you are")
