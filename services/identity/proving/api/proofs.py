"""Proofs inside a session: of oneself (SE-3), and of another account (MG-1)."""

from typing import Annotated

from msgspec import Meta

from services.identity.either import require_one_of
from services.identity.fields import Given, Typed
from services.identity.passkeys.answers import Given as Answer
from services.identity.passkeys.api.bodies import (
    Asserted,
    CeremonyText,
    OptionsReply,
    given,
    options_reply,
)
from services.identity.proving.features import Features
from services.identity.proving.grants import ProofReply
from services.identity.proving.ownership import OwnershipReply
from shared.http.routes import Body, Call, NoBody
from shared.trust.access import SessionCaller
from shared.trust.grants import Verb

BY_PASSWORD: tuple[tuple[str, ...], ...] = (
    ("password",),
    ("password", "code"),
    ("password", "ceremony", "credential"),
)
OWNED_BY = (("name", "password"), ("name", "password", "code"), ("ceremony", "credential"))


class ReauthenticationBody(Body, frozen=True, kw_only=True):
    """`verb` is what the grant will be good for, and nothing else. `code`, where two-step is on, is
    one of the authenticator app or a recovery code. `ceremony` and `credential` are a passkey's
    answer: alone, or beside the password in place of the code. To turn two-step off the password is
    always needed.
    """

    verb: Verb
    password: Given | None = None
    code: Typed | None = None
    ceremony: CeremonyText | None = None
    credential: Asserted | None = None


class OwnershipBody(Body, frozen=True, kw_only=True):
    """`name` is a username or the verified account e-mail of the other account; `code`, where that
    has two-step on, is one of its app or a recovery code. In their place stand `ceremony` and
    `credential`, the answer of one of its passkeys.
    """

    name: Annotated[str, Meta(max_length=1024)] | None = None
    password: Given | None = None
    code: Typed | None = None
    ceremony: CeremonyText | None = None
    credential: Asserted | None = None


async def ask_to_reauthenticate(
    features: Features, call: Call[NoBody, SessionCaller]
) -> OptionsReply:
    return options_reply(await features.reauthentication.ask(call.caller, now=call.now))


async def reauthenticate(
    features: Features, call: Call[ReauthenticationBody, SessionCaller]
) -> ProofReply:
    body, again = call.body, features.reauthentication
    whole = (("ceremony", "credential"),)  # but for this the password is judged (ID-3)
    require_one_of(body, BY_PASSWORD + (() if body.verb is Verb.TWO_STEP_OFF else whole))
    passkey = _passkey(body.ceremony, body.credential)
    if body.password is None and passkey is not None:
        return await again.by_passkey(passkey, body.verb, caller=call.caller, by=call.by)
    return await again.by_password(
        body.password or "",
        body.verb,
        code=body.code,
        passkey=passkey,
        caller=call.caller,
        by=call.by,
    )


async def ask_to_prove_ownership(
    features: Features, call: Call[NoBody, SessionCaller]
) -> OptionsReply:
    begun = features.ownership_proofs.ask(
        call.caller.account_id, session_id=call.caller.session_id, now=call.now
    )
    return options_reply(begun)


async def prove_ownership(
    features: Features, call: Call[OwnershipBody, SessionCaller]
) -> OwnershipReply:
    body, proofs = call.body, features.ownership_proofs
    require_one_of(body, OWNED_BY)
    passkey = _passkey(body.ceremony, body.credential)
    account_id, session_id = call.caller.account_id, call.caller.session_id
    if passkey is not None:
        return await proofs.prove_by_passkey(account_id, passkey, session_id=session_id, by=call.by)
    return await proofs.prove(
        account_id,
        body.name or "",
        body.password or "",
        code=body.code,
        session_id=session_id,
        by=call.by,
    )


def _passkey(ceremony: str | None, credential: Asserted | None) -> Answer | None:
    return given(ceremony, credential) if ceremony and credential else None
