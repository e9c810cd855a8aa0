"""What a practice handed out, proven before anything else is asked (EN-1, EN-2, EN-3)."""

from datetime import date
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.doors.identity import EnrolmentProof
from deploy.gateway.flows import EnrolFlow
from deploy.gateway.pages.site import ANYBODY, Site, token_of
from deploy.gateway.web.forms import SECRET, Filled, Form, FormPage
from deploy.gateway.web.languages import N_
from deploy.gateway.web.routes import Mistyped, Route, form
from deploy.gateway.web.visits import Visit, see

MARGIN = 60  # seconds that a grant must be good for yet
PHONE_OR_NUMBER = N_(
    "Type your date of birth and your home phone, or the number that your practice knows you by."
)
Text = Annotated[str, Meta(max_length=200)]


class TokenForm(Form, frozen=True, kw_only=True):
    token: Text
    birth_date: date
    last_name: Text


class TemporaryForm(Form, frozen=True, kw_only=True):
    username: Text
    password: Annotated[str, SECRET, Meta(max_length=200)]


class InvitationForm(Form, frozen=True, kw_only=True):
    """The mailed link, and what only the patient and the practice know: the one or the other."""

    link: Annotated[str, Meta(max_length=1000)]
    birth_date: date | None = None
    home_phone: Text = ""
    number: Text = ""


async def show_token(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask for the token, and for what only the patient and the practice know."""
    return site.page(visit, "enrol_token.html", filled=filled)


async def take_token(site: Site, visit: Visit, sent: TokenForm, key: str) -> web.Response:
    """Prove it, and go on."""
    proof = EnrolmentProof(token=sent.token, birth_date=sent.birth_date, last_name=sent.last_name)
    return await go_on(site, visit, proof)


async def show_temporary(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask for what the practice has made up."""
    return site.page(visit, "enrol_temporary.html", filled=filled)


async def take_temporary(site: Site, visit: Visit, sent: TemporaryForm, key: str) -> web.Response:
    """Prove it, and go on."""
    proof = EnrolmentProof(username=sent.username, password=sent.password)
    return await go_on(site, visit, proof)


async def show_invitation(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Take the mailed link; nothing is asked of anybody before a person presses the button."""
    return site.page(visit, "enrol_invitation.html", filled=filled)


async def take_invitation(site: Site, visit: Visit, sent: InvitationForm, key: str) -> web.Response:
    """Prove it by phone and date of birth, or by the number, and go on."""
    invitation = token_of(sent.link)
    if sent.number:
        return await go_on(site, visit, EnrolmentProof(invitation=invitation, number=sent.number))
    if sent.birth_date is None or not sent.home_phone:
        raise Mistyped("home_phone", PHONE_OR_NUMBER)
    proof = EnrolmentProof(
        invitation=invitation, birth_date=sent.birth_date, home_phone=sent.home_phone
    )
    return await go_on(site, visit, proof)


async def go_on(site: Site, visit: Visit, proof: EnrolmentProof) -> web.Response:
    """Prove, and carry it on to the terms. Nothing of an enrolment before is kept: the next person
    at a shared device must not find what the one before her said to terms and e-mail.
    """
    flows.carry(visit, await proven_now(site, visit, proof))
    return see("/enrol/terms")


async def fresh_grant(site: Site, visit: Visit, flow: EnrolFlow) -> str:
    """Return the grant of what was proven; one that ends within a minute is got anew.

    The same one as long as it lives: a form that is sent twice is then the same call twice.
    """
    if visit.now.timestamp() + MARGIN < flow.good_until:
        return flow.grant
    proven = await proven_now(site, visit, flow.proof)
    flows.carry(
        visit, msgspec.structs.replace(flow, grant=proven.grant, good_until=proven.good_until)
    )
    return proven.grant


async def proven_now(site: Site, visit: Visit, proof: EnrolmentProof) -> EnrolFlow:
    """Prove it, as the beginning of an enrolment."""
    proven = await site.identity.prove_enrolment(visit, proof)
    return EnrolFlow(
        proof=proof,
        practice=proven.practice_name,
        grant=proven.grant,
        good_until=int(visit.now.timestamp()) + proven.expires_in,
    )


ROUTES: tuple[Route[Site], ...] = (
    *form("/enrol/token", ANYBODY, FormPage(form=TokenForm, show=show_token, submit=take_token)),
    *form(
        "/enrol/temporary",
        ANYBODY,
        FormPage(form=TemporaryForm, show=show_temporary, submit=take_temporary),
    ),
    *form(
        "/enrol/invitation",
        ANYBODY,
        FormPage(form=InvitationForm, show=show_invitation, submit=take_invitation),
    ),
)
