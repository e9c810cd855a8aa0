"""Mobile numbers: added with the password, verified by the code of a text message (NT-3)."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.flows import AddressFlow
from deploy.gateway.pages.addresses import among
from deploy.gateway.pages.confirmations import PROOF_FIELDS, Proof, confirmed, is_confirmed
from deploy.gateway.pages.site import HOLDER, Site
from deploy.gateway.session import Inside
from deploy.gateway.web.forms import SECRET, Filled, Form, FormPage
from deploy.gateway.web.routes import Route, form
from deploy.gateway.web.visits import see


class NumberForm(Proof, frozen=True, kw_only=True):
    """The password is asked for once, however many numbers are tried in five minutes."""

    number: Annotated[str, Meta(max_length=40)]


class CodeForm(Form, frozen=True, kw_only=True):
    code: Annotated[str, SECRET, Meta(max_length=40)]


async def show_add(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Ask for a number, and for the password where it was not given for this yet."""
    return site.page(
        visit,
        "settings_number.html",
        filled=filled,
        said=flows.said(visit),
        account=await site.account(visit),
        confirmed=is_confirmed(visit, AddressFlow),
    )


async def add(site: Site, visit: Inside, sent: NumberForm, key: str) -> web.Response:
    """Have the code sent; for one that waits for it, another one."""
    added = await confirmed(
        site,
        visit,
        AddressFlow,
        sent,
        lambda token, grant: site.notify.add_number(visit, token, sent.number, grant),
        service="notify",
    )
    return see(f"/settings/notifications/numbers/{added.address_id}")


async def show_code(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Ask for the code that was sent to this number."""
    own = await site.addresses(visit)
    return site.page(
        visit,
        "settings_number_code.html",
        filled=filled,
        number=among(own, visit.request.match_info["address_id"]),
        texts_from=own.texts_from,
    )


async def verify(site: Site, visit: Inside, sent: CodeForm, key: str) -> web.Response:
    """Verify the number; a code that is wrong is told, and may be typed again."""
    address_id = visit.request.match_info["address_id"]
    await site.sessions.ask(visit, "notify", site.notify.verify_number, address_id, sent.code)
    return see("/settings/notifications?said=number")


ROUTES: tuple[Route[Site], ...] = (
    *form(
        "/settings/notifications/numbers",
        HOLDER,
        FormPage(
            form=NumberForm,
            show=show_add,
            submit=add,
            fields=PROOF_FIELDS,
            codes={"address_known": "number_known", "address_limit": "number_limit"},
        ),
    ),
    *form(
        "/settings/notifications/numbers/{address_id}",
        HOLDER,
        FormPage(form=CodeForm, show=show_code, submit=verify),
    ),
)
