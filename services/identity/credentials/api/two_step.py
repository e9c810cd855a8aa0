"""Two-step verification: set it up, renew the recovery codes, turn it off (MF-1, MF-4)."""

from datetime import datetime

from services.identity.credentials.features import Features
from services.identity.fields import Typed
from shared.contracts.identity import TwoStepMode
from shared.http.routes import Body, Call, NoReply, Reply
from shared.trust.access import SessionCaller


class AppBody(Body, frozen=True, kw_only=True):
    """`reauthenticated` is a grant for the verb `two-step`; the first means need none in a
    session younger than ten minutes.
    """

    reauthenticated: Typed | None = None


class AppReply(Reply, frozen=True, kw_only=True):
    """`uri` is what a QR code shows, `secret` what is typed where none is read, each shown once; a
    code of the app is taken until `until`.
    """

    secret: str
    uri: str
    until: datetime


class CodeBody(Body, frozen=True, kw_only=True):
    """`code` is what the app shows; blanks in it do not matter."""

    code: Typed


class ConfirmedBody(Body, frozen=True, kw_only=True):
    """`reauthenticated` is a grant for the verb `recovery-codes`."""

    reauthenticated: Typed


class OffBody(Body, frozen=True, kw_only=True):
    """`reauthenticated` is a grant for the verb `two-step-off`."""

    reauthenticated: Typed


class ModeBody(Body, frozen=True, kw_only=True):
    """`reauthenticated` is a grant for the verb `two-step`."""

    mode: TwoStepMode
    reauthenticated: Typed


class RecoveryCodesReply(Reply, frozen=True, kw_only=True):
    """Shown once; none, where another app has taken the place of the one before."""

    recovery_codes: tuple[str, ...]


async def set_up_app(features: Features, call: Call[AppBody, SessionCaller]) -> AppReply:
    made = await features.two_step.set_up(
        caller=call.caller, reauthenticated=call.body.reauthenticated, by=call.by
    )
    return AppReply(secret=made.secret, uri=made.uri, until=made.until)


async def confirm_app(
    features: Features, call: Call[CodeBody, SessionCaller]
) -> RecoveryCodesReply:
    codes = await features.two_step.confirm(call.body.code, caller=call.caller, by=call.by)
    return RecoveryCodesReply(recovery_codes=codes)


async def turn_on_two_step_by_passkeys(
    features: Features, call: Call[AppBody, SessionCaller]
) -> RecoveryCodesReply:
    codes = await features.two_step.turn_on_by_passkeys(
        caller=call.caller, reauthenticated=call.body.reauthenticated, by=call.by
    )
    return RecoveryCodesReply(recovery_codes=codes)


async def make_recovery_codes(
    features: Features, call: Call[ConfirmedBody, SessionCaller]
) -> RecoveryCodesReply:
    codes = await features.two_step.make_codes(
        caller=call.caller, reauthenticated=call.body.reauthenticated, by=call.by
    )
    return RecoveryCodesReply(recovery_codes=codes)


async def change_two_step_mode(features: Features, call: Call[ModeBody, SessionCaller]) -> NoReply:
    await features.two_step.change_mode(
        call.body.mode, caller=call.caller, reauthenticated=call.body.reauthenticated, by=call.by
    )
    return NoReply()


async def turn_off_two_step(features: Features, call: Call[OffBody, SessionCaller]) -> NoReply:
    await features.two_step.turn_off(
        caller=call.caller, reauthenticated=call.body.reauthenticated, by=call.by
    )
    return NoReply()
