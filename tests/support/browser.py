"""A browser without a screen: cookies, links and forms as one has them, and what each page said."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser
from itertools import cycle
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import urlsplit

import aiohttp

MASKED = re.compile(
    r'name="(?:csrf|key)" value="[^"]*"|value="[^"]*" name="(?:csrf|key)"|[0-9a-f-]{36}'
)
OWN_TO_A_REPLY = frozenset({"Date", "Correlation-Id", "Caller-Correlation-Id", "Set-Cookie"})
OURS: Mapping[str, str] = MappingProxyType({"Sec-Fetch-Site": "same-origin"})
NOTHING: Mapping[str, str] = MappingProxyType({})


class Forms(HTMLParser):
    """Reads a page's forms: by their action, the fields that a browser would send."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self._open: dict[str, str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = self.found.setdefault(given["action"], {})
        elif tag == "input" and self._open is not None and is_sent(given):
            self._open[given["name"]] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def is_sent(given: Mapping[str, str]) -> bool:
    """Whether a browser sends this field as it stands."""
    return "name" in given and (given.get("type") != "checkbox" or "checked" in given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A reply as it was shown."""

    path: str
    status: int
    text: str
    headers: Mapping[str, str]
    set_cookies: tuple[str, ...]

    @property
    def forms(self) -> dict[str, dict[str, str]]:
        """Return its forms by their action."""
        reader = Forms()
        reader.feed(self.text)
        return reader.found

    @property
    def heading(self) -> str:
        """Return its one h1."""
        (found,) = re.findall(r"<h1>(.*?)</h1>", self.text, re.DOTALL)
        return unescape(found)

    @property
    def problems(self) -> str:
        """Return the words of the summary; empty where nothing was refused."""
        found = re.search(r'<div class="summary".*?</div>', self.text, re.DOTALL)
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", found[0])).split()) if found else ""

    def alike(self) -> tuple[object, ...]:
        """The whole of it but what differs between any two visits."""
        headers = tuple(sorted((n, v) for n, v in self.headers.items() if n not in OWN_TO_A_REPLY))
        cookies = tuple((each.partition("=")[0], len(each)) for each in self.set_cookies)
        return self.path, self.status, MASKED.sub("-", self.text), headers, cookies


@dataclass(slots=True)
class Browser:
    """One person's browser. It goes round the replicas, as behind a balancer."""

    urls: Sequence[str]
    host: str
    source: str
    language: str = "en"
    cookies: dict[str, str] = field(default_factory=dict)
    _session: aiohttp.ClientSession | None = field(default=None, init=False)
    _turn: "cycle[str]" = field(init=False)

    def __post_init__(self) -> None:
        self._turn = cycle(self.urls)

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._session is not None
        await self._session.close()

    async def get(self, path: str) -> Page:
        """Open an address, and go wherever it leads."""
        return await self._follow(await self.request("GET", path))

    async def press(self, page: Page, action: str, **typed: str) -> Page:
        """Send a form of the page, filled in, and go wherever that leads."""
        return await self._follow(await self.send(action, {**page.forms[action], **typed}))

    async def send(
        self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] = OURS
    ) -> Page:
        """Send fields as a form of our own pages, and stay."""
        return await self.request("POST", path, data=fields, headers=headers)

    async def request(
        self,
        method: str,
        path: str,
        *,
        data: Mapping[str, str] | aiohttp.MultipartWriter | None = None,
        headers: Mapping[str, str] = NOTHING,
    ) -> Page:
        """Send one request; keep and forget cookies as told."""
        assert self._session is not None
        sent = {
            "Host": self.host,
            "X-Forwarded-For": self.source,
            "Accept": "text/html",
            "Accept-Language": self.language,
            **headers,
        }
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{n}={v}" for n, v in self.cookies.items())
        async with self._session.request(
            method, next(self._turn) + path, data=data, headers=sent, allow_redirects=False
        ) as reply:
            for name, morsel in reply.cookies.items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
            return Page(
                path=path,
                status=reply.status,
                text=await reply.text(),
                headers=dict(reply.headers),
                set_cookies=tuple(reply.headers.getall("Set-Cookie", [])),
            )

    async def _follow(self, page: Page) -> Page:
        for _ in range(5):
            if page.status != 303:
                return page
            leads = urlsplit(page.headers["Location"])
            assert not leads.netloc, "a redirect leaves the portal"
            page = await self.request("GET", page.headers["Location"])
        raise AssertionError(f"{page.path} leads round and round")
