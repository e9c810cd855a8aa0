"""Enrolment by a practice's token, and one more practice for the account one has (EN-1, EN-5)."""

from datetime import date
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.doors.identity import AddedPractice, Enrolment
from deploy.gateway.flows import EnrolFlow
from deploy.gateway.pages.passwords import NewPassword, differing, marks
from deploy.gateway.pages.site import ANYBODY, HOLDER, Site
from deploy.gateway.session import Inside
from deploy.gateway.web.forms import SECRET, Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Route, form, page, wrong
from deploy.gateway.web.visits import Visit, see

BEGIN = "/enrol"
EMAIL_OR_NONE = N_("Type your e-mail address, or tick that you do not wish to provide one.")


class TokenForm(Form, frozen=True, kw_only=True):
    token: Annotated[str, Meta(max_length=200)]
    birth_date: date
    last_name: Annotated[str, Meta(max_length=200)]


class TermsForm(Form, frozen=True, kw_only=True):
    answer: str
    version: str


class EmailForm(Form, frozen=True, kw_only=True):
    email: Annotated[str, Meta(max_length=254)] = ""
    no_email: bool = False


class CredentialsForm(Form, frozen=True, kw_only=True):
    username: Annotated[str, Meta(max_length=200)]
    password: NewPassword
    again: NewPassword


class AddForm(Form, frozen=True, kw_only=True):
    token: Annotated[str, Meta(max_length=200)]
    username: str
    password: Annotated[str, SECRET, Meta(max_length=4096)]


async def ways_to_enrol(site: Site, visit: Visit) -> web.Response:
    """Show the ways in that there are."""
    return site.page(visit, "enrol.html")


async def show_token(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask for the token, and for what only the patient and the practice know."""
    return site.page(visit, "enrol_token.html", status=filled.status, filled=filled)


async def take_token(site: Site, visit: Visit, sent: TokenForm, key: str) -> web.Response:
    """Carry them on: they are proven together with everything else, at the end. What was said to
    terms and e-mail before is kept, so that who mends a wrong token need not say it again.
    """
    before = flows.carried(visit, EnrolFlow)
    flow = EnrolFlow(token=sent.token, birth_date=sent.birth_date, last_name=sent.last_name)
    if before is not None:
        flow = msgspec.structs.replace(
            before, token=sent.token, birth_date=sent.birth_date, last_name=sent.last_name
        )
    flows.carry(visit, flow)
    return see("/enrol/credentials" if flow.ready else "/enrol/terms")


async def show_terms(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Show the terms as they are now."""
    if flows.carried(visit, EnrolFlow) is None:
        return see(BEGIN)
    terms = await site.identity.terms(visit)
    return site.page(visit, "enrol_terms.html", status=filled.status, filled=filled, terms=terms)


async def answer_terms(site: Site, visit: Visit, sent: TermsForm, key: str) -> web.Response:
    """Go on with the version that was shown; whoever declines has no account, and keeps none."""
    flow = flows.carried(visit, EnrolFlow)
    if flow is None:
        return see(BEGIN)
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
    flow = flows.carried(visit, EnrolFlow)
    if flow is None or flow.terms_version is None:
        return see(BEGIN)
    return site.page(visit, "enrol_email.html", status=filled.status, filled=filled, flow=flow)


async def take_email(site: Site, visit: Visit, sent: EmailForm, key: str) -> web.Response:
    """Carry the address, or the choice to have none."""
    flow = flows.carried(visit, EnrolFlow)
    if flow is None or flow.terms_version is None:
        return see(BEGIN)
    if bool(sent.email) is sent.no_email:
        filled = Filled(
            key=key,
            typed={"email": sent.email},
            problems=(wrong(visit, "email", EMAIL_OR_NONE),),
            status=422,
        )
        return await show_email(site, visit, filled)
    email = sent.email or None
    flows.carry(visit, msgspec.structs.replace(flow, email=email, no_email=sent.no_email))
    return see("/enrol/credentials")


async def show_credentials(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask for username and password, the rules beside them."""
    flow = flows.carried(visit, EnrolFlow)
    if flow is None or not flow.ready:
        return see(BEGIN)
    return site.page(
        visit,
        "enrol_credentials.html",
        status=filled.status,
        filled=filled,
        marks=await marks(site, visit, filled.failed),
    )


async def enrol(site: Site, visit: Visit, sent: CredentialsForm, key: str) -> web.Response:
    """Enrol with everything at once, and log on with what was just chosen."""
    flow = flows.carried(visit, EnrolFlow)
    if flow is None or not flow.ready:
        return see(BEGIN)
    if sent.password != sent.again:
        filled = Filled(key=key, typed={"username": sent.username})
        return await show_credentials(site, visit, differing(visit, filled))
    await site.identity.enrol(
        visit,
        Enrolment(
            terms_version=flow.terms_version or "",
            token=flow.token,
            birth_date=flow.birth_date,
            last_name=flow.last_name,
            username=sent.username,
            password=sent.password,
            email=flow.email,
            no_email=flow.no_email,
        ),
        key=key,
    )
    session = await site.identity.log_on(visit, sent.username, sent.password)
    flows.drop(visit, EnrolFlow)
    site.sessions.begin(visit, session)
    return see("/enrol/done")


async def done(site: Site, visit: Inside) -> web.Response:
    """Welcome, and the ways back in that this account has."""
    return site.page(visit, "enrol_done.html", account=await site.account(visit))


async def show_add(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask for the token, and for the account it is to be added to."""
    return site.page(visit, "enrol_add.html", status=filled.status, filled=filled)


async def add_practice(site: Site, visit: Visit, sent: AddForm, key: str) -> web.Response:
    """Add the practice, and log on with the same words."""
    added = AddedPractice(token=sent.token, name=sent.username, password=sent.password)
    await site.identity.add_practice(visit, added, key=key)
    session = await site.identity.log_on(visit, sent.username, sent.password)
    site.sessions.begin(visit, session)
    return see("/home?said=added")


ROUTES: tuple[Route[Site], ...] = (
    *page("/enrol", ANYBODY, ways_to_enrol),
    *form("/enrol/token", ANYBODY, FormPage(form=TokenForm, show=show_token, submit=take_token)),
    *form("/enrol/terms", ANYBODY, FormPage(form=TermsForm, show=show_terms, submit=answer_terms)),
    *page("/enrol/declined", ANYBODY, declined),
    *form("/enrol/e-mail", ANYBODY, FormPage(form=EmailForm, show=show_email, submit=take_email)),
    *form(
        "/enrol/credentials",
        ANYBODY,
        FormPage(form=CredentialsForm, show=show_credentials, submit=enrol),
    ),
    *page("/enrol/done", HOLDER, done),
    *form("/enrol/add", ANYBODY, FormPage(form=AddForm, show=show_add, submit=add_practice)),
)
