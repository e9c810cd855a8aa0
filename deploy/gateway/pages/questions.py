"""Security questions: five are set on the way in or in the settings (RC-8), two are answered by who
has forgotten the password (RC-4).
"""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated

from aiohttp import web
from msgspec import Meta

from deploy.gateway import flows
from deploy.gateway.doors.http import CATCHING_UP
from deploy.gateway.doors.recovery import Answer
from deploy.gateway.flows import QuestionsFlow, ResetFlow
from deploy.gateway.gates import QUESTIONS
from deploy.gateway.pages.confirmations import Proof, confirmed, is_confirmed
from deploy.gateway.pages.reset_grants import proven
from deploy.gateway.pages.site import ANYBODY, HOLDER, Site, on_to_home, stands_at
from deploy.gateway.session import Inside
from deploy.gateway.web.forms import SECRET, Filled, Form, FormPage
from deploy.gateway.web.refusals import Away, Refused
from deploy.gateway.web.routes import Route, form
from deploy.gateway.web.visits import Elsewhere, Visit, see

PLACES = range(1, 6)
FIELDS: Mapping[str, str] = {
    "reauthenticated": "password",
    **{f"questions[{place - 1}].code": f"question{place}" for place in PLACES},
    **{f"questions[{place - 1}].answer": f"answer{place}" for place in PLACES},
}
Code = Annotated[str, Meta(max_length=100)]
Typed = Annotated[str, SECRET, Meta(max_length=1024)]
"""An answer: readable while it is typed, and never put back into its field."""


class QuestionsForm(Proof, frozen=True, kw_only=True):
    """The password is asked for only where the session is too old to vouch for its holder, or five
    are set.
    """

    question1: Code
    answer1: Typed
    question2: Code
    answer2: Typed
    question3: Code
    answer3: Typed
    question4: Code
    answer4: Typed
    question5: Code
    answer5: Typed

    @property
    def chosen(self) -> list[Answer]:
        """As recovery takes them."""
        return [
            Answer(code=getattr(self, f"question{place}"), answer=getattr(self, f"answer{place}"))
            for place in PLACES
        ]


class AnswersForm(Form, frozen=True, kw_only=True):
    """The codes are of the questions that were shown."""

    code1: Code
    answer1: Typed
    code2: Code
    answer2: Typed


async def show_gate(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """Ask for five questions and their answers."""
    return await show(site, visit, filled, "gate_questions.html", action="/gate/questions")


async def show_settings(site: Site, visit: Inside, filled: Filled) -> web.Response:
    """The same in the settings, with the password."""
    return await show(site, visit, filled, "settings_questions.html", action="/settings/questions")


async def show(
    site: Site, visit: Inside, filled: Filled, template: str, *, action: str
) -> web.Response:
    account, bank = await asyncio.gather(site.account(visit), site.recovery.questions(visit))
    return site.page(
        visit,
        template,
        filled=filled,
        account=account,
        bank=bank,
        places=PLACES,
        action=action,
        said=flows.said(visit),
        confirmed=is_confirmed(visit, QuestionsFlow),
    )


async def set_at_gate(site: Site, visit: Inside, sent: QuestionsForm, key: str) -> web.Response:
    """Set them and go on. Who sends the form twice has set them with the first."""
    try:
        await set_five(site, visit, sent)
    except Refused as refused:
        if refused.code != "reauthentication_required":
            raise
        visit.kept = await site.sessions.renew(visit, visit.kept)
        if stands_at(visit, QUESTIONS):
            raise
    return await on_to_home(site, visit, "questions")


async def set_in_settings(site: Site, visit: Inside, sent: QuestionsForm, key: str) -> web.Response:
    """Set others in the place of those before."""
    await set_five(site, visit, sent)
    return see("/settings?said=questions")


async def set_five(site: Site, visit: Inside, sent: QuestionsForm) -> None:
    """Have recovery keep them, and bring identity its receipt; with identity away, or not knowing
    recovery's key yet, it hears of them by itself.
    """
    if sent.given or is_confirmed(visit, QuestionsFlow):
        receipt = await confirmed(
            site,
            visit,
            QuestionsFlow,
            sent,
            lambda token, grant: site.recovery.set_questions(visit, token, sent.chosen, grant),
            service="recovery",
        )
    else:
        receipt = await site.sessions.ask(
            visit, "recovery", site.recovery.set_questions, sent.chosen, None
        )
    try:
        await site.sessions.ask(visit, "identity", site.identity.hear_questions, receipt)
    except Away:
        return
    except Refused as refused:
        if refused.code != CATCHING_UP:
            raise


async def show_answers(site: Site, visit: Visit, filled: Filled) -> web.Response:
    """Ask the two questions of whatever username was typed. Other answers are another call: its
    form has a key of its own.
    """
    flow = by_username(visit)
    if filled.status == 422:
        filled = replace(filled, key=str(site.randomness.uuid()))
    return site.page(
        visit,
        "forgot_password_questions.html",
        filled=filled,
        asked=await site.recovery.ask(visit, flow.name),
    )


async def answer(site: Site, visit: Visit, sent: AnswersForm, key: str) -> web.Response:
    """Exchange right answers for a grant, and carry it to the new password."""
    flow = by_username(visit)
    answers = (
        Answer(code=sent.code1, answer=sent.answer1),
        Answer(code=sent.code2, answer=sent.answer2),
    )
    return proven(visit, await site.recovery.answer(visit, flow.name, answers, key=key))


def by_username(visit: Visit) -> ResetFlow:
    """Return the flow of a username. Raises Elsewhere, to where one is asked for."""
    flow = flows.named(visit)
    if not flow.typed_username:
        raise Elsewhere("/forgot-password/username")
    return flow


ROUTES: tuple[Route[Site], ...] = (
    *form(
        "/gate/questions",
        HOLDER,
        FormPage(form=QuestionsForm, show=show_gate, submit=set_at_gate, fields=FIELDS),
    ),
    *form(
        "/settings/questions",
        HOLDER,
        FormPage(form=QuestionsForm, show=show_settings, submit=set_in_settings, fields=FIELDS),
    ),
    *form(
        "/forgot-password/questions",
        ANYBODY,
        FormPage(
            form=AnswersForm,
            show=show_answers,
            submit=answer,
            codes={"already_issued": "answers_over"},
        ),
    ),
)
