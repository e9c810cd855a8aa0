"""The second step: one verb for every means (MF-3)."""

from services.identity.fields import Typed
from services.identity.log_on.features import Features
from services.identity.sessions.api.bodies import OpeningBody
from services.identity.sessions.api.replies import SessionReply, session_reply
from shared.http.routes import Call
from shared.trust.access import SessionCaller


class SecondStepBody(OpeningBody, frozen=True, kw_only=True):
    """`code` is one of the authenticator app, or a recovery code; `resource` as in a log-on.

    What the client does not say of itself is as it said when this session began. `trust` has no
    code asked for on this device for 30 days, where the gate offers it; it is no more than that
    where it does not.
    """

    code: Typed
    trust: bool = False


async def take_second_step(
    features: Features, call: Call[SecondStepBody, SessionCaller]
) -> SessionReply:
    tokens = await features.second_steps.take(
        call.body.code,
        trust=call.body.trust,
        device=call.body.device,
        described=call.body.described,
        caller=call.caller,
        resource=call.body.resource,
        by=call.by,
    )
    return session_reply(tokens)
