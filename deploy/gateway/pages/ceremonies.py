"""Passkeys on a page: what its script asks for, and the answer that comes with its form (MF-6)."""

from collections.abc import Awaitable
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec import Meta

from deploy.gateway.doors.identity import Answer
from deploy.gateway.doors.passkeys import Ceremony
from deploy.gateway.web.forms import SECRET, Form, NoForm
from deploy.gateway.web.refusals import Away, Refused

MOST = Meta(max_length=16384)  # an answer with a long credential id and the largest key
NONE_ANSWERS = frozenset({"passkeys_not_offered", "no_passkeys"})


class Answered(Form, frozen=True, kw_only=True):
    """Both are empty where the page goes by other means."""

    ceremony: Annotated[str, SECRET, Meta(max_length=2000)] = ""
    credential: Annotated[str, SECRET, MOST] = ""


class Identified(msgspec.Struct):
    id: str


def answer_of(sent: Answered) -> Answer | None:
    """Take an authenticator's answer as the browser has written it; None where there is none."""
    if not sent.credential:
        return None
    id = credential_id(sent.credential)
    return Answer(sent.ceremony, msgspec.Raw(sent.credential.encode()), id)


def credential_id(credential: str) -> str:
    """Name the passkey that an answer is of. Raises NoForm: our script writes no such thing."""
    try:
        return msgspec.json.decode(credential, type=Identified).id
    except (msgspec.DecodeError, RecursionError):
        raise NoForm(400) from None


async def begun(ceremony: Awaitable[Ceremony]) -> web.Response:
    """Hand a page's script what is to be answered; nothing, where no passkey could or nobody is
    there to ask for it: the page goes by other means.
    """
    try:
        body = msgspec.json.encode(await ceremony)
    except Refused as refused:
        if refused.code not in NONE_ANSWERS:
            raise
        return web.Response(status=204)
    except Away:
        return web.Response(status=204)
    return web.Response(body=body, content_type="application/json")
