"""Story 22, and the terms: what comes between the password and the portal (LG-3)."""

from pathlib import Path

from playwright.async_api import expect

from deploy.tour.person import Person
from tests.browse.conftest import AtPortal
from tests.browse.desk import SECOND, Desk
from tests.support.suite import Suite

OFF = "Health records and medications are off"


async def test_each_answer_to_a_disclaimer_does_what_it_says(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    await desk.move(SECOND)
    token = await desk.token_for(somebody)
    async with at_portal(somebody) as ada:
        await ada.enrol(token)
        await ada.log_off()
        await desk.word_disclaimer("Ask before you worry.", "Pregunte antes de preocuparse.")
        try:
            await ada.log_on()
            await expect(ada.main).to_contain_text("Ask before you worry.")
            await ada.sees("gate, disclaimer")
            await ada.press("I decline")
            await ada.at("/home")
            await expect(ada.main).to_contain_text(f"{OFF}: you have declined")
            await ada.sees("home, disclaimer declined")

            await ada.page.get_by_role("link", name="Read it and answer").click()
            await expect(ada.main).to_contain_text("You have declined this")
            await ada.press("I accept")
            await ada.at("/home")
            await expect(ada.main).not_to_contain_text(OFF)

            await ada.log_off()
            await ada.log_on()  # that was for one session
            await ada.go("/home")  # asked, and not required
            await expect(ada.main).to_contain_text(f"{OFF}: you have not answered")
            await ada.sees("home, disclaimer unanswered")
            await ada.go("/gate/disclaimers")
            await ada.press("I accept, and do not show this again")
            await ada.at("/home")
            await ada.log_off()
            await ada.log_on()
            await ada.at("/home")
            await expect(ada.main).not_to_contain_text(OFF)
        finally:
            await desk.word_disclaimer()


async def test_new_terms_are_asked_for_and_who_declines_them_is_asked_again(
    desk: Desk, at_portal: AtPortal, somebody: Person, suite: Suite, tmp_path: Path
) -> None:
    token = await desk.token_for(somebody)
    (tmp_path / "en.txt").write_text("Be kind.\n\nThese terms are new.\n")
    (tmp_path / "es.txt").write_text("Sea amable.\n\nEstas condiciones son nuevas.\n")
    async with at_portal(somebody) as ada:
        await ada.enrol(token)
        await ada.log_off()
        await suite.stack.verb("identity", "terms", "publish", "2026-02", str(tmp_path))

        await ada.log_on()
        await ada.at("/gate/terms")
        await ada.sees("gate, terms")
        await ada.go("/home")
        await ada.at("/gate/terms")
        await ada.page.get_by_role("button", name="Español").click()
        await expect(ada.main).to_contain_text("Estas condiciones son nuevas.")
        await ada.sees("gate, terms, Spanish")
        await ada.page.get_by_role("button", name="English").click()
        await ada.press("I decline")
        await ada.at("/log-on")
        await expect(ada.main).to_contain_text("You have declined the terms")
        await ada.sees("log-on, terms declined")

        await ada.log_on()
        await ada.at("/gate/terms")
        await ada.press("I accept the terms")
        await ada.at("/home")
        await ada.log_off()
        await ada.log_on()
        await ada.at("/home")
