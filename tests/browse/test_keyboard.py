"""Story 29: the portal by keyboard alone, and in forced colours."""

from itertools import pairwise

from playwright.async_api import Page, expect

from deploy.tour.person import Person
from tests.browse.conftest import AtPortal
from tests.browse.desk import Desk
from tests.browse.visitor import Device

# What has the focus, as a person would call it, and whether anything shows that it has it.
FOCUS = """() => {
  const on = document.activeElement, style = getComputedStyle(on);
  const box = on.getBoundingClientRect();
  return {
    name: on.id || on.getAttribute("href") || on.textContent.trim(),
    ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
    top: box.top + scrollY, inside: document.querySelector("main").contains(on),
  };
}"""


async def tab_to(page: Page, name: str) -> None:
    """Press Tab until this has the focus; each stop on the way must show itself."""
    for _ in range(40):
        await page.keyboard.press("Tab")
        focus = await page.evaluate(FOCUS)
        assert focus["ring"], f"nothing shows that {focus['name']!r} has the focus"
        if focus["name"] == name:
            return
    raise AssertionError(f"{name!r} is not reached by Tab")


async def test_she_logs_on_and_looks_around_by_keyboard_alone(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    token = await desk.token_for(somebody)
    async with at_portal(somebody, device=Device.DESKTOP) as ada:
        page = ada.page
        await ada.enrol(token)
        await ada.log_off()
        await ada.go("/log-on")

        await page.keyboard.press("Tab")
        assert (await page.evaluate(FOCUS))["name"] == "#main"  # the way past what repeats
        await page.keyboard.press("Enter")
        await tab_to(page, "username")
        await page.keyboard.insert_text(somebody.username)  # as a paste does
        await tab_to(page, "password")
        await page.keyboard.insert_text("Wrong-1-Word")
        await page.keyboard.press("Enter")
        await expect(ada.summary).to_be_focused()
        await tab_to(page, "password")
        await page.keyboard.insert_text(somebody.password)
        await tab_to(page, "Log on")
        await page.keyboard.press("Enter")
        await ada.at("/home")
        await tab_to(page, "/settings")
        await page.keyboard.press("Enter")

        await ada.at("/settings")


async def test_focus_goes_down_a_form_as_one_reads_it(
    desk: Desk, at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody, device=Device.DESKTOP) as ada:
        for path in ("/log-on", "/enrol/token", "/forgot-username", "/forgot-password"):
            await ada.go(path)
            tops = []
            for _ in range(40):
                await ada.page.keyboard.press("Tab")
                focus = await ada.page.evaluate(FOCUS)
                if focus["inside"]:
                    tops.append(round(focus["top"]))
                elif tops:
                    break
            assert len(tops) >= 2, f"{path}: Tab does not lead through the form"
            assert all(b >= a - 8 for a, b in pairwise(tops)), f"{path}: {tops}"


async def test_in_forced_colours_what_is_pressed_and_typed_into_has_an_edge(
    at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.page.emulate_media(forced_colors="active")
        await ada.go("/log-on")

        for each in ("#username", "#password", "main button.primary"):
            width = await ada.page.locator(each).evaluate(
                "one => parseFloat(getComputedStyle(one).borderTopWidth)"
            )
            assert width >= 1, f"{each} has no edge of its own"
