"""What holds at every page in every state, and pictures of them for a person to look at."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from zlib import crc32

from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, ViewportSize

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
COLOURS = ("color-contrast", "link-in-text-block")  # all that another scheme can change
NARROW = ViewportSize(width=320, height=640)  # WCAG 1.4.10
WIDTHS = {"phone": 390, "desktop": 1280}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
SHAPE = """() => {
  const ids = [...document.querySelectorAll("[id]")].map(one => one.id);
  return {
    title: document.title,
    h1: document.querySelectorAll("h1").length,
    twice: ids.filter((id, place) => ids.indexOf(id) !== place),
  };
}"""
# Only what hangs out of the page itself: a region of its own may scroll.
OVERHANG = "() => document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"

# A page that follows the scheme does so in the next frame, and its colours may take their time.
SETTLED = """() => new Promise(settled => requestAnimationFrame(() => requestAnimationFrame(() => {
  document.getAnimations().forEach(each => each.finish());
  settled();
})))"""
SAMPLE = 3  # one state of so many; `make browse ALL=1` takes each
HEIGHT = "() => document.scrollingElement.scrollHeight"


def sampled(state: str) -> bool:
    """Whether a state is of the sample, the same in each run, that is seen dark and enlarged."""
    return crc32(state.encode()) % SAMPLE == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspector:
    """Looks at a state once a run, however many stories come by: looking is what takes long."""

    seen: Path  # a folder with a file for each state, which all workers of the run share
    pictures: Path | None = None  # where to write them
    again: bool = False  # look each time, and in the dark with every rule

    async def inspect(
        self, page: Page, state: str, *, theirs: Sequence[str] = (), scripted: bool = True
    ) -> None:
        """Raise AssertionError for what is wrong with the page as it stands.

        `theirs` are rules of axe that a library's page breaks, whose markup is not ours to mend;
        such a page is not held to the narrow screen and the unique ids of our own either.
        """
        await page.wait_for_load_state()  # a click has not waited for it: half a page has no title
        shape = await page.evaluate(SHAPE)
        assert shape["title"].strip(), f"{state}: no title"
        assert shape["h1"] == 1, f"{state}: {shape['h1']} headings of the first level"
        assert theirs or not shape["twice"], f"{state}: ids that stand twice: {shape['twice']}"
        if not self._first(state) and not self.again:
            return
        if not theirs:
            await self._narrow(page, state)
        if scripted:  # axe is a script; without one the markup is the same
            await self._accessible(page, state, theirs)
        if self.pictures is not None:
            await self._picture(page, state, self.pictures, scripted=scripted)

    def _first(self, state: str) -> bool:
        """Note that it was looked at; False where it was before, by whichever worker."""
        try:
            with (self.seen / slug(state)).open("x") as note:
                note.write(state)
        except FileExistsError:
            return False
        return True

    async def _accessible(self, page: Page, state: str, theirs: Sequence[str]) -> None:
        every = {
            "runOnly": {"type": "tag", "values": list(TAGS)},
            "rules": {rule: {"enabled": False} for rule in theirs},
        }
        colours = {"runOnly": {"type": "rule", "values": list(COLOURS)}}
        for scheme in SCHEMES if self.again or sampled(state) else SCHEMES[:1]:
            options = every if scheme == "light" or self.again else colours
            await page.emulate_media(color_scheme=scheme)
            await page.evaluate(SETTLED)
            asked = {**options, "resultTypes": ["violations"]}
            found = (await Axe().run(page, options=asked)).response["violations"]
            assert not found, f"{state}, {scheme}:\n{told(found)}"
        await page.emulate_media(color_scheme="light")

    async def _narrow(self, page: Page, state: str) -> None:
        """No sideways scroll on 320 px, nor with twice the text."""
        before = page.viewport_size
        assert before is not None
        await page.set_viewport_size(NARROW)
        over = await page.evaluate(OVERHANG)
        await page.set_viewport_size(before)
        assert over <= 0, f"{state}: {over} px hang out of a page of 320 px"
        if not (self.again or sampled(state)):
            return
        # The same text size doubled, by the page's own root: what a browser's text zoom does.
        await page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
        over = await page.evaluate(OVERHANG)
        await page.evaluate("() => { document.documentElement.style.fontSize = '' }")
        assert over <= 0, f"{state}: {over} px hang out with 200 % text"

    async def _picture(self, page: Page, state: str, folder: Path, *, scripted: bool) -> None:
        """Write the page on both devices, light and dark."""
        before = page.viewport_size
        assert before is not None
        for device, width in WIDTHS.items():
            # As high as the page: what a frame shows below the fold is not painted else.
            await page.set_viewport_size(ViewportSize(width=width, height=before["height"]))
            height = max(before["height"], await page.evaluate(HEIGHT))
            await page.set_viewport_size(ViewportSize(width=width, height=height))
            for scheme in SCHEMES:
                await page.emulate_media(color_scheme=scheme)
                if scripted:
                    await page.evaluate(SETTLED)
                await page.screenshot(path=folder / f"{slug(state)}-{device}-{scheme}.png")
        await page.set_viewport_size(before)
        await page.emulate_media(color_scheme="light")

    def contact_sheet(self) -> None:
        """Write one page with all pictures."""
        if self.pictures is None:
            return
        noted = sorted(self.seen.iterdir(), key=lambda note: note.stat().st_mtime_ns)
        rows = "".join(
            f"<h2>{state}</h2><div>"
            + "".join(
                f'<a href="{name}"><img src="{name}" alt="{name}"></a>'
                for device in WIDTHS
                for scheme in SCHEMES
                for name in [f"{slug(state)}-{device}-{scheme}.png"]
            )
            + "</div>"
            for state in [note.read_text() for note in noted]
        )
        style = "img{height:24rem;border:1px solid #888;margin:.25rem}body{font:16px system-ui}"
        (self.pictures / "index.html").write_text(
            f'<!doctype html><meta charset="utf-8"><title>Pages</title><style>{style}</style>{rows}'
        )


def slug(state: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", state.lower()).strip("-")


def told(violations: list[dict[str, Any]]) -> str:
    """Say each rule that is broken, where, and by what."""
    lines = []
    for violation in violations:
        lines.append(f"{violation['id']}: {violation['help']}")
        for node in violation["nodes"][:5]:
            broken = [check["message"] for kind in ("any", "all", "none") for check in node[kind]]
            lines.append(f"  {json.dumps(node['target'])} {node['html'][:160]} {'; '.join(broken)}")
    return "\n".join(lines)
