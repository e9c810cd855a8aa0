"""RC-4: whatever is answered, and when, a round is what the row says: held against a model."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import pytest

from services.recovery.questions.model import RoundPolicy
from services.recovery.questions.store import rounds
from tests.rigs.recovery import Recovery, an_account
from tests.support.clock import FakeClock

STEPS = 120
POLICY = RoundPolicy()
WEIGHED = ("wrong",) * 15 + ("time",) * 5 + ("right", "late", "log on")
MINUTES = (1, 19, 20, 21)


@dataclass(slots=True)
class Model:
    """A round as the row words it."""

    wrong: int = 0
    locks: int = 0
    draw: int = 0
    locked_until: datetime | None = None
    closing: UUID | None = None

    def call(self, *, right: bool, draw: int, closing: UUID, now: datetime) -> tuple[bool, bool]:
        """Whether it may be told, and whether it is a success."""
        if self.closing is not None or (self.locked_until is not None and now < self.locked_until):
            return False, False
        if right and draw == self.draw:
            self.wrong, self.locks, self.draw = 0, 0, self.draw + 1
            return True, True
        self.wrong += 1
        if self.wrong == POLICY.attempts:
            self.wrong, self.locks = 0, self.locks + 1
            self.locked_until = now + POLICY.lasts
            if self.locks == POLICY.locks:
                self.closing = closing
        return True, False

    def log_on(self) -> None:
        """A full one, which identity tells."""
        if self.closing is not None:
            self.closing, self.locks = None, 0


@pytest.mark.proves("RC-4")
@pytest.mark.parametrize("seed", range(6))
async def test_whatever_comes_a_round_is_what_the_row_says(
    recovery: Recovery, clock: FakeClock, seed: int
) -> None:
    model = Model()
    account = an_account()
    await recovery.knows(account)
    key = bytes(31) + bytes([seed])

    for step in range(STEPS):
        chance, minutes = sha256(f"{seed} {step}".encode()).digest()[:2]
        what = WEIGHED[chance % len(WEIGHED)]
        if what == "time":
            clock.advance(minutes=MINUTES[minutes % len(MINUTES)])
        elif what == "log on":
            if model.closing is not None:
                await recovery.knows(
                    an_account(account_id=account.account_id, reopened=model.closing)
                )
            model.log_on()
        else:
            right, closing = what != "wrong", recovery.plumbing.randomness.uuid()
            draw = model.draw - 1 if what == "late" and model.draw else model.draw
            async with recovery.plumbing.database.transaction() as tx:
                counted = await rounds.count(
                    tx,
                    key,
                    account.account_id,
                    right=right,
                    draw=draw,
                    closing=closing,
                    policy=POLICY,
                    now=clock.now(),
                )
            told = model.call(right=right, draw=draw, closing=closing, now=clock.now())
            assert (counted.told, counted.opened) == told
