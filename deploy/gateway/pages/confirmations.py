"""The password, and a code where two-step is on, given again for one thing: once, however often
that is refused (SE-3).
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.flows import Confirmed
from deploy.gateway.pages.site import Site
from deploy.gateway.session import Inside
from deploy.gateway.web.forms import SECRET, Form
from deploy.gateway.web.refusals import Refused
from deploy.gateway.web.routes import Mistyped
from deploy.gateway.web.sentences import MISSING

Code = Annotated[str, SECRET, Meta(max_length=200)]

T = TypeVar("T")


class Proof(Form, frozen=True, kw_only=True):
    """What is given again; a page that knows it already shows neither."""

    password: Annotated[str, SECRET, Meta(max_length=4096)] = ""
    code: Code = ""


def is_confirmed(visit: Inside, kind: type[Confirmed]) -> bool:
    """Whether the password was given for this within the last five minutes."""
    return flows.shown(visit, kind) is not None


async def confirmed(
    site: Site,
    visit: Inside,
    kind: type[Confirmed],
    proof: Proof,
    change: Callable[[str, str], Awaitable[T]],
    *,
    service: str = "identity",
) -> T:
    """Do what needs the proof, with a token and a grant; what is refused keeps the grant, but
    where it is the grant that is refused: then the password is asked for again.
    """
    grant = await grant_of(site, visit, kind, proof)
    try:
        done = await site.sessions.ask(visit, service, lambda token: change(token, grant))
    except Refused as refused:
        if not refused.code.startswith("grant_"):
            raise
        flows.drop(visit, kind)
        raise Refused("reauthentication_required", status=refused.status) from None
    flows.drop(visit, kind)
    return done


async def grant_of(site: Site, visit: Inside, kind: type[Confirmed], proof: Proof) -> str:
    """Return the grant of a proof given now, or within the last five minutes."""
    flow = flows.shown(visit, kind)
    if flow is not None:
        return flow.grant
    grant = await grant_once(site, visit, kind.verb, proof)
    flows.carry(visit, kind(grant=grant))
    return grant


async def grant_once(site: Site, visit: Inside, verb: str, proof: Proof) -> str:
    """Return the grant of a proof given now, which nothing keeps."""
    if not proof.password:
        raise Mistyped("password", MISSING["password"])
    given = await site.sessions.ask(
        visit,
        "identity",
        lambda token: site.identity.reauthenticate(visit, token, proof.password, proof.code, verb),
    )
    return given.grant
