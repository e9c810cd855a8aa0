"""What can be done with merges."""

from dataclasses import dataclass

from services.merge.merging.merges import Merges
from services.merge.merging.saga_steps import SagaSteps
from services.merge.parties import features as parties
from services.merge.settings import MergeSettings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    merges: Merges
    saga_steps: SagaSteps


def compose(plumbing: Plumbing[MergeSettings], *, both: parties.Features) -> Features:
    """Build the group."""
    return Features(
        merges=Merges(
            acts=plumbing.acts,
            grants=both.proofs,
            parties=both.parties,
            randomness=plumbing.randomness,
        ),
        saga_steps=SagaSteps(acts=plumbing.acts, clock=plumbing.clock),
    )
