"""Story 17: username, password and account e-mail are changed in the settings, and she is told of
each (its questions: `test_questions.py`); and stories of mails that come back, of her language and
time zone.
"""

import pytest
from playwright.async_api import expect

from deploy.client.eventually import eventually
from deploy.local.caught import FaultKind, Mail
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.browse.conftest import AtPortal
from tests.browse.desk import Desk
from tests.browse.patient import Patient

NEW = "Copper!Lantern-58"


async def is_told(ada: Patient, subject: str) -> Mail:
    """Of a change, with the way to say that it was not she (RC-9)."""
    mail = await ada.mailbox.wait_for(ada.person.address, subject=subject, within=30)
    assert f"{ada.portal}/not-me#" in mail.text
    return mail


async def test_a_username_is_changed_and_the_old_one_is_no_way_in(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    new = f"{somebody.username}.new"
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        await ada.go("/settings")
        await ada.main.get_by_role("link", name="Change the username").click()
        await ada.sees("another username")
        await ada.fill(username="blank inside", password=somebody.password)
        await ada.press("Change your username")
        await ada.sees("another username, refused")
        await ada.fill(username=new)  # the password was given, and is not asked for again
        await ada.press("Change your username")
        await ada.at("/settings")
        await ada.sees("username changed")
        mail = await is_told(ada, "Your Portico username was changed")
        assert somebody.username not in mail.text  # both names are masked
        await ada.log_off()
        await ada.log_on(name=somebody.username)
        await expect(ada.summary).to_contain_text("do not log you on")
        await ada.log_on(name=new)
        await ada.at("/home")


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
async def test_a_password_is_changed_beside_the_current_one_and_everywhere_else_it_is_over(
    desk: Desk, at_portal: AtPortal, somebody: Person, scripted: bool
) -> None:
    async with (
        at_portal(somebody, scripted=scripted) as ada,
        at_portal(somebody) as phone,
    ):
        await ada.enrol(await desk.token_for(somebody))
        await phone.log_on()
        await phone.at("/home")
        await ada.go("/settings")
        await ada.main.get_by_role("link", name="Change the password").click()
        await ada.at("/settings/password")
        await ada.sees("another password")

        await ada.fill(current="Wrong-1-Word", password=NEW, again=NEW)
        await ada.press("Change your password")
        await expect(ada.page.locator("#current-wrong")).to_be_visible()
        await ada.sees("another password, refused")
        own = f"{somebody.username.title()}-1"
        await ada.fill(current=somebody.password, password=own, again=own)
        if scripted:
            rule = ada.page.locator("[data-rule='not_username']")
            await expect(rule).to_have_class("not_met")  # the page knows whose it is
        await ada.press("Change your password")
        await expect(ada.page.locator("#password-wrong")).to_be_visible()
        await expect(ada.page.locator("#current")).to_have_count(0)  # it was given once
        await ada.sees("another password, not good enough")
        await ada.fill(password=NEW, again=NEW)
        await ada.press("Change your password")

        await ada.at("/settings")
        await ada.sees("password changed")
        await is_told(ada, "Your Portico password was changed")
        await ada.go("/home")
        await ada.at("/home")
        await phone.go("/home")
        await expect(phone.page).to_have_title("Log on – Portico")
        await phone.log_on()
        await expect(phone.summary).to_be_visible()
        await phone.log_on(password=NEW)
        await phone.at("/home")


async def asks_for(ada: Patient, address: str) -> None:
    """Ask for another account e-mail in the settings; mails are looked for there from now on."""
    await ada.go("/settings")
    await ada.main.get_by_role("link", name="Change the account e-mail").click()
    await ada.at("/settings/e-mail")
    await ada.fill(email=address)
    if await ada.page.locator("#password").count():  # it may just have been given
        await ada.fill(password=ada.person.password)
    await ada.press("Send me a mail")
    await ada.at("/settings/e-mail")
    ada.person.address = address


async def test_an_account_e_mail_is_changed_and_the_old_one_stays_until_then(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    old, new = somebody.address, f"new.{somebody.address}"
    async with at_portal(somebody) as ada, at_portal(somebody) as library:
        await ada.enrol(await desk.token_for(somebody))
        await ada.go("/settings/e-mail")
        await ada.sees("another e-mail")
        await ada.fill(email=old, password=somebody.password)
        await ada.press("Send me a mail")
        await expect(ada.page.locator("#email-wrong")).to_be_visible()
        await ada.sees("another e-mail, refused")
        await asks_for(ada, new)
        await expect(ada.main).to_contain_text(f"{new} is to take its place.")
        await ada.sees("another e-mail, on its way")
        await library.log_on(name=old)
        await library.at("/home")

        await ada.open_link("verify-email")
        await ada.press()
        await ada.at("/home")
        await ada.go("/settings")
        await expect(ada.main).to_contain_text(new)
        await ada.sees("e-mail changed")

        await library.go("/home")
        await expect(library.page).to_have_title("Log on – Portico")
        await library.log_on(name=old)
        await expect(library.summary).to_be_visible()
        await library.log_on(name=new)
        await library.at("/home")

        subject = "Your Portico account e-mail was changed"
        await is_told(ada, subject)  # at the new one, which is hers by now
        told = await ada.mailbox.wait_for(old, subject=subject, within=20)
        assert f"{ada.portal}/not-me#" in told.text
        assert new not in told.text
        assert [mail.subject for mail in await ada.mailbox.to(old)].count(subject) == 1


async def test_who_finds_that_mails_come_back_has_it_tried_again(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        await ada.mailbox.fail(FaultKind.REFUSE)
        await desk.tell(somebody)

        async def a_notice_says_so() -> None:
            await ada.go("/home")
            await expect(ada.main).to_contain_text("Mails from Portico come back", timeout=500)

        await eventually(a_notice_says_so, within=20)
        await expect(ada.main).to_contain_text("Lindenhof has a message for you")
        await ada.go("/sent")
        await ada.sees("mails that come back")
        await desk.tell(somebody)
        await ada.go("/settings")
        await ada.main.get_by_role("link", name="Change the account e-mail").click()
        await ada.at("/settings/e-mail")
        await expect(ada.main).to_contain_text("Mails come back")
        await ada.sees("mails come back")

        before = await ada.mailbox.newest()
        await ada.press("Try it again")
        await ada.at("/settings/e-mail")
        await expect(ada.main).to_contain_text("We mail to you there again.")
        await expect(ada.main.get_by_role("button", name="Try it again")).to_have_count(0)
        await desk.tell(somebody)
        await ada.mailbox.wait_for(somebody.address, after=before)


async def test_its_link_opened_where_nobody_is_logged_on_waits_for_the_log_on(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    new = f"new.{somebody.address}"
    async with at_portal(somebody) as ada, at_portal(somebody) as library:
        await ada.enrol(await desk.token_for(somebody))
        await asks_for(ada, new)

        await library.open_link("verify-email")
        await library.press()
        await library.at("/log-on")
        await library.log_on()

        await library.at("/home")
        await library.log_off()
        await library.log_on(name=new)
        await library.at("/home")


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
async def test_her_language_and_time_zone_are_those_of_her_mails(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person, scripted: bool
) -> None:
    async with at_portal(somebody, scripted=scripted) as ada:
        await ada.enrol(await desk.token_for(somebody))
        await ada.go("/settings")
        await ada.main.get_by_role("link", name="Change the language and the time zone").click()
        await ada.at("/settings/language")
        await ada.sees("language and time zone")
        await ada.page.locator("#language-es").check()
        await ada.page.locator("#time_zone").select_option("America/Los_Angeles")
        await ada.press("Save")

        await ada.at("/settings")
        await expect(ada.main).to_contain_text("Español, America/Los Angeles")
        await ada.sees("ajustes")
        await ada.log_off()
        for _ in range(10):  # four of her device, four of her account; a busy portal counts none
            await ada.go("/log-on")
            await ada.log_on(password="Wrong-1-Word")
            await expect(ada.summary).to_be_visible()

        async def she_is_told_in_spanish() -> None:
            [mail] = [
                mail
                for mail in await ada.mailbox.to(somebody.address)
                if mail.subject == "Su cuenta de Portico está bloqueada por poco tiempo"
            ]
            assert "(PST)" in mail.text or "(PDT)" in mail.text

        await eventually(she_is_told_in_spanish, within=60)
