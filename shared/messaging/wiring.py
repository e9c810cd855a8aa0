"""Wiring: everything of a service that runs on the bus, from its table of subscriptions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from shared.clock import Clock
from shared.contracts import topology
from shared.db import Database
from shared.loops import Loop
from shared.messaging.backlogs import Backlogs
from shared.messaging.beats import Beats
from shared.messaging.broker import Broker
from shared.messaging.consumer import Consumer
from shared.messaging.dead_letters import Drainer, LetterSweep, Recall
from shared.messaging.inbox import InboxSweep
from shared.messaging.intake import Feeds, Intake
from shared.messaging.outbox import Outbox
from shared.messaging.relay import Relay
from shared.messaging.retries import Aftermath, Retries, RetryPolicy
from shared.messaging.subscriptions import Subscription
from shared.metrics import Metrics
from shared.randomness import Randomness


@dataclass(frozen=True, slots=True, kw_only=True)
class Messaging:
    """Started in this order, stopped in the other: intakes first, a last relay round at the end."""

    relays: tuple[Relay, ...]
    relay_loops: tuple[Loop, ...]
    intakes: tuple[Intake, ...]  # the service's queues, and last its dead-letter queue
    loops: tuple[Loop, ...]  # a queue's retries each, sweep, backlogs, and identity's beats
    retries: Mapping[str, Retries]  # by queue

    async def flush(self) -> None:
        """Publish what is left, in one last round of each relay."""
        for relay in self.relays:
            await relay.once()


def known(table: Iterable[Subscription]) -> tuple[str, ...]:
    """Name the types that a table has handlers for."""
    return tuple(subscription.contract.type for subscription in table)


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
        policy: RetryPolicy | None = None,
    ) -> Messaging:
        """Make the relays, an intake for each queue and the loops beside them."""
        tables = {queue: tuple(table) for queue, table in subscriptions.items()}
        aftermath = Aftermath(randomness=self.randomness, metrics=self.metrics, policy=policy)
        retries = {
            queue: Retries(
                queue=queue,
                table=table,
                database=self.database,
                clock=self.clock,
                aftermath=aftermath,
            )
            for queue, table in tables.items()
        }
        relays = self._relays()
        return Messaging(
            relays=relays,
            relay_loops=tuple(
                Loop(
                    name=f"{name} {relay.exchange}",
                    once=once,
                    every=1.0,
                    longest_wait=1.0,
                    wake=wake,
                    randomness=self.randomness,
                    metrics=self.metrics,
                )
                for relay in relays
                for name, once, wake in (
                    ("relay", relay.once, relay.wake),
                    ("doubts", relay.try_apart, relay.doubts.wake),
                )
            ),
            intakes=self._intakes(tables, aftermath),
            loops=self._loops(tables, retries),
            retries=retries,
        )

    def relay(self, exchange: str) -> Relay:
        """Make a relay with publishers of its own."""
        is_stream = exchange == topology.SESSIONS
        return Relay(
            exchange=exchange,
            database=self.database,
            publisher=self.broker.publisher(),
            apart=self.broker.publisher(on_need=True),
            clock=self.clock,
            randomness=self.randomness,
            metrics=self.metrics,
            wake=self.outbox.sessions if is_stream else self.outbox.events,
        )

    def _relays(self) -> tuple[Relay, ...]:
        events = self.relay(topology.exchange(self.service))
        if self.service != "identity":
            return (events,)
        return (events, self.relay(topology.SESSIONS))

    def _intakes(
        self, tables: Mapping[str, tuple[Subscription, ...]], aftermath: Aftermath
    ) -> tuple[Intake, ...]:
        settles = {
            queue: Consumer(
                queue=queue,
                table=table,
                database=self.database,
                clock=self.clock,
                aftermath=aftermath,
                metrics=self.metrics,
            ).settle
            for queue, table in tables.items()
        }
        drainer = Drainer(
            service=self.service, database=self.database, clock=self.clock, metrics=self.metrics
        )
        return tuple(
            Intake(
                queue=queue,
                settle=settle,
                broker=self.broker,
                clock=self.clock,
                feeds=self.feeds,
                metrics=self.metrics,
                randomness=self.randomness,
            )
            for queue, settle in {**settles, drainer.queue: drainer.settle}.items()
        )

    def _loops(
        self, tables: Mapping[str, tuple[Subscription, ...]], retries: Mapping[str, Retries]
    ) -> tuple[Loop, ...]:
        sweep = InboxSweep(database=self.database, clock=self.clock)
        letters = LetterSweep(
            queues=tables, database=self.database, clock=self.clock, metrics=self.metrics
        )
        recall = Recall(
            types={queue: known(table) for queue, table in tables.items()},
            database=self.database,
            clock=self.clock,
        )
        backlogs = Backlogs(
            queues=tables,
            broker=self.broker,
            database=self.database,
            clock=self.clock,
            metrics=self.metrics,
        )
        rounds = [
            *((f"retries {queue}", one.once, 1.0) for queue, one in retries.items()),
            ("inbox sweep", sweep.once, 600.0),
            ("dead letters sweep", letters.once, 600.0),
            ("recall", recall.once, 10.0),
            ("backlogs", backlogs.once, 10.0),
        ]
        if self.service == "identity":
            beats = Beats(
                database=self.database,
                publisher=self.broker.publisher(),
                clock=self.clock,
                randomness=self.randomness,
            )
            rounds.append(("beats", beats.once, 0.8))
        return tuple(
            Loop(
                name=name,
                once=once,
                every=every,
                longest_wait=1.0 if name == "beats" else 30.0,
                randomness=self.randomness,
                metrics=self.metrics,
            )
            for name, once, every in rounds
        )
