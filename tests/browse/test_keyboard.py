"""Story 29: the portal by keyboard alone, and in forced colours."""

import base64
from itertools import pairwise

import pytest
from playwright.async_api import FloatRect, Page, expect

from deploy.tour.person import Person
from tests.browse.conftest import AtPortal, Visit
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

# Where that is, with room for a ring, and the area of a line of two pixels around it.
BOX = """() => {
  const box = document.activeElement.getBoundingClientRect(), room = 8;
  return {
    x: Math.max(0, Math.floor(box.x + scrollX - room)),
    y: Math.max(0, Math.floor(box.y + scrollY - room)),
    width: Math.ceil(box.width + 2 * room), height: Math.ceil(box.height + 2 * room),
    line: 4 * (box.width + box.height),
  };
}"""
# How many pixels of two pictures differ from each other by 3:1 (WCAG's relative luminance).
STRONG = """async pictures => {
  const read = async picture => {
    const image = new Image();
    image.src = `data:image/png;base64,${picture}`;
    await image.decode();
    const context = new OffscreenCanvas(image.width, image.height).getContext("2d");
    context.drawImage(image, 0, 0);
    return context.getImageData(0, 0, image.width, image.height).data;
  };
  const part = value => value <= 10 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4;
  const light = (data, at) =>
    0.2126 * part(data[at]) + 0.7152 * part(data[at + 1]) + 0.0722 * part(data[at + 2]) + 0.05;
  const [before, after] = await Promise.all(pictures.map(read));
  let strong = 0;
  for (let at = 0; at < before.length; at += 4) {
    const [a, b] = [light(before, at), light(after, at)];
    strong += Math.max(a, b) / Math.min(a, b) >= 3;
  }
  return strong;
}"""

WITHOUT_EDGE = """() => [...document.querySelectorAll("main input, main select, main button")]
  .filter(one => one.offsetParent && !["hidden", "checkbox", "radio"].includes(one.type))
  .filter(one => parseFloat(getComputedStyle(one).borderTopWidth) < 1)
  .map(one => one.outerHTML)"""


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


@pytest.mark.parametrize("colours", ["light", "dark", "forced"])
async def test_what_has_the_focus_differs_by_three_to_one_from_what_has_it_not(
    visit: Visit, portal: str, colours: str
) -> None:
    """WCAG 1.4.11 and 2.4.13, measured on what is painted, since a rule of a stylesheet may be
    covered, cut off, or of a colour that this ground takes up.
    """
    async with visit(portal, device=Device.DESKTOP) as visitor:
        page = visitor.page
        if colours == "forced":
            await page.emulate_media(forced_colors="active")
        else:
            await page.emulate_media(color_scheme="dark" if colours == "dark" else "light")
        await visitor.go(f"{portal}/log-on")
        await page.keyboard.press("Tab")  # from here on the focus is one of the keyboard's

        for each in (
            "#username",
            "button.toggle",
            "main button.primary",
            "main a[href='/enrol']",
            "header a",
            "form[action='/language'] button:not([aria-current])",
            "a[href='/forgot-password']",
        ):
            await page.locator(each).first.focus()
            assert await ring_of(page) >= 1, f"{each}, {colours}: the ring is too thin or too pale"


async def ring_of(page: Page) -> float:
    """Measure what has the focus: how many pixels differ by 3:1 from themselves without it, of
    those that a line of two pixels around it has.
    """
    box = await page.evaluate(BOX)
    clip = FloatRect(x=box["x"], y=box["y"], width=box["width"], height=box["height"])
    focused = await page.screenshot(clip=clip, full_page=True)
    await page.evaluate("() => document.activeElement.blur()")
    without = await page.screenshot(clip=clip, full_page=True)
    canvas = await page.context.new_page()
    shown = [base64.b64encode(each).decode() for each in (without, focused)]
    strong: int = await canvas.evaluate(STRONG, shown)
    await canvas.close()
    return strong / float(box["line"])


async def test_in_forced_colours_what_is_pressed_and_typed_into_has_an_edge(
    at_portal: AtPortal, somebody: Person
) -> None:
    async with at_portal(somebody) as ada:
        await ada.page.emulate_media(forced_colors="active")
        for path in ("/log-on", "/enrol", "/enrol/token", "/forgot-password", "/help"):
            await ada.go(path)
            bare = await ada.page.evaluate(WITHOUT_EDGE)
            assert not bare, f"{path}: without an edge of its own: {bare}"
