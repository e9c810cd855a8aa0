"""Two accounts under different names: practices decide whether they are one person's (MG-2)."""

import pytest
from playwright.async_api import expect

from deploy.client.eventually import eventually
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.browse.conftest import AtPortal
from tests.browse.desk import SECOND, Desk
from tests.browse.patient import Patient

pytestmark = pytest.mark.proves("MG-2", "MG-6")


async def two_names(desk: Desk, stage: Stage, at_portal: AtPortal, somebody: Person) -> Person:
    """She has enrolled at both practices, at the second under the name that she had before."""
    twin = somebody.with_another_account(stage.randomness)
    somebody.last_name = f"Now{somebody.username[-6:]}"
    twin.last_name = f"Before{somebody.username[-6:]}"
    first = await desk.token_for(somebody)
    await desk.move(SECOND)
    second = await desk.token_for(twin)
    async with at_portal(twin) as bea:
        await bea.enrol(second)
    async with at_portal(somebody) as ada:
        await ada.enrol(first)
        await ada.log_off()
    return twin


async def asks(ada: Patient, twin: Person) -> str:
    """She asks to merge them; return the path of the page that says how it stands."""
    await ada.go("/merge/other")
    await ada.fill(username=twin.username, password=twin.password)
    await ada.press()
    await ada.at("/merge/confirm")
    await ada.page.locator("#confirm").check()
    await ada.fill(password=ada.person.password)
    await ada.press("Merge the accounts")
    heading = ada.main.get_by_role("heading", level=1)
    await expect(heading).to_have_text("Your practices look at it")
    await ada.sees("merge, under review")
    return ada.page.url.removeprefix(ada.portal)


async def opens(desk: Desk, name: str) -> None:
    """The desk opens the review of her record."""
    await desk.visitor.go(f"{desk.url}/merge-reviews")
    await desk.visitor.sees("desk, merge reviews")
    await desk.page.get_by_role("link", name=name).click()
    await desk.visitor.sees("desk, a merge review")


async def test_two_reviewers_approve_and_her_accounts_are_one(
    desk: Desk, stage: Stage, at_portal: AtPortal, somebody: Person
) -> None:
    twin = await two_names(desk, stage, at_portal, somebody)
    async with at_portal(somebody) as ada:
        await ada.go("/log-on")
        await ada.log_on()
        mark = await ada.mailbox.newest()
        path = await asks(ada, twin)
        await ada.page.get_by_role("button", name="Español").click()
        await ada.go(path)
        await expect(ada.main).to_contain_text("Sus consultorios lo revisan")
        await ada.page.get_by_role("button", name="English").click()
        for person in (somebody, twin):
            await ada.mailbox.wait_for(
                person.address, after=mark, subject="A practice looks at", within=30
            )

        await opens(desk, twin.last_name)
        await expect(desk.page.locator("main")).not_to_contain_text(somebody.last_name)
        await desk.page.get_by_role("button", name="Approve").click()
        await expect(desk.page.get_by_role("status")).to_contain_text("was approved")
        await expect(desk.page.locator("main")).to_contain_text("Waits for the other practice")
        await ada.go(path)
        await expect(ada.main).to_contain_text("Your practices look at it")
        await desk.move("Lindenhof")
        await opens(desk, somebody.last_name)
        await desk.page.get_by_role("button", name="Approve").click()
        await expect(desk.page.get_by_role("status")).to_contain_text("was approved")

        await ada.mailbox.wait_for(somebody.address, after=mark, subject="are one now", within=30)
        await ada.go("/log-on")
        await ada.log_on()

        async def is_done() -> None:
            await ada.go(path)
            assert "Your accounts are one" in await ada.main.inner_text()

        await eventually(is_done, within=20)
        await ada.sees("merge, done after review")


async def test_one_reviewer_rejects_and_both_are_told_and_not_why(
    desk: Desk, stage: Stage, at_portal: AtPortal, somebody: Person
) -> None:
    twin = await two_names(desk, stage, at_portal, somebody)
    async with at_portal(somebody) as ada:
        await ada.go("/log-on")
        await ada.log_on()
        mark = await ada.mailbox.newest()
        path = await asks(ada, twin)
        await opens(desk, twin.last_name)
        await desk.page.locator("#reject-reason").fill("Moved elsewhere")
        await desk.page.get_by_role("button", name="Reject").click()
        await expect(desk.page.get_by_role("status")).to_contain_text("was rejected")

        for person in (somebody, twin):
            mail = await ada.mailbox.wait_for(
                person.address, after=mark, subject="not merged after review", within=30
            )
            assert "elsewhere" not in mail.text
        await ada.go(path)
        await expect(ada.main).to_contain_text("A practice did not confirm")
        await ada.sees("merge, refused by a practice")
        await ada.go("/merge")
        await expect(ada.main).to_contain_text("Not done")
