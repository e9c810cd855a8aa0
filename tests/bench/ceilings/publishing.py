"""Raw aio-pika publishing: the same bodies, persistent, mandatory, in windows with confirms."""

import asyncio
import time
from collections.abc import Sequence

import aio_pika
import msgspec
from aio_pika.abc import AbstractExchange

from tests.bench.figures import Measured
from tests.bench.processes import given, own_cpu, tell


class Job(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    exchange: str
    routing_key: str
    bodies: tuple[str, ...]
    window: int


async def publish(
    exchange: AbstractExchange,
    routing_key: str,
    bodies: Sequence[tuple[str, bytes]],
    *,
    window: int,
    by: str | None = None,
) -> None:
    """Publish bodies with their ids, in windows; all are confirmed when this returns."""
    for start in range(0, len(bodies), window):
        await asyncio.gather(
            *(
                exchange.publish(
                    aio_pika.Message(
                        body,
                        content_type="application/cloudevents+json",
                        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                        message_id=message_id,
                        user_id=by,
                    ),
                    routing_key,
                    mandatory=True,
                )
                for message_id, body in bodies[start : start + window]
            )
        )


async def main() -> None:
    job = given(Job)
    connection = await aio_pika.connect(job.url)
    channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
    exchange = await channel.get_exchange(job.exchange, ensure=False)
    began, spent = time.monotonic(), own_cpu()
    bodies = [(str(number), body.encode()) for number, body in enumerate(job.bodies)]
    await publish(exchange, job.routing_key, bodies, window=job.window)
    seconds, cpu = time.monotonic() - began, own_cpu() - spent
    await connection.close()
    tell(Measured(done=len(job.bodies), seconds=seconds, cpu=cpu))


if __name__ == "__main__":
    asyncio.run(main())
