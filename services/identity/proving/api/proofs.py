"""Proofs by password inside a session: of oneself (SE-3), and of another account (MG-1)."""

from typing import Annotated

from msgspec import Meta

from services.identity.fields import Given, Typed
from services.identity.proving.features import Features
from shared.http.routes import Body, Call, Reply
from shared.trust.access import SessionCaller
from shared.trust.grants import Verb


class ReauthenticationBody(Body, frozen=True, kw_only=True):
    """`verb` is what the grant will be good for, and nothing else. `code`, where two-step is on, is
    one of the authenticator app or a recovery code.
    """

    password: Given
    verb: Verb
    code: Typed | None = None


class OwnershipBody(Body, frozen=True, kw_only=True):
    """`name` is a username or the verified account e-mail of the other account; `code`, where that
    has two-step on, is one of its app or a recovery code.
    """

    name: Annotated[str, Meta(max_length=1024)]
    password: Given
    code: Typed | None = None


class ProofReply(Reply, frozen=True, kw_only=True):
    """`grant` is carried to who takes it; `expires_in` is in seconds."""

    grant: str
    expires_in: int


class OwnershipReply(Reply, frozen=True, kw_only=True):
    """`grant` is carried to merge; `username` is the other account's, masked, and `practices` are
    the names of its practices, for the page that asks to confirm.
    """

    grant: str
    expires_in: int
    username: str
    practices: tuple[str, ...]


async def reauthenticate(
    features: Features, call: Call[ReauthenticationBody, SessionCaller]
) -> ProofReply:
    proof = await features.reauthentication.reauthenticate(
        call.caller.account_id,
        call.body.password,
        call.body.verb,
        code=call.body.code,
        session_id=call.caller.session_id,
        by=call.by,
    )
    return ProofReply(grant=proof.grant, expires_in=proof.expires_in)


async def prove_ownership(
    features: Features, call: Call[OwnershipBody, SessionCaller]
) -> OwnershipReply:
    owned = await features.ownership_proofs.prove(
        call.caller.account_id,
        call.body.name,
        call.body.password,
        code=call.body.code,
        session_id=call.caller.session_id,
        by=call.by,
    )
    return OwnershipReply(
        grant=owned.proof.grant,
        expires_in=owned.proof.expires_in,
        username=owned.username,
        practices=owned.practices,
    )
