"""Story 16: a forgotten password, set once by what the practice knows of her."""

import pytest
from playwright.async_api import expect

from deploy.tour.person import Person
from tests.browse.conftest import AtPortal
from tests.browse.desk import Desk
from tests.browse.patient import Patient

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
