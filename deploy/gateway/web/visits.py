"""A visit: one request as pages see it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from aiohttp import web

from deploy.gateway.web.cookies import DAY, Jar
from deploy.gateway.web.languages import Language
from shared.http.texts import shown

CODE: web.RequestKey[str] = web.RequestKey("code", str)  # of a refusal, for logs and metrics
VISITOR = "portico-visitor"
LANGUAGE = "portico-language"
AGENT_LENGTH = 200  # code points
VISITOR_SECONDS = 400 * DAY
LANGUAGE_SECONDS = 365 * DAY


@dataclass(slots=True, kw_only=True)
class Visit:
    """Who asks from where, in which language, with which cookies."""

    request: web.Request
    correlation_id: UUID
    source: str  # the client's address, as it is passed on to the services
    now: datetime
    jar: Jar
    language: Language
    visitor: str  # what forms are bound to: the browser, not the session
    newcomer: bool  # its browser sent no visitor cookie
    logged_on: bool = False
    flow: str | None = None  # id of the one its forms go on with, or that a form was sent with

    @property
    def path(self) -> str:
        """The page's own path."""
        return self.request.path

    @property
    def agent(self) -> str | None:
        """What the browser calls itself, as far as it can be shown: anything may stand there."""
        return shown(self.request.headers.get("User-Agent", ""), most=AGENT_LENGTH)

    def say(self, text: str, **values: object) -> str:
        """Translate a marked text."""
        return self.language.say(text, **values)

    def said(self, texts: Mapping[str, str]) -> str | None:
        """Say what was done before this page, as far as its address names one of these texts."""
        text = texts.get(self.request.query.get("said", ""))
        return self.say(text) if text else None


class Elsewhere(Exception):
    """This page is not for now: the browser is sent to another path of ours, cookies and all."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class PageMissing(Exception):
    """There is no such page, or no such thing of this person's."""


def see(path: str) -> web.Response:
    """Send the browser on with a GET, as after every POST that did something."""
    return web.Response(status=303, headers={"Location": path})
