"""Story 31: a passkey's whole life, by Chromium's virtual authenticator (MF-5 … MF-10)."""

import re

import pytest
from playwright.async_api import expect

from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.browse.authenticator import Authenticator, authenticator_of
from tests.browse.conftest import AtPortal
from tests.browse.desk import SECOND, Desk
from tests.browse.patient import Patient
from tests.browse.test_forgotten import NEW, ask_for_link

USE, USE_INSTEAD = "Use a passkey", "Use a passkey instead"
LOG_ON = "Log on with a passkey"
TEN_MINUTES = 10 * 60


async def makes_a_passkey(ada: Patient, name: str = "Her phone") -> Authenticator:
    """Make one as the pages lead, with the password; her finger is off it again at the end."""
    finger = await authenticator_of(ada)
    await ada.go("/settings/passkeys")
    await ada.main.get_by_role("link", name="Make a passkey").click()
    await ada.fill(name=name, password=ada.person.password)
    await ada.press("Continue")
    await ada.at("/settings/passkeys/make")
    await has_it_made(ada, finger)
    return finger


async def has_it_made(ada: Patient, finger: Authenticator) -> None:
    await finger.finger(there=True)
    await ada.press("Make the passkey")
    await expect(ada.main).to_contain_text("The passkey was made.")
    await finger.finger(there=False)


async def presses_with_her_finger(ada: Patient, finger: Authenticator, button: str) -> None:
    """Press it and lay the finger on, until a passkey has answered."""
    pressed = ada.main.get_by_role("button", name=button, exact=True)
    await expect(pressed).to_be_visible()
    async with finger.touched():
        await pressed.click()


@pytest.mark.proves("MF-5", "MF-7", "MF-9", "SE-3")
async def test_a_passkey_is_made_named_used_and_removed_and_the_browser_forgets_it(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        await ada.go("/settings")
        await ada.main.get_by_role("link", name="Add a passkey").click()
        await ada.at("/settings/passkeys")
        await ada.sees("passkeys, none")
        finger = await authenticator_of(ada)
        await ada.main.get_by_role("link", name="Make a passkey").click()
        await ada.at("/settings/passkeys/add")
        await ada.sees("passkeys, before one")
        await ada.fill(name="", password=somebody.password)
        await ada.press("Continue")
        await expect(ada.page.locator("#name-wrong")).to_be_visible()
        await ada.sees("passkeys, before one, refused")
        await ada.fill(name="Her phone", password=somebody.password)
        await ada.press("Continue")
        await ada.at("/settings/passkeys/make")
        await ada.sees("passkeys, making one")
        await finger.knows(her=False)
        await finger.finger(there=True)
        await ada.press("Make the passkey")
        await expect(ada.main).to_contain_text("Your browser gave us no passkey.")
        await ada.sees("passkeys, not made")
        await finger.knows(her=True)
        await has_it_made(ada, finger)
        await finger.keeps(1)
        await expect(ada.main).to_contain_text("Not used yet")
        await ada.sees("passkeys, one")

        await ada.log_off()
        await expect(ada.main.get_by_role("button", name=LOG_ON)).to_be_visible()
        await ada.sees("log-on, with passkeys")
        await presses_with_her_finger(ada, finger, LOG_ON)
        await ada.at("/home")
        await ada.go("/settings/sessions")
        await expect(ada.main).to_contain_text("Begun with a passkey")

        await ada.go("/settings/username")
        await ada.fill(username=f"new.{somebody.username}")
        await ada.sees("another username, with a passkey")
        await presses_with_her_finger(ada, finger, USE_INSTEAD)
        await ada.at("/settings")
        await expect(ada.main).to_contain_text(f"new.{somebody.username}")
        await ada.go("/settings/passkeys")  # the browser learns of the new name
        await finger.calls_her(f"new.{somebody.username}")
        await expect(ada.main).to_contain_text("You logged on with it")

        await ada.go("/settings/passkeys/add")
        await ada.fill(name="Her phone")
        await presses_with_her_finger(ada, finger, USE_INSTEAD)
        await expect(ada.page.locator("#name-wrong")).to_be_visible()
        await expect(ada.main).to_contain_text("You need not do it again.")
        await ada.sees("passkeys, a name that another has")
        await ada.fill(name="Her phone again")
        await ada.press("Continue")
        await finger.finger(there=True)
        await ada.press("Make the passkey")
        await expect(ada.main).to_contain_text("This device has a passkey for your account")
        await finger.finger(there=False)

        await ada.go("/settings/passkeys")
        await ada.main.get_by_role("link", name="Change Her phone").click()
        await expect(ada.main.get_by_role("heading", level=1)).to_have_text("Her phone")
        await ada.sees("a passkey")
        await ada.fill(name="The old phone")
        await ada.press("Save")
        await expect(ada.main).to_contain_text("The passkey was renamed.")
        await ada.main.get_by_role("link", name="Change The old phone").click()
        await ada.main.get_by_role("link", name="Remove The old phone").click()
        await expect(ada.main.get_by_role("heading", name="Remove The old phone")).to_be_visible()
        await ada.sees("a passkey, removing it")
        kept = await finger.credentials()
        await presses_with_her_finger(ada, finger, USE_INSTEAD)
        await expect(ada.main).to_contain_text("The passkey was removed.")
        await finger.keeps(0)

        await ada.log_off()
        await finger.keep(kept)
        await presses_with_her_finger(ada, finger, LOG_ON)
        await expect(ada.summary).to_contain_text("No account has this passkey any more.")
        await ada.sees("log-on, a passkey of nobody's")
        await finger.keeps(0)
        await ada.log_on(name=f"new.{somebody.username}")
        await ada.at("/home")


@pytest.mark.proves("MF-7")
async def test_the_browser_fills_in_a_passkey_and_what_was_typed_must_be_hers(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        finger = await makes_a_passkey(ada)
        await ada.log_off()

        await expect(ada.main.get_by_role("button", name=LOG_ON)).to_be_visible()
        await ada.fill(username="somebody.else")
        await presses_with_her_finger(ada, finger, LOG_ON)
        await expect(ada.summary).to_contain_text("This passkey was not taken.")
        await expect(ada.page.locator("#username")).to_have_value("somebody.else")
        await ada.sees("log-on, a passkey refused")

        async with finger.touched():  # among what the browser fills in, without a press
            await ada.go("/log-on?next=/settings")
        await ada.at("/settings")


@pytest.mark.proves("MF-8", "MF-3", "MF-4")
async def test_two_step_is_on_by_passkeys_alone_and_off_with_one(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada, at_portal(somebody, scripted=False) as library:
        await ada.enrol(await desk.token_for(somebody))
        await ada.go("/settings/two-step")
        await ada.sees("two-step, off, passkeys offered")
        finger = await makes_a_passkey(ada)
        await ada.go("/settings/two-step")
        await ada.sees("two-step, off, a passkey")
        stage.let_time_pass(TEN_MINUTES)
        await ada.main.get_by_role("link", name="Use your passkeys for it").click()
        await ada.at("/settings/two-step/passkeys")
        await ada.sees("two-step, by passkeys")
        await ada.press("Turn it on")
        await expect(ada.page.locator("#password-wrong")).to_be_visible()
        await ada.sees("two-step, by passkeys, with the password")
        await presses_with_her_finger(ada, finger, USE_INSTEAD)
        await expect(ada.page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
        codes = await ada.main.locator("li.secret").all_inner_texts()
        await ada.main.get_by_role("link", name="I have kept them").click()
        await ada.at("/settings/two-step")
        await ada.sees("two-step, on by passkeys")
        await ada.log_off()

        await ada.log_on()
        await ada.at("/gate/second-step")
        await ada.sees("second step, a passkey")
        await finger.knows(her=False)
        await finger.finger(there=True)
        await ada.press(USE)
        await expect(ada.main).to_contain_text("Your browser gave us no passkey.")
        await finger.knows(her=True)
        await presses_with_her_finger(ada, finger, USE)
        await ada.at("/home")
        await library.log_on()
        await library.at("/gate/second-step")
        await library.sees("second step, a passkey, without script")
        await expect(library.main.get_by_role("button", name=USE)).to_be_hidden()
        await library.press("Go on")
        await expect(library.page.locator("#code-wrong")).to_be_visible()
        await library.fill(code=codes[0])
        await library.press("Go on")
        await library.at("/home")

        await ada.go("/settings/passkeys")
        await ada.main.get_by_role("link", name="Change Her phone").click()
        await ada.main.get_by_role("link", name="Remove Her phone").click()
        await presses_with_her_finger(ada, finger, USE_INSTEAD)
        await expect(ada.summary).to_contain_text("turn two-step verification off first")
        await ada.sees("a passkey, the only means")
        await ada.summary.get_by_role("link").click()
        await ada.main.get_by_role("link", name="Turn it off").click()
        await ada.at("/settings/two-step/off")
        await ada.sees("two-step, turning it off by a passkey")
        await presses_with_her_finger(ada, finger, "Use a passkey instead of a code")
        await expect(ada.page.locator("#password-wrong")).to_be_visible()
        await ada.fill(password=somebody.password)
        await presses_with_her_finger(ada, finger, "Use a passkey instead of a code")
        await expect(ada.main).to_contain_text("Two-step verification is off.")


@pytest.mark.proves("MF-10")
async def test_a_reset_sets_passkeys_aside_until_each_is_kept_or_removed(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada, at_portal(somebody) as tablet:
        await ada.enrol(await desk.token_for(somebody))
        finger = await makes_a_passkey(ada)
        await tablet.log_on()
        await tablet.at("/home")
        await makes_a_passkey(tablet, "A thief's")
        await ada.log_off()
        link = await ask_for_link(ada)
        await ada.visitor.go(link)
        await ada.press("Continue")
        await ada.fill(password=NEW, again=NEW)
        await ada.press()

        await ada.at("/gate/passkeys")
        await ada.sees("gate, passkeys")
        await ada.press("Save")
        await expect(ada.summary).to_contain_text("Choose for one at least")
        await ada.sees("gate, passkeys, refused")
        await ada.press("Not now")
        await ada.at("/home")
        await ada.go("/settings/passkeys")
        await expect(ada.main).to_contain_text("Set aside")
        await ada.sees("passkeys, set aside")
        await ada.log_off()
        await presses_with_her_finger(ada, finger, LOG_ON)
        await expect(ada.summary).to_contain_text("This passkey was not taken.")
        await ada.go("/log-on")
        await ada.log_on(password=NEW)
        await ada.at("/gate/passkeys")
        for name, answer in (("Her phone", "Keep"), ("A thief's", "Remove")):
            await ada.main.get_by_role("group", name=name).get_by_label(answer).check()
        await ada.press("Save")
        await ada.at("/home")
        await expect(ada.main).to_contain_text("kept or removed as you chose")
        await ada.go("/settings/passkeys")
        await expect(ada.main).not_to_contain_text("A thief's")
        await ada.log_off()
        await presses_with_her_finger(ada, finger, LOG_ON)
        await ada.at("/home")


@pytest.mark.proves("MG-1", "MG-5")
async def test_another_account_is_proven_by_its_passkey_to_be_merged(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    other = somebody.with_another_account(stage.randomness)
    first = await desk.token_for(somebody)
    await desk.move(SECOND)
    second = await desk.token_for(other)
    async with at_portal(other) as eve:
        await eve.enrol(second)
        finger = await makes_a_passkey(eve)
        await eve.log_off()
        ada = Patient(person=somebody, visitor=eve.visitor, portal=eve.portal, mailbox=eve.mailbox)
        await ada.enrol(first)

        await ada.go("/merge/other")
        await ada.sees("merge, prove the other by a passkey")
        await presses_with_her_finger(ada, finger, "Use a passkey of the other account")
        await ada.at("/merge/confirm")
        await expect(ada.main).to_contain_text("Seeblick")
        await ada.page.locator("#confirm").check()
        await ada.fill(password=somebody.password)
        await ada.press("Merge the accounts")
        await expect(ada.page).to_have_url(re.compile(r"/merge/[0-9a-f-]{36}$"))
        await ada.log_off()
        await presses_with_her_finger(ada, finger, LOG_ON)
        await expect(ada.summary).to_contain_text("merged into another one of yours")


async def test_without_script_passkeys_are_named_and_removed_and_nothing_else_is_missed(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada, at_portal(somebody, scripted=False) as library:
        await ada.enrol(await desk.token_for(somebody))
        await makes_a_passkey(ada)
        await library.go("/log-on")
        await expect(library.main.get_by_role("button", name=LOG_ON)).to_be_hidden()
        await library.log_on()
        await library.go("/settings/passkeys/add")
        await expect(library.main.get_by_role("button", name=USE_INSTEAD)).to_be_hidden()
        await library.fill(name="Another", password=somebody.password)
        await library.press("Continue")
        await library.at("/settings/passkeys/make")
        await expect(library.main).to_contain_text("its scripts are off")
        await library.sees("passkeys, making one, without script")
        await library.go("/settings/passkeys")
        await library.main.get_by_role("link", name="Change Her phone").click()
        await library.fill(name="The lost one")
        await library.press("Save")
        await library.main.get_by_role("link", name="Change The lost one").click()
        await library.main.get_by_role("link", name="Remove The lost one").click()
        await library.fill(password=somebody.password)
        await library.press("Remove")
        await expect(library.main).to_contain_text("There is none.")


async def test_passkeys_speak_spanish(desk: Desk, at_portal: AtPortal, somebody: Person) -> None:
    async with at_portal(somebody) as ada:
        await ada.enrol(await desk.token_for(somebody))
        await ada.page.get_by_role("button", name="Español").click()
        finger = await authenticator_of(ada)
        await ada.go("/settings/passkeys/add")
        await ada.sees("passkeys, before one, in Spanish")
        await ada.fill(password=somebody.password)
        await ada.press("Continuar")
        await ada.at("/settings/passkeys/make")
        await ada.sees("passkeys, making one, in Spanish")
        await finger.finger(there=True)
        await ada.press("Crear la llave de acceso")
        await expect(ada.main).to_contain_text("La llave de acceso se creó.")
        await ada.sees("passkeys, one, in Spanish")
        await finger.finger(there=False)
        await ada.log_off()
        await expect(
            ada.main.get_by_role("button", name="Iniciar sesión con una llave de acceso")
        ).to_be_visible()
        await ada.sees("log-on, with passkeys, in Spanish")
