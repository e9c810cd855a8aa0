"""A practice reads the username out, and waives the account e-mail (RC-2b, RC-6)."""

from services.identity.desk.features import Features
from shared.contracts.ids import PatientId
from shared.http.routes import Call, NoReply, Reply, StaffBody
from shared.trust.access import PracticeCaller


class UsernameReadingBody(StaffBody, frozen=True, kw_only=True):
    """Nothing but who reads it out, and why."""


class UsernameReadingReply(Reply, frozen=True, kw_only=True):
    username: str


class WaiverBody(StaffBody, frozen=True, kw_only=True):
    """`waived`: she has no e-mail, and none is to be required of her."""

    waived: bool


async def read_username(
    features: Features, call: Call[UsernameReadingBody, PracticeCaller], patient_id: PatientId
) -> UsernameReadingReply:
    username = await features.username_reading.read(call.caller.practice_id, patient_id, by=call.by)
    return UsernameReadingReply(username=username)


async def waive_email(
    features: Features, call: Call[WaiverBody, PracticeCaller], patient_id: PatientId
) -> NoReply:
    await features.waivers.set(
        call.caller.practice_id, patient_id, waived=call.body.waived, by=call.by
    )
    return NoReply()
