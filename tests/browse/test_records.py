"""At the desk: a record is found and corrected, a username read out, what was handed out void."""

import json

from playwright.async_api import expect

from deploy.tour.person import Person
from tests.browse.conftest import AtPortal
from tests.browse.desk import SECOND, Desk
from tests.support.suite import Suite


async def test_a_misspelt_record_is_found_and_corrected_and_its_token_fits(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    first = await desk.token_for(somebody)
    await desk.move(SECOND)
    right, misspelt = somebody.last_name, f"Hál{somebody.username[-6:]}"
    somebody.last_name = misspelt
    second = await desk.token_for(somebody)
    somebody.last_name = right
    async with at_portal(somebody) as ada:
        await ada.enrol(first)
        await ada.go("/settings/practices/add")
        await ada.fill(token=second, password=somebody.password)
        await ada.press()
        await expect(ada.summary).to_contain_text("a different name or date of birth")

        await desk.find(misspelt.upper().replace("Á", "A"))
        await desk.correct(**{"Last name": right, "Home phone": f"+1 {somebody.home_phone}"})
        await expect(desk.page.get_by_role("status")).to_contain_text("The record is corrected.")
        await desk.visitor.sees("desk, a corrected patient")
        await ada.fill(token=second, password=somebody.password)
        await ada.press()

        await ada.at("/home")
        await expect(ada.main).to_contain_text("Seeblick")


async def test_of_two_who_correct_a_record_the_second_sees_that_it_has_changed(
    desk: Desk, somebody: Person
) -> None:
    await desk.register(somebody)
    other = await desk.page.context.new_page()
    await other.goto(f"{desk.page.url}/correct")

    await desk.correct(**{"First name": "June"})
    await other.get_by_label("First name").fill("Juno")
    await other.get_by_role("button", name="Save").click()

    await expect(other.get_by_role("alert")).to_contain_text("has changed since you opened it")
    await other.get_by_role("link", name="Begin with the record as it is now").click()
    await expect(other.get_by_label("First name")).to_have_value("June")
    await other.get_by_label("First name").fill("Juno")
    await other.get_by_role("button", name="Save").click()
    await expect(other.get_by_role("heading", level=1)).to_contain_text("Juno")


async def test_her_username_is_read_out_and_she_is_told_by_mail_and_in_the_portal(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    token = await desk.token_for(somebody)
    async with at_portal(somebody) as ada:
        await ada.enrol(token)
        await ada.log_off()
        mark = await ada.mailbox.newest()

        username = await desk.read_username(somebody)

        mail = await ada.mailbox.wait_for(somebody.address, after=mark, within=30)
        assert "looked up your" in mail.subject
        assert username not in mail.text
        await ada.log_on(name=username)
        await ada.go("/home")
        await expect(ada.main.locator(".notices")).to_contain_text("looked up")
        await ada.sees("home, a username was read")


async def test_an_e_mail_is_waived_and_that_is_taken_back(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    token = await desk.token_for(somebody)
    async with at_portal(somebody) as ada:
        await ada.enrol(token)

        await desk.do(somebody, "Waive the e-mail", "No e-mail is required")
        await desk.visitor.sees("desk, e-mail waived")
        await expect(desk.page.get_by_text("E-mail waived")).to_be_visible()
        await desk.do(somebody, "Take the waiver back", "The waiver is taken back")
        await expect(desk.page.get_by_text("E-mail waived")).to_have_count(0)


async def test_what_was_handed_out_is_listed_and_made_void(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    token = await desk.token_for(somebody)
    await desk.visitor.go(f"{desk.url}/handed-out")
    await desk.visitor.sees("desk, handed out")
    row = desk.page.locator("tr", has_text=somebody.patient_id)
    await expect(row).to_contain_text("desk-1")
    await expect(row).to_contain_text("Good")

    await desk.do(somebody, "Make void: Enrolment token", "It opens nothing any more.")
    await desk.visitor.sees("desk, a patient whose token is void")

    async with at_portal(somebody) as ada:
        await ada.refused(token)


async def test_the_desk_speaks_spanish_as_well_and_says_who_it_is(desk: Desk) -> None:
    await desk.visitor.go(f"{desk.url}/client")
    await desk.visitor.sees("desk, client")
    await expect(desk.page.locator("main")).to_contain_text("patients:write")

    await desk.page.get_by_role("button", name="Español").click()

    await expect(desk.page).to_have_url(f"{desk.url}/client")
    await expect(desk.page.get_by_role("heading", level=1)).to_have_text("Este sistema")
    await desk.visitor.go(f"{desk.url}/patients")
    await desk.visitor.sees("desk, patients, in Spanish")


async def test_a_list_of_patients_is_pasted_twice_and_each_is_invited_once(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    good = f"L-{somebody.username},{somebody.last_name},June,{somebody.birth_date},"
    rows = f"{good}{somebody.address}\nL-{somebody.username}-b,Hale,,1988-04-17,\n"
    async with at_portal(somebody) as ada:
        mark = await ada.mailbox.newest()
        for said, invited in (("Registered", "is on its way"), ("Was here before", "before")):
            await desk.visitor.go(f"{desk.url}/patients")
            await desk.page.get_by_role("link", name="Register a list").click()
            await desk.visitor.sees("desk, a list")
            area = desk.page.get_by_label("The list")
            heading = "number,last_name,first_name,birth_date,email\n"
            await area.fill(heading + rows)
            await desk.page.get_by_label("Invite who has an e-mail").check()
            await desk.page.get_by_role("button", name="Register the list").click()

            first, second = (desk.page.locator("tbody tr").nth(place) for place in (0, 1))
            await expect(first).to_contain_text(said)
            await expect(first).to_contain_text(invited)
            await expect(second).to_contain_text("Not in order")
            await expect(second).to_contain_text("first_name")
            await desk.visitor.sees("desk, a list registered")

        mail = await ada.mailbox.wait_for(somebody.address, after=mark, within=30)
        assert "enrol/invitation#" in mail.text
    await desk.page.get_by_role("textbox", name="The list").fill("Hale,June\nGreen,Jo")
    await desk.page.get_by_role("button", name="Register the list").click()
    await expect(desk.page.get_by_role("alert")).to_contain_text("Name the columns")


async def test_a_practice_gives_its_system_a_new_secret_and_revokes_it(
    desk: Desk, suite: Suite
) -> None:
    """A client of its own: the others sit down with the demo's."""
    printed = await suite.stack.verb(
        "identity", "practice", "add", "Waldrand", "--contact", "at the desk", "--json"
    )
    made = json.loads(printed)
    await desk.page.get_by_role("button", name="Leave the desk").click()
    await desk.sit_down_with(made["client_id"], made["client_secret"])
    await desk.visitor.go(f"{desk.url}/client")
    await expect(desk.page.locator("main")).to_contain_text("5000 of 5000 left")

    await desk.page.get_by_role("link", name="Make a new secret").click()
    await desk.visitor.sees("desk, a new secret")
    await desk.page.get_by_role("button", name="Make a new secret").click()
    secret = desk.page.locator("#client-secret")
    await expect(secret).to_be_visible()
    await desk.visitor.sees("desk, a new secret, shown")
    assert await secret.inner_text() != made["client_secret"]

    await desk.visitor.go(f"{desk.url}/client")
    await desk.page.get_by_role("link", name="Revoke this system").click()
    await desk.page.get_by_label("Reason").fill("it was stolen")
    await desk.page.get_by_role("button", name="Revoke this system").click()
    await expect(desk.page.locator("#main")).to_contain_text("Tick the box")
    await desk.visitor.sees("desk, revoke, refused")
    await desk.page.get_by_label("I know that this cannot be undone").check()
    await desk.page.get_by_label("Reason").fill("it was stolen")
    await desk.page.get_by_role("button", name="Revoke this system").click()
    await expect(desk.page).to_have_url(f"{desk.url}/")
