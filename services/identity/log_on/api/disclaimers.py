"""Disclaimers, as a practice words them and a session answers them (DISC-1)."""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta

from services.identity.fields import Paragraphs
from services.identity.languages import Language, worded
from services.identity.log_on.disclaimers import Said
from services.identity.log_on.features import Features
from services.identity.sessions.reach import Answer
from shared.contracts.ids import PracticeId
from shared.http.routes import Body, Call, NoBody, NoReply, Reply, StaffBody
from shared.trust.access import PracticeCaller, SessionCaller


class DisclaimerBody(StaffBody, frozen=True, kw_only=True):
    """`texts` by language; paragraphs are parted by an empty line. None: nothing is asked."""

    texts: Annotated[dict[Language, Paragraphs], Meta(max_length=20)]


class DisclaimerReply(Reply, frozen=True, kw_only=True):
    """`version` goes up with each change of the texts; 0: there never were any."""

    version: int
    texts: Mapping[str, str]


class AskedReply(Reply, frozen=True, kw_only=True):
    """`language` is the text's: another, where there is none in the one that was asked for."""

    practice_id: PracticeId
    practice_name: str
    version: int
    language: str
    text: str
    answer: Answer


class DisclaimersReply(Reply, frozen=True, kw_only=True):
    disclaimers: tuple[AskedReply, ...]


class AnswerBody(Body, frozen=True, kw_only=True):
    """`version` is the one that was shown."""

    version: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    answer: Said


async def read_disclaimer(
    features: Features, call: Call[NoBody, PracticeCaller]
) -> DisclaimerReply:
    found = await features.disclaimers.read(call.caller.practice_id)
    return DisclaimerReply(version=found.version, texts=found.texts)


async def publish_disclaimer(
    features: Features, call: Call[DisclaimerBody, PracticeCaller]
) -> DisclaimerReply:
    made = await features.disclaimers.publish(call.caller.practice_id, call.body.texts, by=call.by)
    return DisclaimerReply(version=made.version, texts=made.texts)


async def list_disclaimers(
    features: Features, call: Call[NoBody, SessionCaller]
) -> DisclaimersReply:
    locale = call.query.get("locale", "")
    replies = []
    for each in await features.disclaimers.list(call.caller):
        shown = worded(each.texts, locale)
        replies.append(
            AskedReply(
                practice_id=each.practice_id,
                practice_name=each.practice_name,
                version=each.version,
                language=shown.language,
                text=shown.text,
                answer=each.answer,
            )
        )
    return DisclaimersReply(disclaimers=tuple(replies))


async def answer_disclaimer(
    features: Features, call: Call[AnswerBody, SessionCaller], practice_id: PracticeId
) -> NoReply:
    await features.disclaimers.answer(
        practice_id, call.body.answer, version=call.body.version, caller=call.caller, by=call.by
    )
    return NoReply()
