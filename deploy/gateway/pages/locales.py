"""Language and time zone of the account: what mails are written in, and the portal too (ID-8)."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway.pages.site import HOLDER, Site
from deploy.gateway.session import Inside
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.languages import NAMES, places
from deploy.gateway.web.routes import Route, form
from deploy.gateway.web.visits import LANGUAGE, LANGUAGE_SECONDS, see


class LocaleForm(Form, frozen=True, kw_only=True):
    language: Annotated[str, Meta(max_length=10)]
    time_zone: Annotated[str, Meta(max_length=100)]


async def show(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Show both as they are, and what they can be."""
    account = await site.account(visit)
    return site.page(
        visit,
        "settings_language.html",
        filled=filled,
        account=account,
        names=NAMES,
        places=places(account.time_zone),
    )


async def change(site: Site, visit: Inside, sent: LocaleForm, key: str) -> web.Response:
    """Change them, and speak that language here as well. Of the same language the country stays,
    which decides how dates are written.
    """
    account = await site.account(visit)
    locale = account.locale if account.language == sent.language else sent.language
    await site.sessions.ask(visit, "identity", site.identity.change_locale, locale, sent.time_zone)
    if sent.language in NAMES:
        visit.jar.write(LANGUAGE, sent.language, seconds=LANGUAGE_SECONDS)
    return see("/settings?said=language")


ROUTES: tuple[Route[Site], ...] = form(
    "/settings/language",
    HOLDER,
    FormPage(form=LocaleForm, show=show, submit=change, fields={"locale": "language"}),
)
