"""What wrong answers cost, and when there are tries again: RC-4's locks and RC-6's rounds."""

from datetime import timedelta

from tests.race.ways_back.account import Account

CALLS, LOCKS = 3, 5  # wrong calls until a lock, locks until it is closed
LOCKED = timedelta(minutes=20)
ROUNDS, DAY = 3, timedelta(hours=24)


class Tries(Account):
    """As many as are left, whoever takes them."""

    # ---- the two questions

    @property
    def is_shut_to_answers(self) -> bool:
        """Locked, or closed until somebody has logged on: right ones open nothing either."""
        return self.closed or (self.locked_until is not None and self.now < self.locked_until)

    async def a_call_is_counted(self, *, opened: bool) -> None:
        """The third in a row that opened nothing locks, the fifth lock closes; under either
        nothing is counted. Identity hears at once of what is closed.
        """
        if self.is_shut_to_answers:
            assert not opened, "answers were told right while they were locked or closed"
        elif opened:
            self.calls = self.locks = 0
        else:
            self.calls += 1
            if self.calls == CALLS:
                self.calls, self.locks = 0, self.locks + 1
                self.locked_until = self.now + LOCKED
                self.closed = self.locks == LOCKS
        await self.world.recovery.features.questions.notices.once()
        await self.world.delivers()

    def has_logged_on(self) -> None:
        """Whoever it was, to a session that waits for no second step."""
        if self.closed:
            self.closed, self.calls, self.locks = False, 0, 0

    # ---- the address

    @property
    def has_a_round(self) -> bool:
        """Whether what is typed now has a round of its own."""
        return sum(self.now < begun + DAY for begun in self.rounds) < ROUNDS

    @property
    def is_failed(self) -> bool:
        """Whether a wrong address was picked to right fields, which fails all of the day."""
        return self.failed_at is not None and self.now < self.failed_at + DAY
