"""A person at a browser of her own, and what she would see go wrong without looking for it."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    Response,
    WebError,
)
from yarl import URL

from tests.browse.inspector import Inspector

SECONDS = 30  # for a page to come, or for what is looked for to be there
# Chromium's own errands; whoever calls elsewhere would not be told from a page of ours.
QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",  # a container's is small, and two browsers share it
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-quic",
    "--no-pings",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
# A form that is refused answers 4xx, and chromium complains of that on the console.
REFUSED = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")


class Device(Enum):
    """What she holds: viewport width and height."""

    PHONE = (390, 844)
    DESKTOP = (1280, 900)

    @property
    def size(self) -> tuple[int, int]:
        return self.value


@dataclass(kw_only=True)  # without slots: Playwright leaves a mark on who hears it
class Faults:
    """What fails a story by itself, wherever it looks."""

    origins: frozenset[str]  # of the stack; a request to any other is one
    expected: list[str] = field(default_factory=list)  # patterns of what this story brings about
    met: list[str] = field(default_factory=list)
    foreign: list[Request] = field(default_factory=list)

    def watch(self, context: BrowserContext) -> None:
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)

    def _add(self, fault: str) -> None:
        if not any(re.search(pattern, fault) for pattern in self.expected):
            self.met.append(fault)

    def _console(self, message: ConsoleMessage) -> None:
        """CSP and Trusted Types complain here too."""
        if message.type == "error" and not REFUSED.match(message.text):
            self._add(f"console: {message.text}")

    def _error(self, error: WebError) -> None:
        self._add(f"page error: {error.error}")

    def _request(self, request: Request) -> None:
        url = URL(request.url)
        if url.scheme not in ("data", "blob", "about") and str(url.origin()) not in self.origins:
            self.foreign.append(request)

    def _failed(self, request: Request) -> None:
        """What the page's policy holds back is told as a request, but never leaves."""
        if request.failure == "csp" and request in self.foreign:
            self.foreign.remove(request)

    def _response(self, response: Response) -> None:
        least = 500 if response.request.resource_type == "document" else 400
        if response.status >= least:
            self._add(f"{response.status} from {response.request.method} {response.url}")


@dataclass(slots=True, kw_only=True)
class Visitor:
    """One browser context: its cookies, its tabs, and the address it comes from."""

    context: BrowserContext
    page: Page  # the tab she looks at
    faults: Faults
    inspector: Inspector
    scripted: bool

    async def go(self, url: str) -> None:
        """Type an address."""
        await self.page.goto(url)

    async def sees(self, state: str, *, theirs: Sequence[str] = ()) -> None:
        """Hold the page in this state to what holds everywhere; `state` names its pictures."""
        await self.inspector.inspect(self.page, state, theirs=theirs, scripted=self.scripted)

    async def new_tab(self) -> Page:
        """Open a tab beside this one; the same cookies."""
        return await self.context.new_page()


@asynccontextmanager
async def launched(playwright: Playwright, program: Path, *, root: bool) -> AsyncIterator[Browser]:
    """Hold the browser; root has no sandbox to give it."""
    browser = await playwright.chromium.launch(
        executable_path=program, args=[*QUIET, *(["--no-sandbox"] if root else [])]
    )
    try:
        yield browser
    finally:
        await browser.close()


@asynccontextmanager
async def visiting(
    browser: Browser,
    *,
    source: str,
    origins: frozenset[str],
    inspector: Inspector,
    device: Device,
    scripted: bool = True,
    language: str = "en-US",
    any_certificate: bool = False,
) -> AsyncIterator[Visitor]:
    """Hold a visitor; raises AssertionError at the end for every fault she met on her way."""
    width, height = device.size
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        extra_http_headers={"X-Forwarded-For": source},
        java_script_enabled=scripted,
        locale=language,
        color_scheme="light",
        ignore_https_errors=any_certificate,
    )
    context.set_default_timeout(SECONDS * 1000)
    faults = Faults(origins=origins)
    faults.watch(context)
    try:
        yield Visitor(
            context=context,
            page=await context.new_page(),
            faults=faults,
            inspector=inspector,
            scripted=scripted,
        )
    finally:
        await context.close()
    faults.met += [f"request to another host: {each.method} {each.url}" for each in faults.foreign]
    assert not faults.met, "\n".join(faults.met)
