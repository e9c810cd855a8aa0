"""What can be seen of the saga."""

from dataclasses import dataclass
from datetime import timedelta

from services.merge.saga.watch import Watch
from services.merge.settings import MergeSettings
from shared.loops import Loop
from shared.program.program import Plumbing

WATCH_EVERY = 10.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    watch: Watch

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The one that looks for merges that do not end."""
        return (Loop(name="merge watch", once=self.watch.once, every=WATCH_EVERY),)


def compose(plumbing: Plumbing[MergeSettings]) -> Features:
    """Build the group; `check` looks the same way."""
    return Features(
        watch=Watch(
            database=plumbing.database,
            clock=plumbing.clock,
            metrics=plumbing.metrics,
            patience=timedelta(seconds=plumbing.settings.merge_stuck_seconds),
        )
    )
