"""Wiring: everything of a service that runs on the bus, from its table of subscriptions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from shared.clock import Clock
from shared.contracts import topology
from shared.db import Database
from shared.loops import SOON, Loop, Sweep
from shared.messaging.backlogs import Backlogs
from shared.messaging.beats import Beats
from shared.messaging.broker import Broker
from shared.messaging.consumer import Consumer
from shared.messaging.dead_letters import LetterSweep, Recall
from shared.messaging.drainer import Drainer
from shared.messaging.inbox import InboxSweep
from shared.messaging.intake import Feeds, Intake, Settler
from shared.messaging.outbox import Outbox
from shared.messaging.relay import Relay
from shared.messaging.retries import Aftermath, Retries, RetryPolicy
from shared.messaging.subscriptions import Reader, Subscription
from shared.metrics import Metrics
from shared.randomness import Randomness

SWEEP_EVERY = 600.0  # seconds


def sweeps(
    queues: Sequence[str], *, database: Database, clock: Clock, metrics: Metrics
) -> Sequence[Sweep]:
    """What is over of all that came by these queues, which are all that the service has."""
    inbox = InboxSweep(database=database, clock=clock)
    letters = LetterSweep(queues=queues, database=database, clock=clock, metrics=metrics)
    return (
        Sweep(name="inbox sweep", what="ids of messages that were taken", once=inbox.once),
        Sweep(name="dead letters sweep", what="dead letters", once=letters.once),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Messaging:
    """Started in this order, stopped in the other: intakes first, a last relay round at the end."""

    relays: tuple[Relay, ...]
    relay_loops: tuple[Loop, ...]
    intakes: tuple[Intake, ...]  # the service's queues, and last its dead-letter queue
    loops: tuple[Loop, ...]  # a queue's retries each, sweeps, backlogs, a stream's beats each
    retries: Mapping[str, Retries]  # by queue

    async def flush(self) -> None:
        """Publish what is left, in one last round of each relay."""
        for relay in self.relays:
            await relay.once()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bus:
    """What all parts on the bus are made from."""

    service: str
    broker: Broker
    database: Database
    outbox: Outbox
    clock: Clock
    randomness: Randomness
    metrics: Metrics
    feeds: Feeds

    def messaging(
        self,
        subscriptions: Mapping[str, Iterable[Subscription]],
        *,
        inboxes: Sequence[Settler] = (),
        policy: RetryPolicy | None = None,
    ) -> Messaging:
        """Make the relays, an intake for each queue and the loops beside them."""
        readers = [Reader(queue, table) for queue, table in subscriptions.items()]
        aftermath = Aftermath(
            randomness=self.randomness, metrics=self.metrics, policy=policy or RetryPolicy()
        )
        retries = {
            reader.queue: Retries(
                reader=reader, database=self.database, clock=self.clock, aftermath=aftermath
            )
            for reader in readers
        }
        relays = tuple(map(self.relay, self.outbox.wakes))
        return Messaging(
            relays=relays,
            relay_loops=tuple(
                Loop(
                    name=f"{name} {relay.exchange}",
                    once=once,
                    every=1.0,
                    longest_wait=SOON,
                    wake=wake,
                    woken=name == "relay",
                )
                for relay in relays
                for name, once, wake in (
                    ("relay", relay.once, relay.wake),
                    ("doubts", relay.try_apart, relay.doubts.wake),
                )
            ),
            intakes=self._intakes(readers, aftermath, inboxes),
            loops=self._loops(readers, retries, inboxes),
            retries=retries,
        )

    def relay(self, exchange: str) -> Relay:
        """Make a relay with publishers of its own."""
        return Relay(
            exchange=exchange,
            database=self.database,
            publisher=self.broker.publisher(),
            apart=self.broker.publisher(on_need=True),
            clock=self.clock,
            randomness=self.randomness,
            metrics=self.metrics,
            wake=self.outbox.wakes[exchange],
        )

    def _intakes(
        self, readers: Sequence[Reader], aftermath: Aftermath, inboxes: Sequence[Settler]
    ) -> tuple[Intake, ...]:
        consumers = [
            Consumer(
                reader=reader,
                database=self.database,
                clock=self.clock,
                aftermath=aftermath,
                metrics=self.metrics,
            )
            for reader in readers
        ]
        drainer = Drainer(
            service=self.service, database=self.database, clock=self.clock, metrics=self.metrics
        )
        takers: list[Settler] = [*consumers, *inboxes, drainer]
        return tuple(
            Intake(
                queue=taker.queue,
                settle=taker.settle,
                broker=self.broker,
                clock=self.clock,
                feeds=self.feeds,
                metrics=self.metrics,
                randomness=self.randomness,
            )
            for taker in takers
        )

    def _loops(
        self,
        readers: Sequence[Reader],
        retries: Mapping[str, Retries],
        inboxes: Sequence[Settler],
    ) -> tuple[Loop, ...]:
        queues = [*(reader.queue for reader in readers), *(inbox.queue for inbox in inboxes)]
        swept = sweeps(queues, database=self.database, clock=self.clock, metrics=self.metrics)
        recall = Recall(
            known=[(reader.queue, known) for reader in readers for known in reader.types],
            database=self.database,
            clock=self.clock,
        )
        backlogs = Backlogs(
            queues=queues,
            broker=self.broker,
            database=self.database,
            clock=self.clock,
            metrics=self.metrics,
        )
        rounds = (
            *((f"retries {queue}", one.once, 1.0) for queue, one in retries.items()),
            ("recall", recall.once, 10.0),
            ("backlogs", backlogs.once, 10.0),
        )
        beats = (
            Beats(
                stream=stream,
                database=self.database,
                publisher=self.broker.publisher(),
                clock=self.clock,
                randomness=self.randomness,
            )
            for stream in topology.streams(self.service)
        )
        return (
            *(Loop(name=name, once=once, every=every) for name, once, every in rounds),
            *(sweep.loop(SWEEP_EVERY) for sweep in swept),
            *(Loop(name="beats", once=one.once, every=0.8, longest_wait=SOON) for one in beats),
        )
