"""Stories of how a practice reaches a patient: at another address, by a notice, not at all."""

import pytest
from playwright.async_api import expect

from deploy.client.eventually import eventually
from deploy.tour.person import Person
from shared.randomness import Randomness
from tests.browse.conftest import AtPortal
from tests.browse.desk import Desk
from tests.browse.patient import Patient


async def adds(ada: Patient, address: str) -> None:
    """Add an address in the settings; mails are looked for there from now on."""
    await ada.go("/settings")
    await ada.main.get_by_role("link", name="Change the notifications").click()
    await ada.at("/settings/notifications")
    await ada.sees("notifications")
    await ada.main.get_by_role("link", name="Add an address").click()
    await ada.sees("another address")
    await ada.fill(email=ada.person.address, password=ada.person.password)
    await ada.press("Send me a mail")
    await expect(ada.page.locator("#email-wrong")).to_be_visible()
    await ada.sees("another address, refused")
    await ada.fill(email=address)  # the password was given once
    await ada.press("Send me a mail")
    await ada.at("/settings/notifications")
    await expect(ada.main).to_contain_text("Not verified yet")
    ada.person.address = address


async def chooses(ada: Patient, label: str, field: str = "default") -> None:
    await ada.go("/settings/notifications")
    await ada.main.get_by_role("link", name="Change Lindenhof").click()
    if field != "default":
        await ada.main.get_by_text("Choose by topic").click()
    await ada.page.locator(f"#{field}").select_option(label=label)
    await ada.sees("notifications of a practice")
    await ada.press("Save")
    await ada.at("/settings/notifications")
    await expect(ada.main).to_contain_text("Your choice was saved.")


async def removes(ada: Patient, address: str) -> None:
    await ada.go("/settings/notifications")
    await ada.main.get_by_role("link", name=f"Remove {address}").click()
    await ada.sees("remove an address")
    if await ada.page.locator("#password").count():
        await ada.fill(password=ada.person.password)
    await ada.press("Remove")


async def mails(ada: Patient, address: str, count: int) -> None:
    async def there() -> None:
        found = [one for one in await ada.mailbox.to(address) if "new" in one.subject]
        assert len(found) == count

    await eventually(there, within=20)


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
async def test_one_practice_writes_to_another_address_until_a_notice_is_chosen(
    desk: Desk, at_portal: AtPortal, somebody: Person, scripted: bool
) -> None:
    own, other = somebody.address, f"other.{somebody.address}"
    async with at_portal(somebody, scripted=scripted) as ada:
        await ada.enrol(await desk.token_for(somebody))
        await adds(ada, other)
        await ada.open_link("settings/notifications/verify")
        await ada.sees("verify an address")
        await ada.press("Confirm")
        await ada.at("/settings/notifications")
        await chooses(ada, f"{other}, else a notice in the portal")
        await ada.sees("notifications, chosen")

        await desk.tells(somebody, "message")
        await mails(ada, other, 1)
        await mails(ada, own, 0)

        await removes(ada, other)
        await expect(ada.summary).to_contain_text("A practice writes to this address.")
        await chooses(ada, "a notice in the portal")
        await chooses(ada, "not at all", "statement")
        await removes(ada, other)
        await ada.at("/settings/notifications")
        await expect(ada.main).to_contain_text("It was removed.")

        await desk.tells(somebody, "appointment")
        await desk.tells(somebody, "statement")

        async def told() -> None:
            await ada.go("/sent")
            practices = ada.page.locator("section", has=ada.page.locator("#practices"))
            await expect(practices).to_contain_text("A notice in the portal", timeout=500)
            await expect(practices).to_contain_text("Not sent: you want none", timeout=500)

        await eventually(told, within=20)
        await ada.sees("sent, as chosen")
        await mails(ada, other, 1)
        await mails(ada, own, 0)


async def test_a_link_to_an_address_waits_for_the_log_on(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    other = f"other.{somebody.address}"
    async with at_portal(somebody) as ada, at_portal(somebody) as library:
        await ada.enrol(await desk.token_for(somebody))
        await adds(ada, other)

        await library.open_link("settings/notifications/verify")
        await library.press("Confirm")
        await library.log_on()
        await library.at("/settings/notifications/verify")
        await library.press("Confirm")

        await library.at("/settings/notifications")
        await expect(library.main).to_contain_text("The address is verified.")


async def test_a_practice_s_text_message_reaches_a_number_that_was_verified_until_stop(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    number = a_number()
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        await desk.offers("email,text-message,portal")
        await ada.go("/settings/notifications")
        await ada.main.get_by_role("link", name="Add a number").click()
        await ada.sees("a number")
        await ada.fill(number="213 555 0147", password=ada.person.password)
        await ada.press("Send me a code")
        await expect(ada.page.locator("#number-wrong")).to_be_visible()
        await ada.fill(number=number)  # the password was given once
        await ada.press("Send me a code")
        await ada.sees("the code of a number")
        code = await newest(ada, number)
        await ada.fill(code="000000" if code[:6] != "000000" else "000001")
        await ada.press("Confirm")
        await expect(ada.page.locator("#code-wrong")).to_be_visible()
        await ada.sees("the code of a number, refused")
        await ada.fill(code=code[:6])
        await ada.press("Confirm")
        await ada.at("/settings/notifications")
        await expect(ada.main).to_contain_text("The number is verified.")
        await chooses(ada, f"a text message to {number}, else a notice in the portal")
        await ada.sees("notifications, with a number")

        await ada.mailbox.answer(number, "STOP")
        await desk.tells(somebody, "message")

        async def told() -> None:
            await ada.go("/sent")
            practices = ada.page.locator("section", has=ada.page.locator("#practices"))
            await expect(practices).to_contain_text("STOP was answered", timeout=500)

        await eventually(told, within=20)
        await ada.sees("sent, after STOP")
        assert len(await ada.mailbox.texts(number)) == 1

        await ada.go("/settings/notifications")
        await expect(ada.main).to_contain_text("STOP was answered from this number")
        await expect(ada.main).to_contain_text("Send START from it to +12135550100")
        await ada.sees("notifications, a number stopped")
        await ada.mailbox.answer(number, "START")
        await ada.go("/settings/notifications")
        await expect(ada.main).not_to_contain_text("STOP was answered from this number")


def a_number() -> str:
    """A mobile number of this story's own."""
    return f"+1213555{Randomness().digits(4)}"


async def newest(ada: Patient, number: str) -> str:
    """Wait for a text message to a number; return what it says."""

    async def arrived() -> str:
        texts = await ada.mailbox.texts(number)
        assert texts
        return texts[-1].body

    return await eventually(arrived, within=20)


async def test_a_mail_s_link_stops_its_topic_once_the_button_is_pressed_and_the_settings_undo_it(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    address = somebody.address
    async with at_portal(somebody) as ada, at_portal(somebody) as library:
        await ada.enrol(await desk.token_for(somebody))
        await desk.tells(somebody, "message")
        await mails(ada, address, 1)

        link = await library.footer_link()
        await library.visitor.go(link)
        await expect(library.main).to_contain_text("Messages")
        await library.sees("unsubscribe")
        await desk.tells(somebody, "message")
        await mails(ada, address, 2)

        await library.press("Stop these e-mails")
        await expect(library.main).to_contain_text("These e-mails are stopped.")
        await library.sees("unsubscribed")
        await desk.tells(somebody, "message")
        await desk.tells(somebody, "appointment")
        await mails(ada, address, 3)
        await ada.go("/settings/notifications")
        await expect(ada.main).to_contain_text("a notice in the portal, and nothing else")
        await ada.sees("notifications, unsubscribed")

        await ada.main.get_by_role("link", name="Change Lindenhof").click()
        await ada.page.locator("#message").select_option(label="as above")
        await ada.press("Save")
        await desk.tells(somebody, "message")
        await mails(ada, address, 4)

        await library.go(f"/unsubscribe?link={'x' * 42}")
        await expect(library.main).to_contain_text("This link stops nothing")
        await library.sees("unsubscribe, a dead link")
