"""The username: change it (ID-2)."""

from services.identity.credentials.features import Features
from services.identity.fields import Typed
from shared.http.routes import Body, Call, Reply
from shared.trust.access import SessionCaller


class UsernameBody(Body, frozen=True, kw_only=True):
    """`reauthenticated` is a grant for the verb `username`."""

    username: Typed
    reauthenticated: Typed


class UsernameReply(Reply, frozen=True, kw_only=True):
    """As it is kept, without blanks around it."""

    username: str


async def change_username(
    features: Features, call: Call[UsernameBody, SessionCaller]
) -> UsernameReply:
    username = await features.usernames.change(
        call.body.username,
        caller=call.caller,
        reauthenticated=call.body.reauthenticated,
        by=call.by,
    )
    return UsernameReply(username=username)
