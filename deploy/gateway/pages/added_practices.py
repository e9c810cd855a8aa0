"""One more practice for the account one has (EN-5)."""

from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.doors.identity import AddedPractice, OwnPractice
from deploy.gateway.flows import EnrolFlow
from deploy.gateway.gates import PAGES, SECOND_STEP
from deploy.gateway.pages.confirmations import Code, Proof, grant_once
from deploy.gateway.pages.enrolment_proofs import fresh_grant
from deploy.gateway.pages.site import ANYBODY, HOLDER, Site, on_to_home, stands_at
from deploy.gateway.session import HOME, Inside, inside
from deploy.gateway.web.forms import SECRET, Filled, Form, FormPage
from deploy.gateway.web.routes import Mistyped, Route, form
from deploy.gateway.web.sentences import MISSING
from deploy.gateway.web.visits import Visit, see

VERB = "practice"  # what the password is given again for


class AddForm(Form, frozen=True, kw_only=True):
    """The token is not asked for where something was proven just before."""

    token: Annotated[str, Meta(max_length=200)] = ""
    username: str
    password: Annotated[str, SECRET, Meta(max_length=4096)]
    code: Code = ""  # asked for once the password was right, where two-step is on


class OwnForm(Proof, frozen=True, kw_only=True):
    """The same in a session; the password is given again for this."""

    token: Annotated[str, Meta(max_length=200)] = ""


def proven_to_add(visit: Visit) -> EnrolFlow | None:
    """What was proven just before, where a practice may be added by it."""
    flow = flows.shown(visit, EnrolFlow)
    return flow if flow is not None and flow.adds else None


async def show_add(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask for the token, where none was proven, and for the account it is to be added to."""
    flow = proven_to_add(visit)
    return site.page(
        visit, "enrol_add.html", filled=filled, practice=flow.practice if flow else None
    )


async def add(site: Site, visit: Visit, sent: AddForm, key: str) -> web.Response:
    """Add the practice, and log on with the same words.

    A code is good once and used up by the practice, so the log-on waits for another one.
    """
    flow = proven_to_add(visit)
    if flow is None and not sent.token:
        raise Mistyped("token", MISSING["token"])
    added = AddedPractice(
        token=sent.token if flow is None else None,
        grant=await fresh_grant(site, visit, flow) if flow is not None else None,
        name=sent.username,
        password=sent.password,
        code=sent.code or None,
    )
    await site.identity.add_practice(visit, added, key=key)
    session = await site.identity.log_on(visit, sent.username, sent.password)
    flows.drop(visit, EnrolFlow)
    begun = inside(visit, site.sessions.begin(visit, session))
    waits = stands_at(begun, SECOND_STEP)
    return see(f"{PAGES[SECOND_STEP] if waits else HOME}?said=added")


async def show_own(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Ask for the token, where none was proven, and for the password once more."""
    flow = proven_to_add(visit)
    return site.page(
        visit,
        "settings_practices_add.html",
        filled=filled,
        account=await site.account(visit),
        practice=flow.practice if flow else None,
    )


async def add_own(site: Site, visit: Inside, sent: OwnForm, key: str) -> web.Response:
    """Add it to the account one is logged on to (SE-3)."""
    flow = proven_to_add(visit)
    if flow is None and not sent.token:
        raise Mistyped("token", MISSING["token"])
    proof = await grant_once(site, visit, VERB, sent)
    added = OwnPractice(
        token=sent.token if flow is None else None,
        grant=await fresh_grant(site, visit, flow) if flow is not None else None,
        reauthenticated=proof,
    )
    await site.sessions.ask(visit, "identity", site.identity.add_own_practice, added)
    flows.drop(visit, EnrolFlow)
    return await on_to_home(site, visit, "added")


ROUTES: tuple[Route[Site], ...] = (
    *form("/enrol/add", ANYBODY, FormPage(form=AddForm, show=show_add, submit=add)),
    *form(
        "/settings/practices/add",
        HOLDER,
        FormPage(form=OwnForm, show=show_own, submit=add_own),
    ),
)
