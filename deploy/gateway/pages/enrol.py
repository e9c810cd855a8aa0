"""Enrolment, once something was proven: terms, e-mail, username and password (EN-1, EN-9)."""

from typing import Annotated, Literal

import msgspec
from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.doors.identity import Enrolment
from deploy.gateway.flows import EnrolFlow
from deploy.gateway.gates import barred
from deploy.gateway.pages.enrolment_proofs import fresh_grant
from deploy.gateway.pages.passwords import NewPassword, differing, marks
from deploy.gateway.pages.site import ANYBODY, HOLDER, Site
from deploy.gateway.session import Inside
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Mistyped, Route, form, page
from deploy.gateway.web.visits import Visit, see

DONE = "/enrol/done"
EMAIL_OR_NONE = N_("Type your e-mail address, or tick that you do not wish to provide one.")


class TermsForm(Form, frozen=True, kw_only=True):
    answer: Literal["accept", "decline"]
    version: str


class EmailForm(Form, frozen=True, kw_only=True):
    email: Annotated[str, Meta(max_length=254)] = ""
    no_email: bool = False


class CredentialsForm(Form, frozen=True, kw_only=True):
    username: Annotated[str, Meta(max_length=200)]
    password: NewPassword
    again: NewPassword


async def ways_to_enrol(site: Site, visit: Visit) -> web.Response:
    """Show the ways in that there are."""
    return site.page(visit, "enrol.html", said=flows.said(visit))


async def show_terms(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Show the terms as they are now."""
    flow = flows.followed(visit, EnrolFlow)
    return site.page(
        visit, "enrol_terms.html", filled=filled, flow=flow, terms=await site.identity.terms(visit)
    )


async def answer_terms(site: Site, visit: Visit, sent: TermsForm, key: str) -> web.Response:
    """Go on with the version that was shown; whoever declines has no account, and keeps none."""
    flow = flows.followed(visit, EnrolFlow)
    if sent.answer != "accept":
        flows.drop(visit, EnrolFlow)
        return see("/enrol/declined")
    flows.carry(visit, msgspec.structs.replace(flow, terms_version=sent.version))
    return see("/enrol/e-mail")


async def declined(site: Site, visit: Visit) -> web.Response:
    """Say that nothing was made."""
    return site.page(visit, "enrol_declined.html")


async def show_email(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask for the account e-mail; having none is a choice (EN-7)."""
    flow = flows.followed(visit, EnrolFlow)
    if flow.terms_version is None:
        raise flows.gone(EnrolFlow)
    return site.page(visit, "enrol_email.html", filled=filled, flow=flow)


async def take_email(site: Site, visit: Visit, sent: EmailForm, key: str) -> web.Response:
    """Carry the address, or the choice to have none."""
    flow = flows.followed(visit, EnrolFlow)
    if flow.terms_version is None:
        raise flows.gone(EnrolFlow)
    if bool(sent.email) is sent.no_email:
        raise Mistyped("email", EMAIL_OR_NONE)
    email = sent.email or None
    flows.carry(visit, msgspec.structs.replace(flow, email=email, no_email=sent.no_email))
    return see("/enrol/credentials")


async def show_credentials(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask for username and password, the rules beside them."""
    flow = flows.followed(visit, EnrolFlow)
    if not flow.ready:
        raise flows.gone(EnrolFlow)
    return site.page(
        visit,
        "enrol_credentials.html",
        filled=filled,
        marks=await marks(site, visit, filled.failed),
    )


async def enrol(site: Site, visit: Visit, sent: CredentialsForm, key: str) -> web.Response:
    """Enrol with everything at once, and log on with what was just chosen."""
    flow = flows.followed(visit, EnrolFlow)
    if not flow.ready:
        raise flows.gone(EnrolFlow)
    if sent.password != sent.again:
        filled = Filled(key=key, typed={"username": sent.username})
        return await show_credentials(site, visit, differing(visit, filled))
    await site.identity.enrol(
        visit,
        Enrolment(
            terms_version=flow.terms_version or "",
            grant=await fresh_grant(site, visit, flow),
            username=sent.username,
            password=sent.password,
            email=flow.email,
            no_email=flow.no_email,
        ),
        key=key,
    )
    session = await site.identity.log_on(visit, sent.username, sent.password)
    flows.drop(visit, EnrolFlow)
    kept = site.sessions.begin(visit, session)
    if barred(kept.gates, DONE, scope=kept.scope):
        site.sessions.keep(visit, msgspec.structs.replace(kept, wanted=DONE))
    return see(DONE)


async def done(site: Site, visit: Inside) -> web.Response:
    """Welcome, and the ways back in that this account has: after the gates that are required, of
    which the questions open one more.
    """
    return site.page(visit, "enrol_done.html", account=await site.account(visit))


ROUTES: tuple[Route[Site], ...] = (
    *page("/enrol", ANYBODY, ways_to_enrol),
    *form("/enrol/terms", ANYBODY, FormPage(form=TermsForm, show=show_terms, submit=answer_terms)),
    *page("/enrol/declined", ANYBODY, declined),
    *form("/enrol/e-mail", ANYBODY, FormPage(form=EmailForm, show=show_email, submit=take_email)),
    *form(
        "/enrol/credentials",
        ANYBODY,
        FormPage(form=CredentialsForm, show=show_credentials, submit=enrol),
    ),
    *page(DONE, HOLDER, done),
)
