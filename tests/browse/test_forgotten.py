"""Stories 12 and 13: a forgotten username, a forgotten password."""

import pytest
from playwright.async_api import expect

from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.browse.conftest import AtPortal
from tests.browse.desk import Desk
from tests.browse.patient import Patient

NEW = "Maple-Lantern-73"
PAUSE_SECONDS = 5 * 60  # at least between two links


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
async def test_her_username_is_mailed_to_her_and_a_stranger_sees_the_same_page(
    desk: Desk, at_portal: AtPortal, somebody: Person, scripted: bool
) -> None:
    token = await desk.token_for(somebody)
    async with at_portal(somebody, scripted=scripted) as ada:
        await ada.enrol(token)
        await ada.log_off()
        mark = await ada.mailbox.newest()
        said = []
        for address in (somebody.address, "stranger@mail.example"):
            await ada.page.get_by_role("link", name="Forgot username?").click()
            await ada.sees("forgot username")
            await ada.fill(email=address)
            await ada.press()
            await ada.at("/forgot-username/sent")
            said.append(await ada.main.inner_text())
        await ada.sees("forgot username, sent")

        assert said[0] == said[1]
        mail = await ada.mailbox.wait_for(somebody.address, after=mark, within=30)
        assert somebody.username in mail.text
        assert await ada.mailbox.to("stranger@mail.example") == []


async def has_another_address(ada: Patient, address: str) -> None:
    """She adds one in the settings, and opens its link."""
    await ada.go("/settings/notifications")
    await ada.main.get_by_role("link", name="Add an address").click()
    await ada.fill(email=address, password=ada.person.password)
    await ada.press("Send me a mail")
    await ada.at("/settings/notifications")
    own, ada.person.address = ada.person.address, address
    await ada.open_link("settings/notifications/verify")
    ada.person.address = own
    await ada.press("Confirm")
    await ada.at("/settings/notifications")


async def names_address(ada: Patient, address: str, last_name: str) -> None:
    """Name an address, and say whose it is."""
    await ada.page.get_by_role("link", name="Forgot username?").click()
    await ada.fill(email=address, last_name=last_name)
    await ada.fill_birthday()
    await ada.press()
    await ada.at("/forgot-username/sent")


@pytest.mark.proves("RC-2")
@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
async def test_her_username_is_mailed_to_another_address_to_who_says_whose_it_is(
    desk: Desk, at_portal: AtPortal, somebody: Person, scripted: bool
) -> None:
    token, other = await desk.token_for(somebody), f"other.{somebody.address}"
    async with at_portal(somebody, scripted=scripted) as ada:
        await ada.enrol(token)
        await has_another_address(ada, other)
        await ada.log_off()
        mark = await ada.mailbox.newest()
        await ada.page.get_by_role("link", name="Forgot username?").click()
        await ada.fill(email=other, last_name=somebody.last_name)
        await ada.press()
        await expect(ada.summary).to_contain_text("belong together")
        for part, value in {"month": "2", "day": "30", "year": "1988"}.items():
            await ada.page.locator(f"[autocomplete='bday-{part}']").fill(value)
        await ada.press()
        await expect(ada.summary).to_contain_text("This is no date there is.")
        await ada.sees("forgot username, refused")

        said = []
        for last_name in ("Nobody", somebody.last_name.upper()):
            await ada.go("/log-on")
            await names_address(ada, other, last_name)
            said.append(await ada.main.inner_text())

        assert said[0] == said[1]
        mail = await ada.mailbox.wait_for(other, after=mark, within=30)
        assert somebody.username in mail.text
        told = await ada.mailbox.wait_for(somebody.address, after=mark, within=30)
        assert "another of your addresses" in told.subject
        assert other not in told.text
        assert somebody.username not in told.text
        assert len(await ada.mailbox.to(other, after=mark)) == 1


@pytest.mark.proves("RC-2b")
@pytest.mark.parametrize(
    ("language", "forgot", "asks_the_practice"),
    [
        ("en-US", "Forgot username?", "ask your practice: it can tell you your username"),
        ("es-US", "¿Olvidó su nombre de usuario?", "pregunte a su consultorio"),
    ],
    ids=["in English", "in Spanish"],
)
async def test_who_has_neither_address_is_sent_to_her_practice_which_reads_her_username_out(
    desk: Desk,
    at_portal: AtPortal,
    somebody: Person,
    language: str,
    forgot: str,
    asks_the_practice: str,
) -> None:
    async with at_portal(somebody, language=language) as ada:
        await ada.enrol(await desk.token_for(somebody), email=False)
        await ada.log_off()
        mark = await ada.mailbox.newest()
        await ada.page.get_by_role("link", name=forgot).click()
        await ada.fill(email=somebody.address, last_name=somebody.last_name)
        await ada.fill_birthday()
        await ada.press()
        await ada.at("/forgot-username/sent")
        await expect(ada.main).to_contain_text(asks_the_practice)

        username = await desk.read_username(somebody)

        assert username == somebody.username
        await ada.log_on(name=username)
        await ada.at("/gate/e-mail")
        assert await ada.mailbox.to(somebody.address, after=mark) == []


async def ask_for_link(ada: Patient) -> str:
    """Ask for a link to a new password, and take it from the mail."""
    mark = await ada.mailbox.newest()
    await ada.page.get_by_role("link", name="Forgot password?").click()
    await ada.sees("forgot password")
    await ada.fill(username=ada.person.username)
    await ada.press()
    await ada.at("/forgot-password/ways")
    await ada.sees("forgot password, ways")
    await ada.press("Mail me a link")
    await ada.at("/forgot-password/sent")
    await ada.sees("forgot password, sent")
    return await ada.link("reset-password", after=mark)


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
async def test_a_mailed_link_leads_to_a_new_password_though_a_scanner_opened_and_pressed_it(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person, scripted: bool
) -> None:
    token = await desk.token_for(somebody)
    async with at_portal(somebody, scripted=scripted) as ada:
        await ada.enrol(token)
        await ada.log_off()
        older = await ask_for_link(ada)
        stage.let_time_pass(PAUSE_SECONDS)
        link = await ask_for_link(ada)
        async with at_portal(somebody) as scanner:
            await scanner.visitor.go(link)
            await scanner.press()
            await scanner.at("/new-password")

        for each in (older, link):
            await ada.visitor.go(each)
            if not scripted:
                await ada.fill(link=each)
            await ada.sees("reset password" + ("" if scripted else ", pasted"))
            assert "#" not in ada.page.url or not scripted  # the token is off the address bar
            await ada.press("Continue")
            if each == older:
                await expect(ada.summary).to_be_visible()
                await ada.sees("reset password, refused")
        await ada.at("/new-password")
        await expect(ada.page.get_by_text(f"the account {somebody.username}")).to_be_visible()
        await ada.sees("new password")
        await ada.fill(password=NEW, again="Another-Word-1")
        await ada.press()
        await expect(ada.summary).to_be_visible()
        await ada.sees("new password, refused")
        await ada.fill(password=NEW, again=NEW)
        await ada.press()

        await ada.at("/home")
        await ada.log_off()
        await ada.log_on()
        await expect(ada.summary).to_be_visible()
        await ada.log_on(password=NEW)
        await ada.at("/home")


async def test_a_link_that_is_too_old_says_so_and_leads_to_a_new_one(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        await ada.log_off()
        link = await ask_for_link(ada)
        stage.let_time_pass(24 * 3600)

        await ada.visitor.go(link)
        await ada.press("Continue")

        await expect(ada.summary).to_be_visible()
        await ada.summary.get_by_role("link").first.click()
        await ada.at("/forgot-password")


async def test_what_she_begins_anew_in_another_tab_is_not_mixed_up_with_this_one(
    at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        tabs = {"this": ada.page, "other": await ada.visitor.new_tab()}
        for name, tab in tabs.items():
            await tab.goto(f"{ada.portal}/forgot-password")
            await tab.locator("#username").fill(f"{somebody.username}.{name}")
            await tab.locator("main button.primary").click()
            await expect(tab).to_have_url(f"{ada.portal}/forgot-password/ways")

        await ada.press("Mail me a link")

        await expect(ada.page).to_have_url(f"{ada.portal}/forgot-password?said=anew")
        await expect(ada.main).to_contain_text("You have begun this anew in another tab.")
        await ada.sees("forgot password, begun anew")
        await tabs["other"].get_by_role("button", name="Mail me a link").click()
        await expect(tabs["other"]).to_have_url(f"{ada.portal}/forgot-password/sent")
