"""A password reset, by a grant that recovery gave (RC-3)."""

from services.identity.fields import Resource, Typed
from services.identity.log_on.features import Features
from services.identity.sessions.api.replies import SessionReply, session_reply
from shared.http.routes import Body, Call
from shared.trust.access import Anonymous


class ResetBody(Body, frozen=True, kw_only=True):
    grant: Typed
    new_password: Typed
    resource: Resource = ()


async def reset_password(features: Features, call: Call[ResetBody, Anonymous]) -> SessionReply:
    tokens = await features.resets.reset(
        call.body.grant, call.body.new_password, resource=call.body.resource, by=call.by
    )
    return session_reply(tokens)
