"""A practice settles its duplicate charts (MG-5, ST-1)."""

from typing import Annotated

from msgspec import Meta

from services.identity.desk.charts import Choice
from services.identity.desk.features import Features
from shared.contracts.ids import PatientId
from shared.http.parsing import wrong
from shared.http.problems import BodyInvalid
from shared.http.routes import Call, NoReply, StaffBody
from shared.trust.access import PracticeCaller

MOST = 20  # records of a chart


class SettlementBody(StaffBody, frozen=True, kw_only=True):
    """Two records at least, each among `kept` or `given_up`; with none given up all stay."""

    kept: Annotated[tuple[PatientId, ...], Meta(min_length=1, max_length=MOST)]
    given_up: Annotated[tuple[PatientId, ...], Meta(max_length=MOST)] = ()

    def counts_as(self, budget: str) -> int:
        return max(1, len(self.given_up))


async def settle_duplicate_chart(
    features: Features, call: Call[SettlementBody, PracticeCaller]
) -> NoReply:
    choice = Choice(kept=call.body.kept, given_up=call.body.given_up)
    if len(choice.patient_ids) < 2:
        raise BodyInvalid(wrong("given_up", "field_missing", "one record is no duplicate"))
    await features.charts.settle(call.caller.practice_id, choice, by=call.by)
    return NoReply()
