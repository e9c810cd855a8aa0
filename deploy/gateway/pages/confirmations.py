"""The password, and a code where two-step is on, or a passkey, given again for one thing: once,
however often that is refused (SE-3).
"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Annotated, TypeVar

from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.flows import Confirmed
from deploy.gateway.gates import CONFIRM
from deploy.gateway.pages.ceremonies import Answered, answer_of, begun
from deploy.gateway.pages.site import HOLDER, Site
from deploy.gateway.session import Inside
from deploy.gateway.web.forms import SECRET
from deploy.gateway.web.refusals import Refused
from deploy.gateway.web.routes import Mistyped, Nothing, Route, button
from deploy.gateway.web.sentences import MISSING

Code = Annotated[str, SECRET, Meta(max_length=200)]

PROOF_FIELDS: Mapping[str, str] = {"reauthenticated": "password"}
WITH_PASSWORD = frozenset({"two-step-off"})
"""Verbs that take a passkey in the place of the code alone (MF-4)."""

T = TypeVar("T")


class Proof(Answered, frozen=True, kw_only=True):
    """What is given again; a page that knows it already shows none of it."""

    password: Annotated[str, SECRET, Meta(max_length=4096)] = ""
    code: Code = ""

    @property
    def given(self) -> bool:
        """Whether there is anything to go by."""
        return bool(self.password or self.credential)


def is_confirmed(visit: Inside, kind: type[Confirmed]) -> bool:
    """Whether it was given for this within the last five minutes."""
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
    with kept_unless_refused(visit, kind):
        done = await site.sessions.ask(visit, service, lambda _, token: change(token, grant))
    flows.drop(visit, kind)
    return done


@contextmanager
def kept_unless_refused(visit: Inside, kind: type[Confirmed]) -> Iterator[None]:
    """Have the password asked for again where it is the grant that is refused."""
    try:
        yield
    except Refused as refused:
        if not refused.code.startswith("grant_"):
            raise
        flows.drop(visit, kind)
        raise Refused("reauthentication_required", status=refused.status) from None


async def grant_of(site: Site, visit: Inside, kind: type[Confirmed], proof: Proof) -> str:
    """Return the grant of a proof given now, or within the last five minutes."""
    flow = flows.shown(visit, kind)
    if flow is not None:
        return flow.grant
    grant = await grant_once(site, visit, kind.verb, proof)
    flows.carry(visit, kind(grant=grant))
    return grant


async def grant_once(site: Site, visit: Inside, verb: str, proof: Proof) -> str:
    """Return the grant of a proof given now, which nothing keeps. A passkey is a whole one, where
    no password is asked for beside it: what a browser has filled in is not looked at then.
    """
    answer = answer_of(proof)
    password = "" if answer and verb not in WITH_PASSWORD else proof.password
    if not password and (answer is None or verb in WITH_PASSWORD):
        raise Mistyped("password", MISSING["password"])
    code = "" if answer else proof.code
    given = await site.sessions.ask(
        visit, "identity", site.identity.reauthenticate, verb, password, code, answer
    )
    return given.grant


async def ask_to_confirm(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """Begin a ceremony, for the script of whichever page asks for the password again."""
    return await begun(site.sessions.ask(visit, "identity", site.passkeys.to_confirm))


ROUTES: tuple[Route[Site], ...] = button(CONFIRM, HOLDER, ask_to_confirm)
