"""What can be done about a merge."""

from dataclasses import dataclass

from services.recovery.merging.absorptions import Absorptions
from services.recovery.settings import RecoverySettings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    absorptions: Absorptions


def compose(plumbing: Plumbing[RecoverySettings]) -> Features:
    """Build the group."""
    return Features(absorptions=Absorptions(acts=plumbing.acts))
