"""RC-8 over HTTP: the bank, and the five that are set."""

from typing import Annotated

from msgspec import Meta

from services.recovery.questions.answers import Chosen
from services.recovery.questions.api.texts import Question, worded
from services.recovery.questions.bank import BANK
from services.recovery.questions.features import Features
from services.recovery.questions.setting import QuestionsReceipt
from shared.contracts.languages import Language
from shared.http.routes import Body, Call, NoBody, Reply
from shared.trust.access import Anonymous, SessionCaller

Typed = Annotated[str, Meta(max_length=1024)]  # judged by rules with codes of their own


class Bank(Reply, frozen=True, kw_only=True):
    """`language` is the texts': English, where there are none in the one that was asked for."""

    language: Language
    questions: tuple[Question, ...]


class ChosenQuestion(Body, frozen=True, kw_only=True):
    code: Typed
    answer: Typed


class SetQuestions(Body, frozen=True, kw_only=True):
    """`reauthenticated` is a grant for the verb `questions`. The first five need none within ten
    minutes of the log-on.
    """

    questions: Annotated[tuple[ChosenQuestion, ...], Meta(max_length=20)]
    reauthenticated: Typed | None = None


async def list_security_questions(features: Features, call: Call[NoBody, Anonymous]) -> Bank:
    language, questions = worded(tuple(BANK), call.query.get("locale", ""))
    return Bank(language=language, questions=questions)


async def set_security_questions(
    features: Features, call: Call[SetQuestions, SessionCaller]
) -> QuestionsReceipt:
    return await features.setting.set(
        [Chosen(code=each.code, answer=each.answer) for each in call.body.questions],
        caller=call.caller,
        reauthenticated=call.body.reauthenticated,
        by=call.by,
    )
