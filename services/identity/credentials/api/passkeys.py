"""Passkeys: made, listed, renamed, removed (MF-5, MF-9)."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from services.identity.credentials.features import Features
from services.identity.fields import Typed
from services.identity.passkeys.api.bodies import (
    Attested,
    CeremonyText,
    OptionsReply,
    given,
    options_reply,
)
from services.identity.passkeys.authenticators import encoded
from services.identity.passkeys.model import PasskeyId
from shared.http.routes import Body, Call, NoBody, NoReply, Reply
from shared.http.texts import PRINTED
from shared.trust.access import SessionCaller

PasskeyName = Annotated[str, Meta(min_length=1, max_length=60, pattern=PRINTED)]


class PasskeyReply(Reply, frozen=True, kw_only=True):
    """`synced`: it may be on several devices. `suspended`: since a reset, until it is kept.
    `current` is the one that this session began with.
    """

    passkey_id: PasskeyId
    credential_id: str
    name: str
    made_at: datetime
    used_at: datetime | None
    synced: bool
    suspended: bool
    current: bool


class PasskeysReply(Reply, frozen=True, kw_only=True):
    """`credential_ids` and `user_handle`, in base64url, and `username` are what a browser is told
    that still counts (`signalAllAcceptedCredentials`, `signalCurrentUserDetails`). Not `offered`:
    none can be made or used, and there is no `rp_id`.
    """

    offered: bool
    rp_id: str | None
    user_handle: str | None
    username: str
    credential_ids: tuple[str, ...]
    passkeys: tuple[PasskeyReply, ...]


class AskBody(Body, frozen=True, kw_only=True):
    """`reauthenticated` is a grant for the verb `passkeys`; the answer spends it."""

    name: PasskeyName
    reauthenticated: Typed


class MadeBody(Body, frozen=True, kw_only=True):
    """`credential` is `navigator.credentials.create`'s answer."""

    ceremony: CeremonyText
    credential: Attested


class MadeReply(Reply, frozen=True, kw_only=True):
    passkey_id: PasskeyId


class PasskeyNameBody(Body, frozen=True, kw_only=True):
    name: PasskeyName


class RemovalBody(Body, frozen=True, kw_only=True):
    """`reauthenticated` is a grant for the verb `passkeys`."""

    reauthenticated: Typed


async def list_passkeys(features: Features, call: Call[NoBody, SessionCaller]) -> PasskeysReply:
    found = await features.passkeys.list(call.caller)
    return PasskeysReply(
        offered=found.rp_id is not None,
        rp_id=found.rp_id,
        user_handle=encoded(found.user_handle) if found.user_handle else None,
        username=found.username,
        credential_ids=tuple(encoded(each.credential_id) for each in found.passkeys),
        passkeys=tuple(
            PasskeyReply(
                passkey_id=each.id,
                credential_id=encoded(each.credential_id),
                name=each.name,
                made_at=each.made_at,
                used_at=each.used_at,
                synced=each.synced,
                suspended=each.suspended,
                current=each.id == found.current,
            )
            for each in found.passkeys
        ),
    )


async def ask_for_new_passkey(
    features: Features, call: Call[AskBody, SessionCaller]
) -> OptionsReply:
    begun = await features.passkeys.ask(
        call.body.name,
        caller=call.caller,
        reauthenticated=call.body.reauthenticated,
        by=call.by,
    )
    return options_reply(begun)


async def make_passkey(features: Features, call: Call[MadeBody, SessionCaller]) -> MadeReply:
    made = await features.passkeys.make(
        given(call.body.ceremony, call.body.credential), caller=call.caller, by=call.by
    )
    return MadeReply(passkey_id=made)


async def rename_passkey(
    features: Features, call: Call[PasskeyNameBody, SessionCaller], passkey_id: PasskeyId
) -> NoReply:
    await features.passkeys.rename(passkey_id, call.body.name, caller=call.caller, by=call.by)
    return NoReply()


async def remove_passkey(
    features: Features, call: Call[RemovalBody, SessionCaller], passkey_id: PasskeyId
) -> NoReply:
    await features.passkeys.remove(
        passkey_id, caller=call.caller, reauthenticated=call.body.reauthenticated, by=call.by
    )
    return NoReply()
