"""Whether audit entries were chained when they say that they were written (AU-1)."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from shared.db import Row

BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
SLACK = timedelta(seconds=60)  # between an entry's time and its chaining
# All go by the database's host, whose time NTP corrects by less than a second, and a person by an
# hour who takes summer time for wrong. Were any time honest, who may only add links could date them
# as far back as he likes.
CORRECTION = timedelta(hours=1)


@dataclass(slots=True)
class AuditTimes:
    """Goes along the chain. Both times are the services' own, so an outage moves neither.

    Nobody waits longer than SLACK for the chain while it works, so what is placed late behind
    newer entries was put in with an older time. Late in its order, it waited while no replica
    ran. What may be honest is only told, since a chain that is called broken stays so for ever: a
    clock set back by CORRECTION, over all, or by any time where a file moves it.
    """

    moved: bool = False  # by a clock file, as tours do; production refuses those
    newest: datetime = BEGINNING  # of the entries before
    latest: datetime = BEGINNING  # of the links before, when they were chained
    late: int = 0  # entries: of millions no list is kept
    first_late: int = 0  # its place
    set_back: int = 0  # the first place at which it was

    def wrong(self, link: Row) -> str | None:
        """Say what cannot be honest of this link, or None."""
        at, chained_at = link["entry_at"], link["chained_at"]
        if chained_at + SLACK < self.latest:
            earliest = BEGINNING if self.moved else self.latest - CORRECTION
            if chained_at < earliest:
                return f"was chained at {chained_at}, but what is before it at {self.latest}"
            self.set_back = self.set_back or link["place"]
            self.newest = min(self.newest, earliest)
        if at > chained_at + SLACK:
            return f"was chained before its time, at {chained_at}"
        if at + SLACK < chained_at:
            if at + SLACK < self.newest:
                return f"was put in later, at {chained_at}"
            self.late += 1
            self.first_late = self.first_late or link["place"]
        self.newest, self.latest = max(self.newest, at), max(self.latest, chained_at)
        return None

    def __str__(self) -> str:
        told = ""
        if self.late:
            told += (
                f"{self.late} entries chained over {SLACK} late, the first at place "
                f"{self.first_late}: did no replica run?; "
            )
        if self.set_back:
            told += f"the clock was set back at place {self.set_back}; "
        return told
