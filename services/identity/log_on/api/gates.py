"""The answers at the gates (LG-3)."""

from services.identity.fields import Line
from services.identity.log_on.features import Features
from services.identity.sessions.reach import GateName
from shared.http.routes import Body, Call, NoBody, NoReply
from shared.trust.access import SessionCaller


class TermsAnswer(Body, frozen=True, kw_only=True):
    """`version` is the one that was shown. Whoever does not accept is logged off (EN-9)."""

    version: Line
    accepted: bool


async def answer_terms(features: Features, call: Call[TermsAnswer, SessionCaller]) -> NoReply:
    if call.body.accepted:
        await features.gates.accept_terms(call.body.version, caller=call.caller, by=call.by)
    else:
        await features.gates.decline_terms(caller=call.caller, by=call.by)
    return NoReply()


async def skip_gate(
    features: Features, call: Call[NoBody, SessionCaller], gate: GateName
) -> NoReply:
    await features.gates.skip(gate, caller=call.caller, by=call.by)
    return NoReply()
