"""How many refusals of one party become audit rows (AU-1): a flood is counted, not written."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

A_MINUTE = 100  # rows of one party: twice what a source may be told in five (LG-4)
OVERALL = (
    1000  # rows a minute that are about nobody: as many parties as there are addresses may ask
)


@dataclass(frozen=True, slots=True)
class Party:
    """Who is refused: somebody known, or an address."""

    actor: str
    source: str


OTHERS = Party(actor="others", source="")


@dataclass(slots=True)
class Floods:
    """The rows of this minute, and what went beyond; of this process, so replicas add up."""

    minute: datetime | None = None
    written: Counter[Party] = field(default_factory=Counter)
    about_nobody: int = 0
    left_out: Counter[Party] = field(default_factory=Counter)
    over: Counter[Party] = field(default_factory=Counter)  # of minutes that have passed

    def admits(self, party: Party, *, about_nobody: bool, now: datetime) -> bool:
        """Count a refusal; say whether it is to be written."""
        self._turn(now)
        known = party in self.written
        if self.written[party] >= A_MINUTE or (about_nobody and self.about_nobody >= OVERALL):
            self.left_out[party if known else OTHERS] += 1
            return False
        self.written[party] += 1
        self.about_nobody += about_nobody
        return True

    def take(self, now: datetime) -> Counter[Party]:
        """Hand out what was left out in minutes that have passed, for a row each."""
        self._turn(now)
        taken, self.over = self.over, Counter()
        return taken

    def give_back(self, taken: Counter[Party]) -> None:
        """Keep what could not be written."""
        self.over += taken

    def _turn(self, now: datetime) -> None:
        minute = now.replace(second=0, microsecond=0)
        if minute != self.minute:
            self.over += self.left_out
            self.written, self.left_out = Counter(), Counter()
            self.about_nobody, self.minute = 0, minute
