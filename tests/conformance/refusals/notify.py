"""What notify's verbs refuse."""

from collections.abc import Mapping
from uuid import UUID

from tests.builders.patients import a_patient
from tests.conformance.examples import notify as examples
from tests.conformance.examples.notify import NotifyStage
from tests.conformance.refusals import Elsewhere, Recipe, at
from tests.conformance.stage import Example

NOBODY = UUID(int=7)


async def patient_of_another_practice(stage: NotifyStage) -> Example:
    foreign = await a_patient(stage.replica)
    return (await examples.submit_communication(stage)).but(patient_id=str(foreign.patient_id))


async def reference_of_another_topic(stage: NotifyStage) -> Example:
    example = await examples.submit_communication(stage)
    await stage.replica.call("POST", "/communications", example.body, token=example.token)
    return example.but(topic="appointment")


REFUSALS: Mapping[str, Mapping[str, Recipe | Elsewhere]] = {
    "read_notice": {"NotFound": at("read_notice", notice_id=NOBODY)},
    "dismiss_notice": {"NotFound": at("dismiss_notice", notice_id=NOBODY)},
    "submit_communication": {
        "PatientOfAnotherPractice": patient_of_another_practice,
        "ReferenceReused": reference_of_another_topic,
    },
}
