"""The language of the desk, kept by the browser."""

import re

from aiohttp import web

from deploy.gateway.desk.site import ANYBODY, Desk
from deploy.gateway.web.forms import Form, FormPage
from deploy.gateway.web.languages import NAMES
from deploy.gateway.web.routes import Route, action, once_more
from deploy.gateway.web.visits import LANGUAGE, LANGUAGE_SECONDS, Visit, see

OWN = re.compile(r"/(?!/)[a-z0-9/-]*")  # a page of the desk, and no other host's


class LanguageForm(Form, frozen=True, kw_only=True):
    language: str
    back: str = "/"


async def choose_language(desk: Desk, visit: Visit, sent: LanguageForm, key: str) -> web.Response:
    """Keep the language, and show the same page in it."""
    if sent.language in NAMES:
        visit.jar.write(LANGUAGE, sent.language, seconds=LANGUAGE_SECONDS)
    return see(sent.back if OWN.fullmatch(sent.back) else "/")


ROUTES: tuple[Route[Desk], ...] = action(
    "/language", ANYBODY, FormPage(form=LanguageForm, show=once_more, submit=choose_language)
)
