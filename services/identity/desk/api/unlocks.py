"""A practice clears the lock of its patient's account (LG-2)."""

from services.identity.desk.features import Features
from shared.contracts.ids import PatientId
from shared.http.routes import Call, NoReply, StaffBody
from shared.trust.access import PracticeCaller


class UnlockBody(StaffBody, frozen=True, kw_only=True):
    """Nothing but who unlocks, and why."""


async def unlock_account(
    features: Features, call: Call[UnlockBody, PracticeCaller], patient_id: PatientId
) -> NoReply:
    await features.unlocks.unlock(call.caller.practice_id, patient_id, by=call.by)
    return NoReply()
