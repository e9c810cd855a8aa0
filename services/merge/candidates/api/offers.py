"""MG-7, MG-8 over HTTP: whom one may merge with, and not now."""

from services.merge.candidates.features import Features
from services.merge.candidates.offers import Offer
from shared.http.routes import Call, NoBody, NoReply
from shared.trust.access import SessionCaller


async def read_offer(features: Features, call: Call[NoBody, SessionCaller]) -> Offer:
    """Show it to the account's holder."""
    return await features.offers.find(call.caller.account_id, now=call.by.now)


async def skip_offer(features: Features, call: Call[NoBody, SessionCaller]) -> NoReply:
    """Let it wait."""
    await features.offers.skip(call.caller.account_id, by=call.by)
    return NoReply()
