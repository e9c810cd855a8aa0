"""NT-3 over HTTP: what the provider of text messages tells, believed where it is signed."""

import re
from collections.abc import Mapping
from urllib.parse import urlencode

from services.notify.actions import Action
from services.notify.ledger.model import DeliveryId
from services.notify.texts.errors import SignatureWrong
from services.notify.texts.features import Features
from services.notify.texts.model import Texted
from services.notify.texts.signatures import is_signed
from shared.http.parsing import id_of
from shared.http.routes import Call, Hook, NoReply
from shared.trust.access import Anonymous

SIGNED_IN = "X-Twilio-Signature"
NUMBER = re.compile(r"[0-9]{1,4}")


async def take_text_receipt(features: Features, call: Call[Hook, Anonymous]) -> NoReply:
    """Take what became of a message; which it is stands in the URL, which is signed as well."""
    async with features.acts.before(call.by, Action.TAKE_RECEIPT):
        require_signed(features, call, "?".join(("/texts/status", *asked(call.query))))
    texted, status = texted_of(call.query), call.body.first("MessageStatus")
    if texted is not None and status:
        await features.receipts.take(texted, status, by=call.by)
    return NoReply()


def asked(query: Mapping[str, str]) -> tuple[str, ...]:
    """Write the query as the provider had it, where there was one."""
    return (urlencode(query),) if query else ()


def texted_of(query: Mapping[str, str]) -> Texted | None:
    """Say which message is told of. None: none that was sent here."""
    delivery_id = id_of(query, "delivery_id")
    hop, attempt = (number_of(query, name) for name in ("hop", "attempt"))
    if delivery_id is None or hop is None:
        return None
    return Texted(delivery_id=DeliveryId(delivery_id), hop=hop, attempt=attempt)


def number_of(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    return int(text) if NUMBER.fullmatch(text) else None


async def take_text_answer(features: Features, call: Call[Hook, Anonymous]) -> NoReply:
    """Take what a phone sends back."""
    async with features.acts.before(call.by, Action.TAKE_ANSWER):
        require_signed(features, call, "/texts/incoming")
    await features.answers.take(
        call.body.first("From"),
        call.body.first("Body"),
        message=call.body.first("MessageSid"),
        by=call.by,
    )
    return NoReply()


def require_signed(features: Features, call: Call[Hook, Anonymous], path: str) -> None:
    """Raise SignatureWrong unless the provider signed this, for this path of ours."""
    provider = features.provider
    if provider is None or not is_signed(
        call.signature,
        token=provider.token.reveal(),
        url=provider.hooks_url + path,
        said=call.body.said,
    ):
        raise SignatureWrong
