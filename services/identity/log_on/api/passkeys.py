"""Log-on by passkey, and those that a reset has suspended (MF-7, MF-10)."""

from typing import Annotated

from msgspec import Meta

from services.identity.fields import Typed
from services.identity.log_on.features import Features
from services.identity.passkeys.api.bodies import (
    Asserted,
    CeremonyText,
    OptionsReply,
    given,
    options_reply,
)
from services.identity.passkeys.model import MOST, PasskeyId
from services.identity.sessions.api.bodies import OpeningBody
from services.identity.sessions.replies import SessionReply
from shared.errors import Violation
from shared.http.problems import BodyInvalid
from shared.http.routes import Body, Call, NoBody, NoReply
from shared.trust.access import Anonymous, SessionCaller

PasskeyIds = Annotated[tuple[PasskeyId, ...], Meta(max_length=MOST)]


class PasskeyLogOnBody(OpeningBody, frozen=True, kw_only=True):
    """`name` is what was typed in the field for it, if anything: the passkey must be that
    account's. `resource` as in a refresh.
    """

    ceremony: CeremonyText
    credential: Asserted
    name: Annotated[str, Meta(max_length=1024)] | None = None


class KeptPasskeysBody(Body, frozen=True, kw_only=True):
    """What is neither kept nor removed stays suspended. `reauthenticated` is a grant for the verb
    `passkeys`; a session younger than ten minutes needs none.
    """

    keep: PasskeyIds = ()
    remove: PasskeyIds = ()
    reauthenticated: Typed | None = None


async def ask_for_passkey(features: Features, call: Call[NoBody, Anonymous]) -> OptionsReply:
    return options_reply(features.passkeys.ask(now=call.now))


async def log_on_by_passkey(
    features: Features, call: Call[PasskeyLogOnBody, Anonymous]
) -> SessionReply:
    return await features.passkeys.log_on(
        given(call.body.ceremony, call.body.credential),
        name=call.body.name,
        device=call.body.device,
        described=call.body.described,
        resource=call.body.resource,
        by=call.by,
    )


async def keep_passkeys(features: Features, call: Call[KeptPasskeysBody, SessionCaller]) -> NoReply:
    keep, remove = call.body.keep, call.body.remove
    if {*keep} & {*remove}:
        raise BodyInvalid(
            Violation(
                field="remove", code="field_not_allowed", detail="a passkey is kept or removed"
            )
        )
    await features.passkey_gate.answer(
        keep=keep,
        remove=remove,
        reauthenticated=call.body.reauthenticated,
        caller=call.caller,
        by=call.by,
    )
    return NoReply()
