"""The gates with a page of their own: terms, and disclaimers one after the other (EN-9, DISC-1)."""

from typing import Literal

from aiohttp import web

from deploy.gateway.doors.identity import Disclaimer
from deploy.gateway.pages.site import HOLDER, Site, on_to_home
from deploy.gateway.session import COOKIE, Inside
from deploy.gateway.web.forms import Filled, Form, FormPage
from deploy.gateway.web.refusals import Refused
from deploy.gateway.web.routes import Route, form, page
from deploy.gateway.web.visits import PageMissing, see

DECLINED = "terms_declined"


class TermsAnswer(Form, frozen=True, kw_only=True):
    answer: Literal["accept", "decline"]
    version: str


class DisclaimerAnswer(Form, frozen=True, kw_only=True):
    answer: Literal["accept", "accept-and-keep", "decline"]
    version: str


async def show_terms(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Show the terms as they are now."""
    return site.page(
        visit, "gate_terms.html", filled=filled, terms=await site.identity.terms(visit)
    )


async def answer_terms(site: Site, visit: Inside, sent: TermsAnswer, key: str) -> web.Response:
    """Go on with the version that was shown; whoever declines is logged off."""
    accepted = sent.answer == "accept"
    try:
        await site.sessions.ask(
            visit, "identity", site.identity.answer_terms, sent.version, accepted
        )
    except Refused as refused:
        if refused.code != DECLINED:
            raise
        visit.jar.delete(COOKIE)
        return see("/log-on?said=declined")
    return await on_to_home(site, visit, "terms")


async def show_next_disclaimer(site: Site, visit: Inside) -> web.Response:
    """Ask for the first that is not answered; where none is left, go on."""
    asked = await disclaimers(site, visit)
    unanswered = [each for each in asked if each.answer == "unanswered"]
    if not unanswered:
        return await on_to_home(site, visit, "disclaimers")
    return see(f"/gate/disclaimers/{unanswered[0].practice_id}")


async def show_disclaimer(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Show a practice's text, and what was answered to it in this session."""
    practice_id = visit.request.match_info["practice_id"]
    asked = await disclaimers(site, visit)
    found = [each for each in asked if each.practice_id == practice_id]
    if not found:
        raise PageMissing
    return site.page(visit, "gate_disclaimer.html", filled=filled, disclaimer=found[0])


async def answer_disclaimer(
    site: Site, visit: Inside, sent: DisclaimerAnswer, key: str
) -> web.Response:
    """Take the answer, and ask for the next one's."""
    practice_id = visit.request.match_info["practice_id"]
    version = int(sent.version) if sent.version.isdecimal() else 0
    await site.sessions.ask(
        visit, "identity", site.identity.answer_disclaimer, practice_id, version, sent.answer
    )
    return see("/gate/disclaimers")


async def disclaimers(site: Site, visit: Inside) -> tuple[Disclaimer, ...]:
    """List what this session is asked."""
    found = await site.sessions.ask(visit, "identity", site.identity.disclaimers)
    return found.disclaimers


ROUTES: tuple[Route[Site], ...] = (
    *form("/gate/terms", HOLDER, FormPage(form=TermsAnswer, show=show_terms, submit=answer_terms)),
    *page("/gate/disclaimers", HOLDER, show_next_disclaimer),
    *form(
        "/gate/disclaimers/{practice_id}",
        HOLDER,
        FormPage(form=DisclaimerAnswer, show=show_disclaimer, submit=answer_disclaimer),
    ),
)
