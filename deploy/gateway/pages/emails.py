"""The account e-mail: claimed on the way in or in the settings, verified by its link (ID-6)."""

import asyncio
from collections.abc import Mapping
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.doors.notify import Suppression
from deploy.gateway.flows import EmailFlow, LinkFlow
from deploy.gateway.gates import EMAIL
from deploy.gateway.pages.confirmations import Proof, confirmed, is_confirmed
from deploy.gateway.pages.site import ANYBODY, HOLDER, LinkForm, Site, on_to_home, token_of
from deploy.gateway.session import Inside, inside
from deploy.gateway.web.forms import Filled, FormPage
from deploy.gateway.web.messages import of_code
from deploy.gateway.web.refusals import Away, Broken, Refused
from deploy.gateway.web.routes import Nothing, Route, button, form
from deploy.gateway.web.visits import Visit, see

LINK_DEAD = "email_link_invalid"
CLAIM_FIELDS: Mapping[str, str] = {"address": "email", "reauthenticated": "password"}


class ClaimForm(Proof, frozen=True, kw_only=True):
    """The password is asked for only where the session is too old to vouch for its holder."""

    email: Annotated[str, Meta(max_length=254)]


async def show_gate(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Recommend an account e-mail, or wait for the one that was claimed."""
    account = await site.account(visit)
    return site.page(
        visit,
        "gate_email.html",
        filled=filled,
        account=account,
        required=any(gate.name == EMAIL and gate.required for gate in visit.kept.gates),
        said=visit.request.query.get("said", ""),
    )


async def claim_at_gate(site: Site, visit: Inside, sent: ClaimForm, key: str) -> web.Response:
    """Have the link mailed, and stay: the gate says where to look for it."""
    await claim(site, visit, sent)
    return see("/gate/e-mail?said=sent")


async def skip_gate(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """Not now: it is offered again at the next log-on."""
    await site.sessions.ask(visit, "identity", site.identity.skip, EMAIL)
    return await on_to_home(site, visit, "skipped")


async def show_settings_email(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Show the account e-mail, and take another one; while notify is there, whether mails come
    back.
    """
    account, returned = await asyncio.gather(site.account(visit), returned_mails(site, visit))
    return site.page(
        visit,
        "settings_email.html",
        filled=filled,
        account=account,
        returned=returned,
        again=flows.said(visit),
        confirmed=is_confirmed(visit, EmailFlow),
        said=visit.request.query.get("said", ""),
    )


async def returned_mails(site: Site, visit: Inside) -> tuple[Suppression, ...]:
    """List one's own addresses from which mails come back."""
    try:
        found = await site.sessions.ask(visit, "notify", site.notify.suppressions)
    except (Away, Broken, Refused):
        return ()
    return found.suppressions


async def try_again(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """Have mails sent there again; a mail that comes back ends it once more."""
    await site.sessions.ask(visit, "notify", site.notify.lift)
    return see("/settings/e-mail?said=lifted")


async def claim_in_settings(site: Site, visit: Inside, sent: ClaimForm, key: str) -> web.Response:
    """Have the link mailed, and stay."""
    await claim(site, visit, sent)
    return see("/settings/e-mail?said=sent")


async def claim(site: Site, visit: Inside, sent: ClaimForm) -> None:
    """Claim an address, with the password where it was asked for (SE-3)."""
    if sent.given or is_confirmed(visit, EmailFlow):
        await confirmed(
            site,
            visit,
            EmailFlow,
            sent,
            lambda token, grant: site.identity.claim(visit, token, sent.email, grant),
        )
        return
    await site.sessions.ask(visit, "identity", site.identity.claim, sent.email, None)


async def show_verify(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Take the mailed link; nothing is used up before a person presses the button."""
    if visit.request.query.get("said") == "refused" and not filled.problems:
        filled = Filled(key=filled.key, problems=(of_code(LINK_DEAD, visit.language, {}),))
    return site.page(visit, "verify_address.html", filled=filled, action="/verify-email", link="")


async def verify(site: Site, visit: Visit, sent: LinkForm, key: str) -> web.Response:
    """Verify the address of the account one is logged on to; else the link waits for the log-on."""
    link = token_of(sent.link)
    kept = site.sessions.look(visit)
    if kept is None or not kept.alive(visit.now):
        flows.carry(visit, LinkFlow(token=link))
        return see("/log-on?said=verify")
    entered = inside(visit, kept)
    await site.sessions.ask(entered, "identity", site.identity.verify, link)
    return await on_to_home(site, entered, "verified")


ROUTES: tuple[Route[Site], ...] = (
    *form(
        "/gate/e-mail",
        HOLDER,
        FormPage(form=ClaimForm, show=show_gate, submit=claim_at_gate, fields=CLAIM_FIELDS),
    ),
    *button("/gate/e-mail/skip", HOLDER, skip_gate),
    *form(
        "/verify-email",
        ANYBODY,
        FormPage(
            form=LinkForm,
            show=show_verify,
            submit=verify,
            codes={"link_invalid": LINK_DEAD},
        ),
    ),
    *form(
        "/settings/e-mail",
        HOLDER,
        FormPage(
            form=ClaimForm,
            show=show_settings_email,
            submit=claim_in_settings,
            fields=CLAIM_FIELDS,
        ),
    ),
    *button("/settings/e-mail/try-again", HOLDER, try_again, show=show_settings_email),
)
