"""The second step of a log-on: a code, a recovery code or a passkey (MF-3, MF-8)."""

from aiohttp import web

from deploy.gateway.gates import SECOND_STEP
from deploy.gateway.pages.ceremonies import Answered, answer_of, begun
from deploy.gateway.pages.confirmations import Code
from deploy.gateway.pages.site import HOLDER, Site, arrive, on
from deploy.gateway.session import COOKIE, Inside
from deploy.gateway.web.forms import Filled, FormPage
from deploy.gateway.web.refusals import Refused
from deploy.gateway.web.routes import Mistyped, Nothing, Route, button, form
from deploy.gateway.web.sentences import MISSING
from deploy.gateway.web.visits import see

OVER, GIVEN = "second_step_over", "gate_closed"
ADDED = "added"  # a practice just before, which has used her code up


class StepForm(Answered, frozen=True, kw_only=True):
    """A code, or a passkey's answer in its place."""

    code: Code = ""
    trust: bool = False
    said: str = ""


async def show_gate(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Ask for the code or the passkey that the log-on waits for; who has given it goes on."""
    step = next((gate for gate in visit.kept.gates if gate.name == SECOND_STEP), None)
    if step is None:
        return await on(site, visit)
    said = filled.typed.get("said") or visit.request.query.get("said")
    return site.page(visit, "gate_second_step.html", filled=filled, step=step, added=said == ADDED)


async def take(site: Site, visit: Inside, sent: StepForm, key: str) -> web.Response:
    """Go on in the full session that the code opens; the fifth wrong one leads to the log-on."""
    answer = answer_of(sent)
    if answer is None and not sent.code:
        raise Mistyped("code", MISSING["code"])
    wanted = visit.kept.wanted
    try:
        session = await site.sessions.ask(
            visit,
            "identity",
            site.identity.second_step,
            sent.code,
            answer,
            trust=sent.trust,
        )
    except Refused as refused:
        if refused.code == GIVEN:  # the page of before, or of another tab
            return await on(site, visit)
        if refused.code != OVER:
            raise
        visit.jar.delete(COOKIE)
        return see("/log-on?said=codes")
    return await arrive(site, visit, site.sessions.begin(visit, session), wanted)


async def ask_to_go_on(site: Site, visit: Inside, sent: Nothing, key: str) -> web.Response:
    """Begin a ceremony with the account's own passkeys, for the page's script."""
    return await begun(site.sessions.ask(visit, "identity", site.passkeys.to_go_on))


ROUTES: tuple[Route[Site], ...] = (
    *form("/gate/second-step", HOLDER, FormPage(form=StepForm, show=show_gate, submit=take)),
    *button("/gate/second-step/passkey", HOLDER, ask_to_go_on, show=show_gate),
)
