"""How many refusals of one party become audit rows (AU-1): a flood is counted, not written."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

A_MINUTE = 100  # rows of one party: twice what a source may be told in five (LG-4)
OVERALL = 1000  # rows of strangers at guards: as many parties as there are addresses may ask


@dataclass(frozen=True, slots=True)
class Party:
    """Who is refused: somebody known, or an address."""

    actor: str
    source: str  # "" of who is known

    @property
    def is_stranger(self) -> bool:
        return self.source != ""


OTHERS = Party(actor="others", source="")


@dataclass(slots=True)
class Floods:
    """The rows of this minute, and what went beyond; of this process, so replicas add up.

    A verb's refusals are bounded by who asks alone, never by whom they are about: else the number
    of rows, and with it the time, would tell a hit from a miss. At guards nobody is meant, and
    what was left out there hides nothing of what verbs refuse: each has a count of its own.
    """

    minute: datetime | None = None
    written: Counter[tuple[Party, bool]] = field(default_factory=Counter)
    of_strangers: int = 0  # at guards
    left_out: Counter[Party] = field(default_factory=Counter)
    over: Counter[Party] = field(default_factory=Counter)  # of minutes that have passed

    def admits(self, party: Party, *, now: datetime, at_the_guard: bool = False) -> bool:
        """Count a refusal; say whether it is to be written."""
        self._turn(now)
        counted = party, at_the_guard
        stranger = at_the_guard and party.is_stranger
        if self.written[counted] >= A_MINUTE or (stranger and self.of_strangers >= OVERALL):
            self.left_out[party if counted in self.written else OTHERS] += 1
            return False
        self.written[counted] += 1
        self.of_strangers += stranger
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
            self.of_strangers, self.minute = 0, minute
