"""Two-step verification from outside, at identity: set up, renewed, turned off."""

from dataclasses import dataclass

import msgspec

from deploy.gateway.doors.http import Door, Nothing, Sent, Verb
from deploy.gateway.web.visits import Visit


class SetUp(Sent, frozen=True, kw_only=True):
    reauthenticated: str | None = None


class App(msgspec.Struct, frozen=True, kw_only=True):
    """What an app is set up with: `uri` in a QR code, or `secret` typed."""

    secret: str
    uri: str


class Code(Sent, frozen=True, kw_only=True):
    code: str


class Reauthenticated(Sent, frozen=True, kw_only=True):
    reauthenticated: str


class Mode(Sent, frozen=True, kw_only=True):
    mode: str
    reauthenticated: str


class RecoveryCodes(msgspec.Struct, frozen=True, kw_only=True):
    recovery_codes: tuple[str, ...]


SET_UP = Verb("set_up_app", "POST", "/account/two-step/app", App, SetUp, bearer=True)
CONFIRM = Verb(
    "confirm_app", "POST", "/account/two-step/app/confirm", RecoveryCodes, Code, bearer=True
)
MAKE_CODES = Verb(
    "make_recovery_codes",
    "POST",
    "/account/two-step/recovery-codes",
    RecoveryCodes,
    Reauthenticated,
    bearer=True,
)
CHANGE_MODE = Verb(
    "change_two_step_mode", "PUT", "/account/two-step/mode", Nothing, Mode, bearer=True
)
TURN_OFF = Verb(
    "turn_off_two_step", "POST", "/account/two-step/off", Nothing, Reauthenticated, bearer=True
)

VERBS = (SET_UP, CONFIRM, MAKE_CODES, CHANGE_MODE, TURN_OFF)


@dataclass(frozen=True, slots=True)
class TwoSteps:
    """Each method one verb. Raises Refused, Away, Broken."""

    door: Door

    async def set_up(self, visit: Visit, token: str, reauthenticated: str | None) -> App:
        body = SetUp(reauthenticated=reauthenticated)
        return await self.door.call(SET_UP, visit, token=token, body=body)

    async def confirm(self, visit: Visit, token: str, code: str) -> RecoveryCodes:
        return await self.door.call(CONFIRM, visit, token=token, body=Code(code=code))

    async def make_codes(self, visit: Visit, token: str, reauthenticated: str) -> RecoveryCodes:
        body = Reauthenticated(reauthenticated=reauthenticated)
        return await self.door.call(MAKE_CODES, visit, token=token, body=body)

    async def change_mode(self, visit: Visit, token: str, mode: str, reauthenticated: str) -> None:
        body = Mode(mode=mode, reauthenticated=reauthenticated)
        await self.door.call(CHANGE_MODE, visit, token=token, body=body)

    async def turn_off(self, visit: Visit, token: str, reauthenticated: str) -> None:
        body = Reauthenticated(reauthenticated=reauthenticated)
        await self.door.call(TURN_OFF, visit, token=token, body=body)
