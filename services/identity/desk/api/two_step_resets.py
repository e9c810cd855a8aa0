"""A practice resets a patient's two-step verification (MF-4)."""

from services.identity.desk.features import Features
from shared.contracts.ids import PatientId
from shared.http.routes import Call, NoReply, StaffBody
from shared.trust.access import PracticeCaller


class TwoStepResetBody(StaffBody, frozen=True, kw_only=True):
    """Nothing but who resets it, and why."""


async def reset_two_step(
    features: Features, call: Call[TwoStepResetBody, PracticeCaller], patient_id: PatientId
) -> NoReply:
    await features.two_step_resets.reset(call.caller.practice_id, patient_id, by=call.by)
    return NoReply()
