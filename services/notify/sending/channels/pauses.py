"""How long a provider that is away, or refuses us, is left alone."""

from dataclasses import dataclass

from shared.clock import Clock
from shared.metrics import Metrics
from shared.randomness import Randomness

AWAY_SECONDS = (1.0, 30.0)  # the first wait for one that does not answer, and the longest
REFUSED_SECONDS = (5.0, 300.0)  # for one that refuses us: each try may be a wrong password more


@dataclass(slots=True, kw_only=True)
class Pause:
    """Shared by both classes: a message of each finds out the same. It counts once until it is
    over: ten messages under way, all refused, are one refusal.
    """

    clock: Clock
    randomness: Randomness
    metrics: Metrics
    _failures: int = 0  # in a row
    _until: float = 0.0

    @property
    def over(self) -> bool:
        """Whether it may be asked."""
        return self.clock.monotonic() >= self._until

    @property
    def begun(self) -> bool:
        """Whether it was found away, or refusing us, and has taken nothing since."""
        return self._failures > 0

    def away(self) -> None:
        """It did not answer, or is busy."""
        self._longer(AWAY_SECONDS)

    def refused(self) -> None:
        """It refused us, whatever the message."""
        self._longer(REFUSED_SECONDS)

    def end(self) -> None:
        """It took a message, or spoke of a number."""
        self._failures, self._until = 0, 0.0
        self.metrics.gauge("texts_provider_away", 0)

    def _longer(self, bounds: tuple[float, float]) -> None:
        if self._failures and not self.over:
            return
        self._failures += 1
        wait = self.randomness.back_off(*bounds, doubled=self._failures - 1)
        self._until = self.clock.monotonic() + wait
        self.metrics.gauge("texts_provider_away", 1)
