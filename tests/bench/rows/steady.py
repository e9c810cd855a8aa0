"""Mails that are sent off one by one, or so many a second whatever they take, each timed."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import aio_pika
from aio_pika.abc import AbstractExchange

from shared.contracts.envelope import CONTENT_TYPE
from shared.contracts.identity import ACCOUNT_LOCKED
from shared.contracts.topology import exchange
from tests.bench.figures import NotMeasured
from tests.bench.sink import Sink
from tests.builders import events

PAUSE = 0.05  # seconds between a mail and what is sent off next: nothing is warm by chance
WITHIN = 120.0  # seconds for one mail

Send = Callable[[str], Awaitable[float]]
"""Sends off what is mailed to a mailbox, and returns the moment from which it counts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Steady:
    sink: Sink
    send: Send

    async def took(self, mailboxes: Sequence[str], *, rate: float | None) -> Sequence[float]:
        """Return each mail's milliseconds; without a rate each waits for the one before."""
        if rate is None:
            return [await self._one(mailbox, pause=PAUSE) for mailbox in mailboxes]
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with asyncio.TaskGroup() as group:
            tasks = []
            for number, mailbox in enumerate(mailboxes):
                await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
                tasks.append(group.create_task(self._one(mailbox)))
        return [task.result() for task in tasks]

    async def _one(self, mailbox: str, *, pause: float = 0.0) -> float:
        mailed = self.sink.expect(mailbox)
        at = await self.send(mailbox)
        try:
            async with asyncio.timeout(WITHIN):
                took = await mailed - at
        except TimeoutError:
            raise NotMeasured(f"no mail after {WITHIN:.0f} s") from None
        await asyncio.sleep(pause)
        return max(0.0, took * 1000)


@dataclass(slots=True, kw_only=True)
class Locks:
    """Account activity as identity's relay publishes it: an account is locked."""

    exchange: AbstractExchange
    sent: int = 0

    @classmethod
    async def over(cls, connection: aio_pika.abc.AbstractConnection) -> "Locks":
        channel = await connection.channel(publisher_confirms=True)
        return cls(exchange=await channel.get_exchange(exchange("identity"), ensure=False))

    async def send(self, mailbox: str) -> float:
        """Publish it; it counts from then on."""
        account_id, now, event_id = events.new_account(), datetime.now(UTC), events.new_event()
        body = events.body(
            ACCOUNT_LOCKED,
            events.locked(account_id, mailbox, at=now),
            subject=account_id,
            time=now,
            event_id=event_id,
        )
        self.sent += 1
        at = asyncio.get_running_loop().time()
        await self.exchange.publish(
            aio_pika.Message(
                body,
                content_type=CONTENT_TYPE,
                delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                message_id=str(event_id),
                user_id="identity",
            ),
            ACCOUNT_LOCKED.routing_key,
        )
        return at
