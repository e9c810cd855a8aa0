"""A practice lists what it has handed out, and makes it void (ST-1)."""

from dataclasses import asdict
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from msgspec import UNSET, UnsetType

from services.identity.enrolment.features import Features
from services.identity.enrolment.handed_out import PAGE
from services.identity.enrolment.model import HandedOutKind, HandedOutState, HandedOver
from shared.contracts.ids import PatientId
from shared.http.parsing import id_of
from shared.http.routes import Call, NoBody, NoReply, Reply, StaffBody
from shared.trust.access import PracticeCaller


class HandedOutReply(Reply, frozen=True, kw_only=True):
    """Never the secret. `staff_id` is missing of what an older release handed out; `handed_over`
    is a token's; `ended_at` says when it was used, superseded or made void.
    """

    id: UUID
    kind: HandedOutKind
    patient_id: PatientId
    handed_over: HandedOver | None
    staff_id: str | None
    issued_at: datetime
    expires_at: datetime
    state: HandedOutState
    ended_at: datetime | None


class HandedOutListReply(Reply, frozen=True, kw_only=True):
    """Up to 100, newest first, as long as they are kept: 90 days past their end at least. `next`
    is to be sent as `after`.
    """

    handed_out: tuple[HandedOutReply, ...]
    next: UUID | UnsetType = UNSET

    shows_most: ClassVar[int] = PAGE

    @property
    def shows(self) -> int:
        return len(self.handed_out)


class VoidBody(StaffBody, frozen=True, kw_only=True):
    kind: HandedOutKind


async def list_handed_out(
    features: Features, call: Call[NoBody, PracticeCaller]
) -> HandedOutListReply:
    patient_id = id_of(call.query, "patient_id")
    found = await features.handing_out.list(
        call.caller.practice_id,
        PatientId(patient_id) if patient_id else None,
        after=id_of(call.query, "after"),
        by=call.by,
    )
    return HandedOutListReply(
        handed_out=tuple(HandedOutReply(**asdict(each)) for each in found),
        next=found[-1].id if len(found) == PAGE else UNSET,
    )


async def void_handed_out(
    features: Features, call: Call[VoidBody, PracticeCaller], patient_id: PatientId
) -> NoReply:
    await features.handing_out.void(call.caller.practice_id, patient_id, call.body.kind, by=call.by)
    return NoReply()
