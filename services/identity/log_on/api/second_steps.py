"""The second step: one verb for every means (MF-3)."""

from services.identity.either import not_one_of
from services.identity.fields import Typed
from services.identity.log_on.features import Features
from services.identity.passkeys.answers import Given
from services.identity.passkeys.api.bodies import (
    Asserted,
    CeremonyText,
    OptionsReply,
    given,
    options_reply,
)
from services.identity.sessions.api.bodies import OpeningBody
from services.identity.sessions.replies import SessionReply
from shared.http.routes import Call, NoBody
from shared.trust.access import SessionCaller


class SecondStepBody(OpeningBody, frozen=True, kw_only=True):
    """`code` is one of the authenticator app, or a recovery code; in its place stand `ceremony` and
    `credential`, a passkey's answer. `resource` as in a log-on.

    What the client does not say of itself is as it said when this session began. `trust` has no
    code asked for on this device for 30 days, where the gate offers it; it is no more than that
    where it does not.
    """

    code: Typed | None = None
    ceremony: CeremonyText | None = None
    credential: Asserted | None = None
    trust: bool = False


async def ask_for_second_step(
    features: Features, call: Call[NoBody, SessionCaller]
) -> OptionsReply:
    return options_reply(await features.second_steps.ask(caller=call.caller, now=call.now))


async def take_second_step(
    features: Features, call: Call[SecondStepBody, SessionCaller]
) -> SessionReply:
    return await features.second_steps.take(
        _step(call.body),
        trust=call.body.trust,
        device=call.body.device,
        described=call.body.described,
        caller=call.caller,
        resource=call.body.resource,
        by=call.by,
    )


def _step(body: SecondStepBody) -> str | Given:
    match body.code, body.ceremony, body.credential:
        case str(code), None, None:
            return code
        case None, str(ceremony), Asserted() as credential:
            return given(ceremony, credential)
        case _:
            raise not_one_of(body, (("code",), ("ceremony", "credential")))
