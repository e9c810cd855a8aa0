"""Passkeys from outside, at identity: asked for, made, named, kept, removed (MF-5 … MF-10)."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from deploy.gateway.doors.http import Door, Nothing, Sent, Verb
from deploy.gateway.web.visits import Visit


class Ceremony(msgspec.Struct, frozen=True, kw_only=True):
    """What an authenticator is to answer; `options` are the browser's own business."""

    ceremony: str
    expires_in: int
    options: msgspec.Raw


class Passkey(msgspec.Struct, frozen=True, kw_only=True):
    """`suspended`: since a reset, until it is kept; `current`: this session began with it."""

    passkey_id: str
    name: str
    made_at: datetime
    used_at: datetime | None
    synced: bool
    suspended: bool
    current: bool


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """All of an account's, and what its browsers may be told of them."""

    offered: bool
    rp_id: str | None
    user_handle: str | None
    username: str
    credential_ids: tuple[str, ...]
    passkeys: tuple[Passkey, ...]


class Ask(Sent, frozen=True, kw_only=True):
    name: str
    reauthenticated: str


class Made(Sent, frozen=True, kw_only=True):
    ceremony: str
    credential: msgspec.Raw


class Name(Sent, frozen=True, kw_only=True):
    name: str


class Reauthenticated(Sent, frozen=True, kw_only=True):
    reauthenticated: str | None = None


class Kept(Sent, frozen=True, kw_only=True):
    keep: tuple[str, ...]
    remove: tuple[str, ...]
    reauthenticated: str | None = None


class RecoveryCodes(msgspec.Struct, frozen=True, kw_only=True):
    recovery_codes: tuple[str, ...]


ONE = "/account/passkeys/{passkey_id}"
TO_LOG_ON = Verb("ask_for_passkey", "POST", "/sessions/passkey/options", Ceremony)
TO_GO_ON = Verb(
    "ask_for_second_step", "POST", "/sessions/second-step/options", Ceremony, bearer=True
)
TO_CONFIRM = Verb(
    "ask_to_reauthenticate",
    "POST",
    "/account/reauthenticate/options",
    Ceremony,
    bearer=True,
)
TO_OWN = Verb(
    "ask_to_prove_ownership", "POST", "/account/ownership-proofs/options", Ceremony, bearer=True
)
LIST = Verb("list_passkeys", "GET", "/account/passkeys", Listed, bearer=True)
TO_MAKE = Verb(
    "ask_for_new_passkey", "POST", "/account/passkeys/options", Ceremony, Ask, bearer=True
)
MAKE = Verb("make_passkey", "POST", "/account/passkeys", Nothing, Made, bearer=True)
RENAME = Verb("rename_passkey", "PATCH", ONE, Nothing, Name, bearer=True)
REMOVE = Verb("remove_passkey", "POST", f"{ONE}/remove", Nothing, Reauthenticated, bearer=True)
KEEP = Verb("keep_passkeys", "POST", "/gates/passkeys", Nothing, Kept, bearer=True)
TURN_ON = Verb(
    "turn_on_two_step_by_passkeys",
    "POST",
    "/account/two-step/passkeys",
    RecoveryCodes,
    Reauthenticated,
    bearer=True,
)

VERBS = (
    TO_LOG_ON,
    TO_GO_ON,
    TO_CONFIRM,
    TO_OWN,
    LIST,
    TO_MAKE,
    MAKE,
    RENAME,
    REMOVE,
    KEEP,
    TURN_ON,
)


@dataclass(frozen=True, slots=True)
class Passkeys:
    """Each method one verb. Raises Refused, Away, Broken."""

    door: Door

    async def to_log_on(self, visit: Visit) -> Ceremony:
        return await self.door.call(TO_LOG_ON, visit)

    async def to_go_on(self, visit: Visit, token: str) -> Ceremony:
        return await self.door.call(TO_GO_ON, visit, token=token)

    async def to_confirm(self, visit: Visit, token: str) -> Ceremony:
        return await self.door.call(TO_CONFIRM, visit, token=token)

    async def to_own(self, visit: Visit, token: str) -> Ceremony:
        return await self.door.call(TO_OWN, visit, token=token)

    async def list(self, visit: Visit, token: str) -> Listed:
        return await self.door.call(LIST, visit, token=token)

    async def to_make(self, visit: Visit, token: str, name: str, reauthenticated: str) -> Ceremony:
        body = Ask(name=name, reauthenticated=reauthenticated)
        return await self.door.call(TO_MAKE, visit, token=token, body=body)

    async def make(self, visit: Visit, token: str, ceremony: str, credential: msgspec.Raw) -> None:
        body = Made(ceremony=ceremony, credential=credential)
        await self.door.call(MAKE, visit, token=token, body=body)

    async def rename(self, visit: Visit, token: str, passkey_id: str, name: str) -> None:
        ids = {"passkey_id": passkey_id}
        await self.door.call(RENAME, visit, token=token, ids=ids, body=Name(name=name))

    async def remove(self, visit: Visit, token: str, passkey_id: str, reauthenticated: str) -> None:
        ids = {"passkey_id": passkey_id}
        body = Reauthenticated(reauthenticated=reauthenticated)
        await self.door.call(REMOVE, visit, token=token, ids=ids, body=body)

    async def keep(self, visit: Visit, token: str, kept: Kept) -> None:
        await self.door.call(KEEP, visit, token=token, body=kept)

    async def turn_on(self, visit: Visit, token: str, reauthenticated: str | None) -> RecoveryCodes:
        body = Reauthenticated(reauthenticated=reauthenticated)
        return await self.door.call(TURN_ON, visit, token=token, body=body)
