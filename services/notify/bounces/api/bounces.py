"""NT-5 over HTTP: what a mail server hands over that came to a return path."""

from services.notify.bounces.features import Features
from shared.http.routes import Call, Message, NoReply
from shared.trust.access import ClientCaller


async def take_bounce(features: Features, call: Call[Message, ClientCaller]) -> NoReply:
    """Take a mail. The reply is the same whatever it is: a mail server must not send it back."""
    await features.bounces.take(call.body.content, by=call.by)
    return NoReply()
