"""The link "this was not me", used: opening its page asks identity nothing (RC-9)."""

from services.identity.fields import Typed
from services.identity.freezes.features import Features
from shared.contracts.birth_dates import BirthDate
from shared.http.routes import Body, Call, NoReply
from shared.trust.access import Anonymous


class FreezeBody(Body, frozen=True, kw_only=True):
    """The link's token, and the date of birth as its holder types it."""

    token: Typed
    birth_date: BirthDate


async def freeze_account(features: Features, call: Call[FreezeBody, Anonymous]) -> NoReply:
    await features.freezes.freeze(call.body.token, call.body.birth_date, by=call.by)
    return NoReply()
