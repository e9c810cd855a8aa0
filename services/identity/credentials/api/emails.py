"""The account e-mail: claim it, have the link sent again, verify it (ID-6)."""

from services.identity.credentials.features import Features
from services.identity.fields import Typed
from shared.http.routes import Body, Call, Reply
from shared.trust.access import SessionCaller


class ClaimBody(Body, frozen=True, kw_only=True):
    """`reauthenticated` is a grant for the verb `email`; the first address needs none in a session
    younger than ten minutes.
    """

    address: Typed
    reauthenticated: Typed | None = None


class ClaimReply(Reply, frozen=True, kw_only=True):
    """The same for an address another account has verified."""

    message: str


class VerifyBody(Body, frozen=True, kw_only=True):
    token: Typed


class VerifyReply(Reply, frozen=True, kw_only=True):
    message: str


async def claim_email(features: Features, call: Call[ClaimBody, SessionCaller]) -> ClaimReply:
    await features.emails.claim(
        call.body.address,
        caller=call.caller,
        reauthenticated=call.body.reauthenticated,
        by=call.by,
    )
    return ClaimReply(message="A mail is on its way to that address. Open the link in it.")


async def verify_email(features: Features, call: Call[VerifyBody, SessionCaller]) -> VerifyReply:
    await features.emails.verify(
        call.caller.account_id, call.body.token, session_id=call.caller.session_id, by=call.by
    )
    return VerifyReply(message="This address is now your account e-mail.")
