"""Two who sit at one practice's desk change its settings at the same time (ST-2)."""

import pytest
from playwright.async_api import expect

from tests.browse.conftest import Visit
from tests.browse.desk import SECOND, Desk

POSTED = "Life of a posted token, in days"
INVITATION = "Life of an invitation, in days"


@pytest.mark.proves("ST-2")
async def test_who_saves_the_page_as_it_was_does_not_undo_a_colleagues_change(
    desk: Desk, visit: Visit
) -> None:
    await desk.move(SECOND)
    async with visit(desk.url) as visitor:
        colleague = Desk(visitor=visitor, url=desk.url)
        await colleague.sit_down(SECOND)
        for each in (desk, colleague):
            await each.visitor.go(f"{each.url}/settings")

        await colleague.page.get_by_label(POSTED).fill("9")
        await colleague.page.get_by_role("button", name="Save").click()
        await expect(colleague.page.get_by_role("status")).to_contain_text("was changed")
        await desk.page.get_by_label(INVITATION).fill("3")
        await desk.page.get_by_role("button", name="Save").click()

        await expect(desk.page.locator("#summary")).to_contain_text("The settings have changed")
        await desk.visitor.sees("desk, settings changed meanwhile")
        await expect(desk.page.get_by_label(POSTED)).to_have_value("9")
        await expect(desk.page.get_by_label(INVITATION)).to_have_value("7")

        await desk.page.get_by_label(INVITATION).fill("3")
        await desk.page.get_by_role("button", name="Save").click()
        await expect(desk.page.get_by_role("status")).to_contain_text("was changed")
        await expect(desk.page.get_by_label(POSTED)).to_have_value("9")
        await expect(desk.page.get_by_label(INVITATION)).to_have_value("3")
