"""What recovery knows of others' facts."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from services.recovery.projections.projections import Projections
from services.recovery.projections.stored_names import StoredNames
from services.recovery.settings import RecoverySettings
from shared.contracts.envelope import Received
from shared.contracts.identity import AccountChanged
from shared.contracts.ids import AccountId
from shared.db import Connection
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    projections: Projections


def compose(
    plumbing: Plumbing[RecoverySettings],
    *,
    drop_void_questions: Callable[[Connection, Sequence[AccountId]], Awaitable[None]],
    void_tokens: Callable[[Connection, Sequence[Received[AccountChanged]]], Awaitable[None]],
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
