"""What can be done about a merge."""

from dataclasses import dataclass

from services.identity.merging.decisions import MergeDecisions
from services.identity.merging.outcomes import Outcomes
from services.identity.merging.proofs import ProofChecker
from services.identity.merging.reviews import MergeReviews
from services.identity.merging.unions import Unions
from services.identity.patients.patients import Patients
from services.identity.sessions.sessions import Sessions
from services.identity.settings import Settings
from shared.program.program import Plumbing
from shared.trust.grants import GrantChecker


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    decisions: MergeDecisions
    reviews: MergeReviews


def compose(
    plumbing: Plumbing[Settings],
    *,
    grants: GrantChecker,
    patients: Patients,
    sessions: Sessions,
) -> Features:
    """Build the group."""
    proofs = ProofChecker(grants=grants, clock=plumbing.clock)
    outcomes = Outcomes(
        unions=Unions(patients=patients, sessions=sessions),
        metrics=plumbing.metrics,
    )
    return Features(
        decisions=MergeDecisions(
            acts=plumbing.acts, clock=plumbing.clock, proofs=proofs, outcomes=outcomes
        ),
        reviews=MergeReviews(
            acts=plumbing.acts, clock=plumbing.clock, proofs=proofs, outcomes=outcomes
        ),
    )
