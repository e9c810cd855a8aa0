"""What a practice handed out, proven before anything else is asked (EN-1)."""

from datetime import date
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.doors.identity import EnrolmentProof
from deploy.gateway.flows import EnrolFlow
from deploy.gateway.pages.site import ANYBODY, Site
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.routes import Route, form
from deploy.gateway.web.visits import Visit, see

MARGIN = 60  # seconds that a grant must be good for yet


class TokenForm(Form, frozen=True, kw_only=True):
    token: Annotated[str, Meta(max_length=200)]
    birth_date: date
    last_name: Annotated[str, Meta(max_length=200)]


async def show_token(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask for the token, and for what only the patient and the practice know."""
    return site.page(visit, "enrol_token.html", status=filled.status, filled=filled)


async def take_token(site: Site, visit: Visit, sent: TokenForm, key: str) -> web.Response:
    """Prove it, and go on."""
    proof = EnrolmentProof(token=sent.token, birth_date=sent.birth_date, last_name=sent.last_name)
    return await go_on(site, visit, proof)


async def go_on(site: Site, visit: Visit, proof: EnrolmentProof) -> web.Response:
    """Prove, and carry it on to the terms. What was said to terms and e-mail before is kept, so
    that who has to prove once more need not say it again.
    """
    before = flows.carried(visit, EnrolFlow)
    proven = await proven_now(site, visit, proof)
    if before is not None:
        proven = msgspec.structs.replace(
            proven,
            terms_version=before.terms_version,
            email=before.email,
            no_email=before.no_email,
        )
    flows.carry(visit, proven)
    return see("/enrol/credentials" if proven.ready else "/enrol/terms")


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


ROUTES: tuple[Route[Site], ...] = form(
    "/enrol/token", ANYBODY, FormPage(form=TokenForm, show=show_token, submit=take_token)
)
