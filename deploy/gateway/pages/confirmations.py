"""The password, given again for one thing: once, however often that is refused (SE-3)."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from deploy.gateway import flows
from deploy.gateway.flows import Confirmed
from deploy.gateway.pages.site import Site
from deploy.gateway.session import Inside
from deploy.gateway.web.refusals import Refused

T = TypeVar("T")


def is_confirmed(visit: Inside, kind: type[Confirmed]) -> bool:
    """Whether the password was given for this within the last five minutes."""
    return flows.shown(visit, kind) is not None


async def confirmed(
    site: Site,
    visit: Inside,
    kind: type[Confirmed],
    password: str,
    change: Callable[[str, str], Awaitable[T]],
    *,
    service: str = "identity",
) -> T:
    """Do what needs the password, with a token and a grant; what is refused keeps the grant, but
    where it is the grant that is refused: then the password is asked for again.
    """
    grant = await grant_of(site, visit, kind, password)
    try:
        done = await site.sessions.ask(visit, service, lambda token: change(token, grant))
    except Refused as refused:
        if not refused.code.startswith("grant_"):
            raise
        flows.drop(visit, kind)
        raise Refused("reauthentication_required", status=refused.status) from None
    flows.drop(visit, kind)
    return done


async def grant_of(site: Site, visit: Inside, kind: type[Confirmed], password: str) -> str:
    """Return the grant of a password given now, or within the last five minutes."""
    flow = flows.shown(visit, kind)
    if flow is not None:
        return flow.grant
    proof = await site.sessions.ask(
        visit,
        "identity",
        lambda token: site.identity.reauthenticate(visit, token, password, kind.verb),
    )
    flows.carry(visit, kind(grant=proof.grant))
    return proof.grant
