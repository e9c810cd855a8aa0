"""Story 18: a change that was not hers, the link of its mail, the practice's desk, the way in; in
English and in Spanish.
"""

import pytest
from playwright.async_api import expect

from deploy.tour.person import Person
from tests.browse.conftest import AtPortal
from tests.browse.desk import Desk
from tests.browse.patient import Patient

STOLEN, HERS = "Maple-Lantern-73", "Copper-Heron-84"


async def changes_the_password(thief: Patient) -> None:
    await thief.log_on()
    await thief.at("/home")
    await thief.go("/settings/password")
    await thief.fill(current=thief.person.password, password=STOLEN, again=STOLEN)
    await thief.press("Change your password")
    await thief.at("/settings")


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
async def test_she_freezes_her_account_by_a_mail_and_her_practice_thaws_it(
    desk: Desk, at_portal: AtPortal, somebody: Person, scripted: bool
) -> None:
    async with at_portal(somebody) as thief, at_portal(somebody, scripted=scripted) as ada:
        await ada.enrol(await desk.token_for(somebody))
        await ada.log_off()
        mark = await ada.mailbox.newest()
        await changes_the_password(thief)

        link = await ada.open_link("not-me", after=mark)
        await ada.sees("not me" + ("" if scripted else ", pasted"))
        async with at_portal(somebody) as scanner:
            await scanner.visitor.go(link)
            await scanner.press("Freeze my account")
            await scanner.at("/not-me")
        born = somebody.birth_date
        somebody.birth_date = "1988-04-18"
        await ada.fill_birthday()
        await ada.press("Freeze my account")
        await expect(ada.summary).to_be_visible()
        await ada.sees("not me, refused")
        await thief.go("/settings")
        await thief.at("/settings")  # nothing has happened yet
        somebody.birth_date = born
        if scripted:
            await ada.visitor.go(link)
        await ada.fill_birthday()
        await ada.press("Freeze my account")
        await ada.at("/not-me/done")
        await ada.sees("not me, done")

        await thief.go("/settings")  # which leads to the log-on page
        await thief.log_on(password=STOLEN)
        await expect(thief.summary).to_be_visible()
        await desk.visitor.go(f"{desk.url}/patients/{somebody.patient_id}")
        await expect(desk.page.get_by_text("Frozen", exact=True)).to_be_visible()
        await desk.visitor.sees("desk, a frozen patient")
        await desk.do(somebody, "Thaw the account", "The account is open again")
        await expect(desk.page.get_by_role("button", name="Thaw the account")).to_have_count(0)
        await ada.mailbox.wait_for(somebody.address, subject="is open again", within=30)
        await thief.log_on(password=STOLEN)
        await expect(thief.summary).to_be_visible()

        code = await desk.give_code(somebody)
        await ada.go("/reset-token")
        await ada.fill(username=somebody.username, token=code)
        await ada.press("Continue")
        await ada.at("/new-password")
        await ada.fill(password=HERS, again=HERS)
        await ada.press()
        await ada.at("/home")


async def test_she_goes_the_same_way_in_spanish_from_the_mail_to_her_own_password(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as thief, at_portal(somebody, language="es-US") as ada:
        await ada.enrol(await desk.token_for(somebody))
        await ada.go("/settings/language")
        await ada.page.locator("#language-es").check()
        await ada.press()
        await ada.at("/settings")
        await ada.log_off()
        mark = await ada.mailbox.newest()
        await changes_the_password(thief)

        told = await ada.mailbox.wait_for(
            somebody.address,
            subject="Se cambió su contraseña de Portico",
            after=mark,
            within=30,
        )
        link = await ada.open_link("not-me", after=mark)
        assert link in told.text
        await expect(ada.page).to_have_title("No fui yo – Portico")
        await ada.sees("not me, in Spanish")
        born, somebody.birth_date = somebody.birth_date, "1988-04-18"
        await ada.fill_birthday()
        await ada.press("Congelar mi cuenta")
        await expect(ada.summary).to_contain_text("esta no es su fecha de nacimiento")
        await ada.sees("not me, refused, in Spanish")
        somebody.birth_date = born
        await ada.visitor.go(link)
        await ada.fill_birthday()
        await ada.press("Congelar mi cuenta")
        await ada.at("/not-me/done")
        await ada.sees("not me, done, in Spanish")
        await ada.mailbox.wait_for(somebody.address, subject="está congelada", within=30)

        await ada.log_on(password=STOLEN)
        await expect(ada.summary).to_be_visible()
        await desk.do(somebody, "Thaw the account", "The account is open again")
        await ada.mailbox.wait_for(somebody.address, subject="vuelve a estar abierta", within=30)
        code = await desk.give_code(somebody)
        await ada.page.get_by_role("link", name="Tengo un código de mi consultorio").first.click()
        await ada.at("/reset-token")
        await ada.fill(username=somebody.username, token=code)
        await ada.press("Continuar")
        await ada.at("/new-password")
        await ada.fill(password=HERS, again=HERS)
        await ada.press()
        await ada.at("/home")
