"""RC-3 over HTTP: ask for a link, exchange its token for a grant."""

from typing import Annotated

import msgspec

from services.recovery.grants.grants import RecoveryGrant
from services.recovery.links.features import Features
from services.recovery.projections.names import LONGEST_NAME
from services.recovery.waiting.api.accepted import Accepted
from shared.http.routes import Body, Call
from shared.trust.access import Anonymous

MESSAGE = (
    "If an account with a verified e-mail address goes by this name, a mail with a link is on its "
    "way to that address. The mail says how long the link works. If none arrives, check the spam "
    "folder, wait a minute and ask again, or contact your practice."
)


class RequestResetLink(Body, frozen=True, kw_only=True):
    """`name` is a username or an account e-mail."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=LONGEST_NAME)]


class RedeemResetLink(Body, frozen=True, kw_only=True):
    """`token` is what stands behind the `#` of the mailed link."""

    token: str


async def request_reset_link(
    features: Features, call: Call[RequestResetLink, Anonymous]
) -> Accepted:
    """Accept, whoever the name belongs to."""
    await features.waiting.requests.accept(call.body.name, by=call.by)
    return Accepted(message=MESSAGE)


async def redeem_reset_link(
    features: Features, call: Call[RedeemResetLink, Anonymous]
) -> RecoveryGrant:
    """Exchange a live link's token for a grant; the link stays usable until a password is set."""
    return await features.links.redeem(call.body.token, by=call.by)
