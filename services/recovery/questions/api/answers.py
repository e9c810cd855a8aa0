"""RC-4 over HTTP: which two questions are asked, and the answers to both in one call."""

from typing import Annotated

from msgspec import Meta

from services.recovery.grants.grants import RecoveryGrant
from services.recovery.questions.api.texts import Question, worded
from services.recovery.questions.bank import ASKED
from services.recovery.questions.features import Features
from shared.contracts.languages import Language
from shared.http.routes import Body, Call, Reply
from shared.trust.access import Anonymous

Name = Annotated[str, Meta(min_length=1, max_length=320)]
Typed = Annotated[str, Meta(max_length=1024)]


class AskQuestions(Body, frozen=True, kw_only=True):
    """`name` is a username; an e-mail address is nobody's here."""

    name: Name


class AskedQuestions(Reply, frozen=True, kw_only=True):
    """Two, for whatever name: the same ones until they were answered right. `language` is the
    texts'.
    """

    language: Language
    questions: tuple[Question, ...]


class Answer(Body, frozen=True, kw_only=True):
    code: Typed
    answer: Typed


class AnswerQuestions(Body, frozen=True, kw_only=True):
    """`answers` are to the two that were asked; the call is one attempt of each."""

    name: Name
    answers: Annotated[tuple[Answer, ...], Meta(min_length=ASKED, max_length=ASKED)]


async def ask_security_questions(
    features: Features, call: Call[AskQuestions, Anonymous]
) -> AskedQuestions:
    pair = await features.answering.start(call.body.name)
    language, questions = worded(pair, call.query.get("locale", ""))
    return AskedQuestions(language=language, questions=questions)


async def answer_security_questions(
    features: Features, call: Call[AnswerQuestions, Anonymous]
) -> RecoveryGrant:
    return await features.answering.answer(
        call.body.name,
        {each.code: each.answer for each in call.body.answers},
        key=call.idempotency,
        by=call.by,
    )
