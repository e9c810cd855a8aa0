"""A practice clears the lock of its patient's account (LG-2)."""

from services.identity.desk.features import Features
from services.identity.staff import StaffBody, by_staff
from shared.contracts.ids import PatientId
from shared.http.callers import practice_of
from shared.http.parsing import uuid_in_path
from shared.http.routes import Call, NoReply


class UnlockBody(StaffBody, frozen=True, kw_only=True):
    """Nothing but who unlocks, and why."""


async def unlock_account(features: Features, call: Call[UnlockBody]) -> NoReply:
    await features.unlocks.unlock(
        practice_of(call),
        PatientId(uuid_in_path(call.path, "patient_id")),
        by=by_staff(call),
    )
    return NoReply()
