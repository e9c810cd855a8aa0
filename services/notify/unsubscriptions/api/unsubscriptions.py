"""NT-7 over HTTP: what a link in a mail's foot stops."""

from typing import Annotated

from msgspec import Meta

from services.notify.unsubscriptions.features import Features
from services.notify.unsubscriptions.unsubscriptions import SubscriptionShown
from shared.http.routes import Body, Call
from shared.trust.access import Anonymous

Typed = Annotated[str, Meta(max_length=4096)]  # judged by rules with codes of their own


class Unsubscribe(Body, frozen=True, kw_only=True):
    """`token` is what stands behind `link=` of a mailed link."""

    token: Typed


async def preview_unsubscription(
    features: Features, call: Call[Unsubscribe, Anonymous]
) -> SubscriptionShown:
    """Nothing is changed: a scanner that opens links may ask for it."""
    return await features.unsubscriptions.look(call.body.token)


async def unsubscribe(features: Features, call: Call[Unsubscribe, Anonymous]) -> SubscriptionShown:
    """As often as one likes; what was chosen for other topics stays."""
    return await features.unsubscriptions.unsubscribe(call.body.token, by=call.by)
