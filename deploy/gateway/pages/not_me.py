"""A change that was not one's own: the link of its mail shuts the account (RC-9)."""

from datetime import date
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway.pages.site import ANYBODY, Site, token_of
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.routes import Route, form, page
from deploy.gateway.web.visits import Visit, see


class NotMeForm(Form, frozen=True, kw_only=True):
    """The mailed link, and what a mailbox alone does not tell."""

    link: Annotated[str, Meta(max_length=1000)]
    birth_date: date


async def show_not_me(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Say what will happen; whatever opens links in mails brings none of it about."""
    return site.page(visit, "not_me.html", filled=filled)


async def freeze(site: Site, visit: Visit, sent: NotMeForm, key: str) -> web.Response:
    """Shut the account."""
    await site.identity.freeze(visit, token_of(sent.link), sent.birth_date)
    return see("/not-me/done")


async def show_frozen(site: Site, visit: Visit) -> web.Response:
    """Say that it is shut, and who opens it again; to whoever asks alike."""
    return site.page(visit, "not_me_done.html")


ROUTES: tuple[Route[Site], ...] = (
    *form(
        "/not-me",
        ANYBODY,
        FormPage(
            form=NotMeForm,
            show=show_not_me,
            submit=freeze,
            codes={"link_invalid": "not_me_link_invalid"},
        ),
    ),
    *page("/not-me/done", ANYBODY, show_frozen),
)
