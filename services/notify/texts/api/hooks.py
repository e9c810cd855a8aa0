"""NT-3 over HTTP: what the provider of text messages tells, believed where it is signed."""

from services.notify.actions import Action
from services.notify.ledger.model import DeliveryId
from services.notify.texts.errors import SignatureWrong
from services.notify.texts.features import Features
from services.notify.texts.signatures import is_signed
from shared.http.parsing import id_of
from shared.http.routes import Call, Hook, NoReply
from shared.trust.access import Anonymous

SIGNED_IN = "X-Twilio-Signature"


async def take_text_receipt(features: Features, call: Call[Hook, Anonymous]) -> NoReply:
    """Take what became of a message; its delivery stands in the URL, which is signed as well."""
    delivery_id, hop = id_of(call.query, "delivery_id"), call.query.get("hop", "")
    async with features.acts.before(call.by, Action.TAKE_RECEIPT):
        require_signed(features, call, f"/texts/status?delivery_id={delivery_id}&hop={hop}")
    status = call.body.first("MessageStatus")
    if delivery_id is not None and status:
        await features.receipts.take(DeliveryId(delivery_id), int(hop), status, by=call.by)
    return NoReply()


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
