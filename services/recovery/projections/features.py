"""What recovery knows of others' facts."""

from dataclasses import dataclass

from services.recovery.projections.projections import Ending, Projections
from services.recovery.projections.stored_names import StoredNames
from services.recovery.settings import RecoverySettings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    projections: Projections


def compose(
    plumbing: Plumbing[RecoverySettings],
    *,
    drop_void_questions: Ending,
    void_tokens: Ending,
) -> Features:
    """Build the group."""
    return Features(
        projections=Projections(
            digests=plumbing.digests,
            drop_void_questions=drop_void_questions,
            void_tokens=void_tokens,
        )
    )


def stored_names(plumbing: Plumbing[RecoverySettings]) -> StoredNames:
    """What `names re-key` changes and `check` counts."""
    return StoredNames(acts=plumbing.acts, digests=plumbing.digests)
