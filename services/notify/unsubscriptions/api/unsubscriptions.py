"""NT-7 over HTTP: what a link in a mail's foot stops."""

from typing import Annotated

from msgspec import Meta

from services.notify.unsubscriptions.features import Features
from services.notify.unsubscriptions.model import Status
from shared.contracts.notify import Topic
from shared.http.routes import Body, Call, Reply
from shared.trust.access import Anonymous

Typed = Annotated[str, Meta(max_length=4096)]  # judged by rules with codes of their own


class Unsubscribe(Body, frozen=True, kw_only=True):
    """`token` is what stands behind `link=` of a mailed link."""

    token: Typed


class SubscriptionShown(Reply, frozen=True, kw_only=True):
    """A practice's e-mails of one topic, and whether they are sent."""

    practice_name: str
    topic: Topic
    subscribed: bool


async def preview_unsubscription(
    features: Features, call: Call[Unsubscribe, Anonymous]
) -> SubscriptionShown:
    """Nothing is changed: a scanner that opens links may ask for it."""
    return _shown(await features.unsubscriptions.look(call.body.token))


async def unsubscribe(features: Features, call: Call[Unsubscribe, Anonymous]) -> SubscriptionShown:
    """As often as one likes; what was chosen for other topics stays."""
    return _shown(await features.unsubscriptions.unsubscribe(call.body.token, by=call.by))


def _shown(status: Status) -> SubscriptionShown:
    return SubscriptionShown(
        practice_name=status.practice_name, topic=status.topic, subscribed=status.subscribed
    )
