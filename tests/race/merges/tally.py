"""What came of a race of merges, counted."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of it all."""

    rounds: int = 0
    kills: int = 0
    seconds: float = 0.0
    asked: int = 0
    told: Counter[str] = field(default_factory=Counter)  # how merges were answered, and ended
    beside: Counter[str] = field(default_factory=Counter)  # what was done beside them
    tried: Counter[str] = field(default_factory=Counter)  # what absorbed accounts had
    away: Counter[str] = field(default_factory=Counter)  # calls that were told 503
    deadlocks: Counter[str] = field(default_factory=Counter)  # by service
    lost: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether nothing was lost; nobody waits for nothing where nobody is killed."""
        return not (self.lost or self.deadlocks or (self.away and not self.kills))

    def lines(self) -> Sequence[str]:
        """It in lines."""
        return (
            f"{self.rounds} rounds in {self.seconds:.0f} s, {self.kills} kill -9: "
            f"{self.asked} merges asked for: {told(self.told)}",
            f"beside them: {told(self.beside)}",
            f"tried of absorbed accounts: {told(self.tried)}",
            f"told 503: {told(self.away)}; deadlocks: {told(self.deadlocks)}",
            f"{len(self.lost)} rounds lost" if self.lost else "nothing was lost or half merged",
            *self.lost[:5],
        )


def told(counts: Counter[str]) -> str:
    """How often each, in the order of names."""
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items())) or "none"
