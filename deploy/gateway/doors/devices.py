"""Devices from outside, at identity: listed, renamed, removed (MF-2)."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from deploy.gateway.doors.http import Door, Nothing, Sent, Verb
from deploy.gateway.web.visits import Visit


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """One that identity knows; `current` is this browser."""

    device_id: str
    name: str | None
    agent: str | None
    made_at: datetime
    used_at: datetime
    trusted_until: datetime | None
    current: bool


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    devices: tuple[Device, ...]


class Name(Sent, frozen=True, kw_only=True):
    name: str


LIST = Verb("list_devices", "GET", "/account/devices", Listed, bearer=True)
RENAME = Verb("rename_device", "PATCH", "/account/devices/{device_id}", Nothing, Name, bearer=True)
REMOVE = Verb("revoke_device", "DELETE", "/account/devices/{device_id}", Nothing, bearer=True)

VERBS = (LIST, RENAME, REMOVE)


@dataclass(frozen=True, slots=True)
class Devices:
    """Each method one verb. Raises Refused, Away, Broken."""

    door: Door

    async def list(self, visit: Visit, token: str) -> tuple[Device, ...]:
        return (await self.door.call(LIST, visit, token=token)).devices

    async def rename(self, visit: Visit, token: str, device_id: str, name: str) -> None:
        ids = {"device_id": device_id}
        await self.door.call(RENAME, visit, token=token, ids=ids, body=Name(name=name))

    async def remove(self, visit: Visit, token: str, device_id: str) -> None:
        await self.door.call(REMOVE, visit, token=token, ids={"device_id": device_id})
