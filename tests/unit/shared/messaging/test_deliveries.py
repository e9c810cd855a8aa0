"""What a consumer asks after while nothing comes, and what it makes of the answer."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiormq import Channel

from shared.errors import BrokerUnavailable
from shared.messaging.broker import Deliveries


class Enough(Exception):
    """Nothing more is answered."""


@dataclass(slots=True)
class Answering:
    """A channel that says each time how many messages and consumers the queue has."""

    answers: Iterator[tuple[int, int]]
    closing: Any = field(default_factory=lambda: SimpleNamespace(add_done_callback=id))
    on_consumer_cancel_callbacks: set[object] = field(default_factory=set)
    is_closed: bool = False

    async def queue_declare(self, queue: str, *, passive: bool) -> SimpleNamespace:
        assert (queue, passive) == ("merge.saga", True)
        try:
            messages, consumers = next(self.answers)
        except StopIteration:
            raise Enough from None
        return SimpleNamespace(message_count=messages, consumer_count=consumers)

    async def basic_qos(self, **_: object) -> None:
        """As asked."""

    async def basic_consume(self, *_: object, **__: object) -> SimpleNamespace:
        return SimpleNamespace(consumer_tag="1")


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.messaging.broker.LOOK_EVERY", 0.0)


async def deliveries(*answers: tuple[int, int], stream: bool = False) -> Deliveries:
    """A consumer whose queue answered as a fresh one does, and then so."""
    found = Deliveries(cast(Channel, Answering(iter([(0, 0), *answers]))))
    await found.start("merge.saga", prefetch=1, stream=stream)
    return found


@pytest.mark.parametrize(
    "answers",
    [
        [(7, 0)],  # made anew, and it has what nobody takes
        [(0, 0), (1, 0)],
        [(0, 1), (0, 0), (0, 0), (0, 1)],  # another replica came first
    ],
)
async def test_a_queue_that_was_made_anew_is_consumed_anew(answers: list[tuple[int, int]]) -> None:
    with pytest.raises(BrokerUnavailable, match="made anew"):
        await (await deliveries(*answers)).batch(1)


@pytest.mark.parametrize("answers", [[(0, 1), (5, 2), (0, 1)], [(0, 0), (0, 0), (0, 0)]])
async def test_one_that_is_quiet_or_down_is_left_as_it_is(answers: list[tuple[int, int]]) -> None:
    with pytest.raises(Enough):
        await (await deliveries(*answers)).batch(1)


async def test_a_quiet_stream_is_read_anew() -> None:
    with pytest.raises(BrokerUnavailable):
        await (await deliveries((5, 1), stream=True)).batch(1)
