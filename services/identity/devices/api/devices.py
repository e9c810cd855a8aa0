"""Devices: listed, renamed, revoked (MF-2)."""

from datetime import datetime

from services.identity.devices.features import Features
from services.identity.fields import Line
from services.identity.sessions.model import DeviceId
from shared.http.routes import Body, Call, NoBody, NoReply, Reply
from shared.trust.access import SessionCaller


class DeviceReply(Reply, frozen=True, kw_only=True):
    """`name` is as its holder calls it, `agent` as its client called itself last. `current` is the
    one that this session began on. No code is asked for on a trusted one until `trusted_until`.
    """

    device_id: DeviceId
    name: str | None
    agent: str | None
    made_at: datetime
    used_at: datetime
    trusted_until: datetime | None
    current: bool


class DevicesReply(Reply, frozen=True, kw_only=True):
    devices: tuple[DeviceReply, ...]


class NameBody(Body, frozen=True, kw_only=True):
    name: Line


async def list_devices(features: Features, call: Call[NoBody, SessionCaller]) -> DevicesReply:
    found, current = await features.devices.list(call.caller, by=call.by)
    return DevicesReply(
        devices=tuple(
            DeviceReply(
                device_id=each.id,
                name=each.name,
                agent=each.agent,
                made_at=each.made_at,
                used_at=each.used_at,
                trusted_until=each.trusted_until,
                current=each.id == current,
            )
            for each in found
        )
    )


async def rename_device(
    features: Features, call: Call[NameBody, SessionCaller], device_id: DeviceId
) -> NoReply:
    await features.devices.rename(device_id, call.body.name, caller=call.caller, by=call.by)
    return NoReply()


async def revoke_device(
    features: Features, call: Call[NoBody, SessionCaller], device_id: DeviceId
) -> NoReply:
    await features.devices.revoke(device_id, caller=call.caller, by=call.by)
    return NoReply()
