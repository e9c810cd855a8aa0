"""Somebody asks a practice to be enrolled, and the desk decides (EN-4)."""

import pytest
from playwright.async_api import expect

from deploy.tour.person import Person
from tests.browse.conftest import AtPortal
from tests.browse.desk import Desk
from tests.browse.patient import Patient


async def takes_requests(desk: Desk) -> None:
    """The practice says so in its settings."""
    await desk.visitor.go(f"{desk.url}/settings")
    await desk.page.get_by_label("People may ask to be enrolled").check()
    await desk.page.get_by_role("button", name="Save").click()
    await expect(desk.page.get_by_role("status")).to_contain_text("was changed")


async def asks(ada: Patient, person: Person, *, email: bool) -> None:
    """By the link on the log-on page, and what the form asks for."""
    await ada.go("/log-on")
    await ada.page.get_by_role("link", name="Ask to enrol").click()
    await ada.sees("enrol, ask")
    await ada.page.get_by_label("Practice").select_option(index=0)
    await ada.fill(first_name=person.first_name, last_name=person.last_name)
    await ada.fill_birthday()
    await ada.fill(home_phone="555 0134", address="1 Elm Street")
    await ada.press()
    await expect(ada.summary).to_contain_text("Type your e-mail address, or tick")
    if email:
        await ada.fill(email=person.address)
    else:
        await ada.page.get_by_label("I do not wish to provide an e-mail address").check()
    await ada.press()
    await ada.at("/enrol/requested")
    await ada.sees("enrol, requested")


async def opens(desk: Desk, person: Person) -> None:
    """The desk opens her request."""
    await desk.visitor.go(f"{desk.url}/requests")
    await desk.visitor.sees("desk, requests")
    await desk.page.get_by_role("link", name=person.last_name).last.click()
    await desk.visitor.sees("desk, a request")
    await expect(desk.page.locator("main")).to_contain_text("555 0134")


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
async def test_who_asks_and_is_approved_enrols_by_the_mailed_link(
    desk: Desk, at_portal: AtPortal, somebody: Person, scripted: bool
) -> None:
    somebody.last_name = f"Ask{somebody.username[-6:]}"
    await takes_requests(desk)
    async with at_portal(somebody, scripted=scripted) as ada:
        await asks(ada, somebody, email=True)
        await opens(desk, somebody)
        await desk.page.get_by_role("button", name="Approve").click()
        await expect(desk.page.get_by_role("status")).to_contain_text("is on its way")

        await ada.open_link("enrol/invitation")
        await ada.fill_birthday()
        await ada.fill(home_phone="+1 555 0134")
        await ada.press()
        await ada.at("/enrol/terms")


async def test_who_has_no_e_mail_is_handed_a_token(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    somebody.last_name = f"Ask{somebody.username[-6:]}"
    await takes_requests(desk)
    async with at_portal(somebody) as ada:
        await asks(ada, somebody, email=False)
        await opens(desk, somebody)
        await desk.page.get_by_role("button", name="Approve").click()
        await expect(desk.page.get_by_role("status")).to_contain_text("Hand out a token now.")

        await ada.enrol(await desk.issue())


async def test_who_is_rejected_is_told_and_not_why(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    somebody.last_name = f"Ask{somebody.username[-6:]}"
    await takes_requests(desk)
    async with at_portal(somebody) as ada:
        await asks(ada, somebody, email=True)
        mark = await ada.mailbox.newest()
        await opens(desk, somebody)
        await desk.page.get_by_label("Patient id").fill("none")
        await desk.page.get_by_label("Mail the invitation to").select_option("")
        await desk.page.get_by_role("button", name="Approve").click()
        await expect(desk.page.get_by_role("alert")).to_contain_text("This is no patient id.")
        await expect(desk.page.get_by_label("Mail the invitation to")).to_have_value("")
        await desk.page.locator("#reject-reason").fill("Lives elsewhere")
        await desk.page.get_by_role("button", name="Reject").click()
        await expect(desk.page.get_by_role("status")).to_contain_text("was rejected")

        mail = await ada.mailbox.wait_for(
            somebody.address, after=mark, subject="The answer", within=30
        )
        assert "elsewhere" not in mail.text
