"""What notify's verbs refuse."""

from collections.abc import Mapping
from uuid import UUID

from tests.builders.bounces import is_suppressed
from tests.conformance.examples import notify as examples
from tests.conformance.examples.notify import NotifyStage
from tests.conformance.refusals import Elsewhere, Recipe, at
from tests.conformance.stage import Example

NOBODY = UUID(int=7)


async def reference_of_another_topic(stage: NotifyStage) -> Example:
    example = await examples.submit_communication(stage)
    await stage.replica.call("POST", "/communications", example.body, token=example.token)
    return example.but(topic="appointment")


async def lifted_three_times(stage: NotifyStage) -> Example:
    example = await examples.lift_suppressions(stage)
    for _ in range(3):
        await stage.replica.call("POST", "/suppressions/lift", token=example.token)
        await is_suppressed(stage.replica)
    return example


REFUSALS: Mapping[str, Mapping[str, Recipe | Elsewhere]] = {
    "read_notice": {"NotFound": at("read_notice", notice_id=NOBODY)},
    "dismiss_notice": {"NotFound": at("dismiss_notice", notice_id=NOBODY)},
    "lift_suppressions": {"TooManyLifts": lifted_three_times},
    "submit_communication": {
        "ReferenceReused": reference_of_another_topic,
    },
}
