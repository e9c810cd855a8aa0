"""Final dots that the server leaves without an answer, though it takes mails.

Each such message may have arrived, so none is sent anew by itself (NT-5): a server that answers no
dot would make one after another `unknown`.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from services.notify.preferences.model import Means
from services.notify.sending.errors import StillAway
from services.notify.sending.model import Answer, Outcome, Phase
from services.notify.tellings.model import MessageClass
from shared.clock import Clock
from shared.logs import logger
from shared.metrics import Metrics
from shared.randomness import Randomness

IN_A_ROW = 2  # without an answer: one alone may be the message's fault, or its connection's
PAUSE_SECONDS = (1.0, 30.0)  # the first wait before one is tried, and the longest

log = logger("dots")


@dataclass(slots=True)
class Passage:
    """One message's way to its dot."""

    probe: bool  # it finds out whether the pause is over
    answered_before: int = 0  # dots, as its own went out


@dataclass(slots=True, kw_only=True)
class Dots:
    """One class's: two in a row without an answer, and none answered since the dot of either, pause
    it. Then one message at a time is tried, each after a longer wait, until one is answered.

    A slow conversation among others that are answered is none of those, however long it takes.
    """

    message_class: MessageClass
    means: Means
    clock: Clock
    randomness: Randomness
    metrics: Metrics
    _answered: int = 0
    _unanswered: int = 0  # in a row
    _probing: bool = False
    _retry_at: float = 0.0

    @property
    def paused(self) -> bool:
        """Whether the server answers none, as far as is known."""
        return self._unanswered >= IN_A_ROW

    @property
    def open(self) -> bool:
        """Whether a message may set out."""
        if not self.paused:
            return True
        return not self._probing and self.clock.monotonic() >= self._retry_at

    @contextmanager
    def passage(self) -> Iterator[Passage]:
        """Let a message set out. Raises StillAway where it may not."""
        if not self.open:
            raise StillAway
        passage = Passage(probe=self.paused)
        self._probing = self._probing or passage.probe  # one of a pause before may be under way
        try:
            yield passage
        finally:
            if passage.probe:
                self._probing = False

    def go_out(self, passage: Passage) -> None:
        """Its dot is next. Raises StillAway where the pause has begun since it set out."""
        if self.paused and not passage.probe:
            raise StillAway
        passage.answered_before = self._answered

    def judge(self, passage: Passage, answer: Answer) -> None:
        """Count what came of it; what had no dot says nothing."""
        if answer.outcome is Outcome.UNANSWERED:
            self._count(passage)
        elif answer.phase is Phase.ANSWERED:
            self._end()

    def _count(self, passage: Passage) -> None:
        if self._answered > passage.answered_before or (self.paused and not passage.probe):
            return
        self._unanswered += 1
        if not self.paused:
            return
        wait = self.randomness.back_off(*PAUSE_SECONDS, doubled=self._unanswered - IN_A_ROW)
        self._retry_at = self.clock.monotonic() + wait
        self._gauge(1)
        if self._unanswered == IN_A_ROW:
            log.error("dots_unanswered", message_class=self.message_class, channel=self.means)

    def _end(self) -> None:
        self._answered += 1
        if self.paused:
            log.info("dots_answered", message_class=self.message_class, channel=self.means)
            self._gauge(0)
        self._unanswered = 0

    def _gauge(self, value: float) -> None:
        self.metrics.gauge(
            "dots_unanswered", value, message_class=self.message_class, channel=self.means
        )
