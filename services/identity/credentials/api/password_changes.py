"""The password: judge another one, change it (ID-3, ID-7)."""

from services.identity.credentials.features import Features
from services.identity.fields import Resource, Typed
from services.identity.passwords.api.passwords import CandidateReply, candidate_reply
from services.identity.sessions.replies import SessionReply
from shared.http.routes import Body, Call
from shared.trust.access import SessionCaller


class NewCandidateBody(Body, frozen=True, kw_only=True):
    """What else the rules need is known of the account."""

    candidate: Typed


class PasswordBody(Body, frozen=True, kw_only=True):
    """`reauthenticated` is a grant for the verb `password`."""

    new_password: Typed
    reauthenticated: Typed
    resource: Resource = ()


async def check_new_password(
    features: Features, call: Call[NewCandidateBody, SessionCaller]
) -> CandidateReply:
    rules = await features.password_changes.check(
        call.body.candidate, caller=call.caller, by=call.by
    )
    return candidate_reply(rules)


async def change_password(
    features: Features, call: Call[PasswordBody, SessionCaller]
) -> SessionReply:
    return await features.password_changes.change(
        call.body.new_password,
        caller=call.caller,
        reauthenticated=call.body.reauthenticated,
        resource=call.body.resource,
        by=call.by,
    )
