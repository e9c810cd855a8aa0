"""The mail catcher's pages: a list, a mail, its HTML in a frame; and what programs ask.

A mail is a stranger's markup: it is framed under a policy by which no script runs and nothing is
loaded, and pages of ours have no script at all.
"""

import re
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deploy.local.caught import Caught, Fault, Mail

HERE = Path(__file__).parent
PER_PAGE = 100
POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; img-src data:; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
# A link may be followed, in a tab of its own: a frame would be refused by the page it leads to.
FRAME = "allow-popups allow-popups-to-escape-sandbox"
FRAME_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    f"base-uri 'none'; frame-ancestors 'self'; sandbox {FRAME}"
)
HEAD = re.compile(r"<head(\s[^>]*)?>", re.IGNORECASE)
TARGET = '<base target="_blank">'
NO_REFERRER = {"Referrer-Policy": "no-referrer", "X-DNS-Prefetch-Control": "off"}


def templates() -> Environment:
    found = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    found.globals["frame"] = FRAME
    return found


@dataclass(slots=True)
class Pages:
    """For people `/`, `/show/{id}` and `/html/{id}`; for programs `/mails` and `/faults`."""

    caught: Caught
    templates: Environment = field(default_factory=templates)

    def application(self) -> web.Application:
        application = web.Application(middlewares=[self.not_found])
        application.add_routes(
            [
                web.get("/", self.overview),
                web.get(r"/show/{id:\d{1,18}}", self.show),
                web.get(r"/html/{id:\d{1,18}}", self.html),
                web.get("/mails.css", self.style),
                web.get("/mails", self.list_mails),
                web.post("/faults", self.add_fault),
                web.delete("/faults", self.clear_faults),
            ]
        )
        return application

    async def overview(self, request: web.Request) -> web.Response:
        """List the newest mails, or those before one; all, or those to one address."""
        recipient = request.query.get("to", "").strip()
        before = number(request.query.get("before"))
        found = reversed(self.caught.to(recipient))
        mails = list(islice((m for m in found if before is None or m.id < before), PER_PAGE + 1))
        return self.page(
            "list.html",
            mails=mails[:PER_PAGE],
            older=mails[PER_PAGE - 1].id if len(mails) > PER_PAGE else None,
            before=before,
            recipient=recipient,
            let_go=self.caught.let_go,
        )

    async def show(self, request: web.Request) -> web.Response:
        return self.page("mail.html", mail=self.wanted(request))

    async def html(self, request: web.Request) -> web.Response:
        """Return a mail's own markup, for a frame."""
        markup = self.wanted(request).html
        text = HEAD.sub(lambda head: head[0] + TARGET, markup, count=1)
        text = text if text != markup else TARGET + markup
        return answer(text, "text/html", FRAME_POLICY)

    async def style(self, request: web.Request) -> web.Response:
        return answer((HERE / "mails.css").read_text(), "text/css", POLICY)

    async def list_mails(self, request: web.Request) -> web.Response:
        after = number(request.query.get("after")) or 0
        found = self.caught.to(request.query.get("to"), after=after)
        return web.Response(body=msgspec.json.encode(found), content_type="application/json")

    async def add_fault(self, request: web.Request) -> web.Response:
        try:
            self.caught.faults.append(msgspec.json.decode(await request.read(), type=Fault))
        except msgspec.MsgspecError as problem:
            raise web.HTTPBadRequest(text=str(problem)) from problem
        return web.Response(status=204)

    async def clear_faults(self, request: web.Request) -> web.Response:
        self.caught.faults.clear()
        return web.Response(status=204)

    def wanted(self, request: web.Request) -> Mail:
        mail = self.caught.find(int(request.match_info["id"]))
        if mail is None:
            raise web.HTTPNotFound
        return mail

    def page(self, template: str, *, status: int = 200, **shown: Any) -> web.Response:
        text = self.templates.get_template(template).render(**shown)
        return answer(text, "text/html", POLICY, status=status)

    @property
    def not_found(self) -> Any:
        """Say on a page what is not there: a mail that was let go is not a typing mistake."""

        @web.middleware
        async def told(request: web.Request, handler: Any) -> web.StreamResponse:
            try:
                found: web.StreamResponse = await handler(request)
            except web.HTTPNotFound:
                return self.page("none.html", status=404, let_go=self.caught.let_go)
            return found

        return told


def number(given: str | None) -> int | None:
    """Return a mail's id as it was asked for; what is none is as if nothing was asked."""
    return int(given) if given and re.fullmatch(r"[0-9]{1,18}", given) else None


def answer(text: str, content_type: str, policy: str, *, status: int = 200) -> web.Response:
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
        **NO_REFERRER,
    }
    return web.Response(
        text=text, status=status, content_type=content_type, charset="utf-8", headers=headers
    )
