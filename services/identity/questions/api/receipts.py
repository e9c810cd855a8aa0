"""RC-8's receipt over HTTP."""

from services.identity.fields import Typed
from services.identity.questions.features import Features
from shared.http.routes import Body, Call, NoReply
from shared.trust.access import SessionCaller


class HearQuestions(Body, frozen=True, kw_only=True):
    """`receipt` is recovery's, from `set_security_questions`."""

    receipt: Typed


async def hear_questions(features: Features, call: Call[HearQuestions, SessionCaller]) -> NoReply:
    await features.hearing.bring(call.body.receipt, account_id=call.caller.account_id, by=call.by)
    return NoReply()
