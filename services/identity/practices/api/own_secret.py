"""A practice's client rotates its own secret, and revokes itself (ST-1)."""

from datetime import timedelta
from typing import Annotated

from msgspec import Meta

from services.identity.practices.features import Features
from shared.http.routes import Call, NoReply, Reply, StaffBody
from shared.trust.access import PracticeCaller

HOURS = 168
Presented = Annotated[str, Meta(min_length=1, max_length=200, description="as it is now")]


class RotationBody(StaffBody, frozen=True, kw_only=True):
    """The secret before goes on for `overlap_hours`; for 0 it ends at once."""

    client_secret: Presented
    overlap_hours: Annotated[int, Meta(ge=0, le=HOURS)] = 0


class RevocationBody(StaffBody, frozen=True, kw_only=True):
    client_secret: Presented


class RotationReply(Reply, frozen=True, kw_only=True):
    """The new secret, shown this once."""

    client_id: str
    client_secret: str


async def rotate_own_secret(
    features: Features, call: Call[RotationBody, PracticeCaller]
) -> RotationReply:
    made = await features.clients.rotate(
        call.caller.client_id,
        overlap=timedelta(hours=call.body.overlap_hours),
        practice_id=call.caller.practice_id,
        presented=call.body.client_secret,
        by=call.by,
    )
    return RotationReply(client_id=made.client_id, client_secret=made.secret)


async def revoke_own_client(
    features: Features, call: Call[RevocationBody, PracticeCaller]
) -> NoReply:
    await features.clients.revoke(
        call.caller.client_id,
        practice_id=call.caller.practice_id,
        presented=call.body.client_secret,
        by=call.by,
    )
    return NoReply()
