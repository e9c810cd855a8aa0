"""A password reset, by a grant that recovery gave (RC-3)."""

from services.identity.fields import Typed
from services.identity.log_on.features import Features
from services.identity.sessions.api.bodies import OpeningBody
from services.identity.sessions.api.replies import SessionReply, session_reply
from shared.http.routes import Call
from shared.trust.access import Anonymous


class ResetBody(OpeningBody, frozen=True, kw_only=True):
    grant: Typed
    new_password: Typed


async def reset_password(features: Features, call: Call[ResetBody, Anonymous]) -> SessionReply:
    tokens = await features.resets.reset(
        call.body.grant,
        call.body.new_password,
        device=call.body.device,
        described=call.body.described,
        resource=call.body.resource,
        by=call.by,
    )
    return session_reply(tokens)
