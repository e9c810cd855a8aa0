"""A practice helps with its patient's account (RC-2b, RC-6, RC-9, LG-2, MF-4)."""

from services.identity.desk.features import Features
from shared.contracts.ids import PatientId
from shared.http.routes import Call, NoReply, Reply, StaffBody
from shared.trust.access import PracticeCaller


class UsernameReadingReply(Reply, frozen=True, kw_only=True):
    username: str


class WaiverBody(StaffBody, frozen=True, kw_only=True):
    """`waived`: she has no e-mail, and none is to be required of her."""

    waived: bool


async def read_username(
    features: Features, call: Call[StaffBody, PracticeCaller], patient_id: PatientId
) -> UsernameReadingReply:
    username = await features.account_help.read_username(
        call.caller.practice_id, patient_id, by=call.by
    )
    return UsernameReadingReply(username=username)


async def waive_email(
    features: Features, call: Call[WaiverBody, PracticeCaller], patient_id: PatientId
) -> NoReply:
    await features.account_help.waive_email(
        call.caller.practice_id, patient_id, waived=call.body.waived, by=call.by
    )
    return NoReply()


async def thaw_account(
    features: Features, call: Call[StaffBody, PracticeCaller], patient_id: PatientId
) -> NoReply:
    await features.account_help.thaw(call.caller.practice_id, patient_id, by=call.by)
    return NoReply()


async def unlock_account(
    features: Features, call: Call[StaffBody, PracticeCaller], patient_id: PatientId
) -> NoReply:
    await features.unlocks.unlock(call.caller.practice_id, patient_id, by=call.by)
    return NoReply()


async def reset_two_step(
    features: Features, call: Call[StaffBody, PracticeCaller], patient_id: PatientId
) -> NoReply:
    await features.two_step_resets.reset(call.caller.practice_id, patient_id, by=call.by)
    return NoReply()
