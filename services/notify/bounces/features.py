"""What can be done with bounces."""

from dataclasses import dataclass

from services.notify.bounces.bounces import Bounces
from services.notify.sending.return_paths import ReturnPaths
from services.notify.settings import NotifySettings
from services.notify.suppressions.suppressions import Suppressions
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    bounces: Bounces


def compose(
    plumbing: Plumbing[NotifySettings], *, return_paths: ReturnPaths, suppressions: Suppressions
) -> Features:
    """Build the group."""
    return Features(
        bounces=Bounces(
            return_paths=return_paths,
            suppressions=suppressions,
            acts=plumbing.acts,
            metrics=plumbing.metrics,
        )
    )
