"""Stories 11 and 24: devices that are known, and one that is asked for no code (MF-2, SE-2)."""

from playwright.async_api import expect

from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.browse.conftest import AtPortal
from tests.browse.desk import Desk
from tests.browse.test_two_step import now_of, sets_two_step_up

NAME = "The one at the library"


async def test_a_new_device_is_told_listed_named_and_removed(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada, at_portal(somebody) as library:
        await ada.enrol(await desk.token_for(somebody))
        await library.log_on()
        await library.at("/home")
        told = await stage.mail(somebody, "Somebody logged on")
        assert "a device that was not used for it before" in " ".join(told.text.split())

        await ada.go("/settings")
        await ada.main.get_by_role("link", name="Show the devices").click()
        await ada.at("/settings/devices")
        await ada.sees("devices, two")
        changes = ada.main.get_by_role("link", name="Change")
        await expect(changes).to_have_count(2)
        await changes.first.click()  # the one used last
        await ada.sees("a device")
        await ada.fill(name="")
        await ada.press("Save")
        await expect(ada.page.locator("#name-wrong")).to_be_visible()
        await ada.sees("a device, refused")
        await ada.fill(name=NAME)
        await ada.press("Save")
        await ada.at("/settings/devices")
        await expect(ada.main).to_contain_text(NAME)

        await changes.first.click()
        await ada.press("Remove")
        await ada.at("/settings/devices")
        await ada.sees("devices, one removed")
        await expect(ada.main).not_to_contain_text(NAME)
        await library.go("/home")
        await expect(library.page).to_have_title("Log on – Portico")


async def test_a_device_that_is_trusted_is_asked_for_no_code_without_script(
    stage: Stage, desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody, scripted=False) as ada, at_portal(somebody) as library:
        await ada.enrol(await desk.token_for(somebody))
        secret, codes = await sets_two_step_up(ada, stage)
        await ada.main.get_by_role("link", name="Change when codes are asked for").click()
        await ada.at("/settings/two-step/mode")
        await ada.sees("two-step, when")
        await ada.page.locator("#new-devices").check()
        await ada.fill(password=somebody.password, code=codes[0])
        await ada.press("Save")
        await ada.at("/settings/two-step")
        await expect(ada.main).to_contain_text("at new devices only")
        await ada.log_off()

        await ada.log_on()
        await ada.at("/gate/second-step")
        await ada.sees("second step, trust offered")
        await ada.page.locator("#trust").check()
        await ada.fill(code=now_of(stage, secret, shift=1))
        await ada.press("Go on")
        await ada.at("/home")
        await stage.mail(somebody, "asks for no code")
        await ada.log_off()
        await ada.log_on(name=somebody.address)
        await ada.at("/home")
        await ada.go("/settings/devices")
        await ada.sees("devices, trusted")
        await expect(ada.main).to_contain_text("No code until")

        await library.log_on()
        await library.at("/gate/second-step")
