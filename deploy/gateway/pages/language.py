"""The language, kept by the browser: it does not change because a password was wrong."""

from aiohttp import web

from deploy.gateway.pages.site import ANYBODY, Site
from deploy.gateway.web.forms import Form, FormPage
from deploy.gateway.web.languages import NAMES
from deploy.gateway.web.routes import Route, action, once_more
from deploy.gateway.web.visits import LANGUAGE, LANGUAGE_SECONDS, Visit, see


class LanguageForm(Form, frozen=True, kw_only=True):
    language: str
    back: str = "/"


async def choose_language(site: Site, visit: Visit, sent: LanguageForm, key: str) -> web.Response:
    """Keep the language, and show the same page in it."""
    if sent.language in NAMES:
        visit.jar.write(LANGUAGE, sent.language, seconds=LANGUAGE_SECONDS)
    return see(sent.back if sent.back in site.paths else "/")


ROUTES: tuple[Route[Site], ...] = action(
    "/language", ANYBODY, FormPage(form=LanguageForm, show=once_more, submit=choose_language)
)
