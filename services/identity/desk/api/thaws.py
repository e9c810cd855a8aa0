"""A practice thaws a patient's account (RC-9)."""

from services.identity.desk.features import Features
from shared.contracts.ids import PatientId
from shared.http.routes import Call, NoReply, StaffBody
from shared.trust.access import PracticeCaller


class ThawBody(StaffBody, frozen=True, kw_only=True):
    """Nothing but who thaws it, and why."""


async def thaw_account(
    features: Features, call: Call[ThawBody, PracticeCaller], patient_id: PatientId
) -> NoReply:
    await features.thaws.thaw(call.caller.practice_id, patient_id, by=call.by)
    return NoReply()
