"""The practice's disclaimer, worded in each language (DISC-1)."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway.desk.site import STAFF, Desk, Staffed
from deploy.gateway.doors.practice import DisclaimerChange
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.routes import Route, form
from deploy.gateway.web.visits import see

Text = Annotated[str, Meta(max_length=20_000)]


class DisclaimerForm(Form, frozen=True, kw_only=True):
    """Both left empty: the practice asks nothing."""

    en: Text = ""
    es: Text = ""
    reason: Annotated[str, Meta(max_length=200)]


async def show(desk: Desk, visit: Staffed, filled: Filled) -> web.Response:
    """Show the texts as they are now."""
    return desk.page(
        visit,
        "desk_disclaimer.html",
        filled=filled,
        disclaimer=await desk.system.disclaimer(visit, visit.desk.client),
        said=visit.request.query.get("said", ""),
    )


async def change(desk: Desk, visit: Staffed, sent: DisclaimerForm, key: str) -> web.Response:
    """Word it anew; patients are asked from their next log-on on. What the practice's system has
    worded in other languages stays, unless the practice asks nothing any more.
    """
    shown = {"en": sent.en, "es": sent.es}
    texts = {name: text.replace("\r\n", "\n") for name, text in shown.items() if text}
    if texts:
        kept = (await desk.system.disclaimer(visit, visit.desk.client)).texts
        texts = {name: text for name, text in kept.items() if name not in shown} | texts
    await desk.system.change_disclaimer(
        visit,
        visit.desk.client,
        DisclaimerChange(
            staff_id=visit.desk.staff_id,
            reason=sent.reason,
            texts=texts,
        ),
    )
    return see("/disclaimer?said=changed")


ROUTES: tuple[Route[Desk], ...] = form(
    "/disclaimer", STAFF, FormPage(form=DisclaimerForm, show=show, submit=change)
)
