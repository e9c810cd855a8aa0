"""What recovery's verbs refuse."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from uuid import UUID

from shared.contracts.identity import AccountState
from tests.builders.reset_tokens import Patient, a_patient
from tests.conformance.examples import recovery as examples
from tests.conformance.examples.recovery import RecoveryStage
from tests.conformance.refusals import Elsewhere, Recipe, at, but
from tests.conformance.stage import Example, send
from tests.conformance.verbs import NAMED

NOBODY = UUID(int=7)
Happening = Callable[[Patient], Awaitable[None]]


def at_the_desk(verb: Recipe, happen: Happening) -> Recipe:
    """The verb about a patient of the practice's, once something has happened to her."""

    async def made(stage: RecoveryStage) -> Example:
        patient = await a_patient(stage.replica, stage.practice_id)
        example = await verb(stage)
        await happen(patient)
        return example.at(patient_id=patient.patient_id)

    return made


async def nothing(_: Patient) -> None:
    """She has no token."""


async def un_enrolled(patient: Patient) -> None:
    await patient.un_enrolled()


async def frozen(patient: Patient) -> None:
    await patient.changed(state=AccountState.FROZEN, security_version=2)


async def given_ten(patient: Patient) -> None:
    for _ in range(10):
        await patient.is_given()


async def issued_before(stage: RecoveryStage) -> Example:
    example = replace(await examples.issue_reset_token(stage), key="the-same-key")
    await send(stage, NAMED["issue_reset_token"], example)
    return example


ISSUE, VOID = examples.issue_reset_token, examples.void_reset_token
REFUSALS: Mapping[str, Mapping[str, Recipe | Elsewhere]] = {
    "issue_reset_token": {
        "NotFound": at("issue_reset_token", patient_id=NOBODY),
        "PatientNotEnrolled": at_the_desk(ISSUE, un_enrolled),
        "AccountFrozen": at_the_desk(ISSUE, frozen),
        "ResetTokenLimit": at_the_desk(ISSUE, given_ten),
        "AlreadyIssued": issued_before,
    },
    "void_reset_token": {
        "NotFound": at("void_reset_token", patient_id=NOBODY),
        "PatientNotEnrolled": at_the_desk(VOID, un_enrolled),
        "NoLiveResetToken": at_the_desk(VOID, nothing),
    },
    "redeem_reset_token": {
        "ResetTokenInvalid": but("redeem_reset_token", username="nobody.at.all"),
    },
    "redeem_reset_link": {"LinkInvalid": but("redeem_reset_link", token="x")},
}
