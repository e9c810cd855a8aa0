"""Raw aio-pika publishing: the same bodies, persistent, mandatory, in windows with confirms."""

import asyncio
import time

import aio_pika
import msgspec

from tests.bench.figures import Measured
from tests.bench.processes import given, own_cpu, tell


class Job(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    exchange: str
    routing_key: str
    bodies: tuple[str, ...]
    window: int


async def main() -> None:
    job = given(Job)
    connection = await aio_pika.connect(job.url)
    channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
    exchange = await channel.get_exchange(job.exchange, ensure=False)
    began, spent = time.monotonic(), own_cpu()
    for start in range(0, len(job.bodies), job.window):
        await asyncio.gather(
            *(
                exchange.publish(
                    aio_pika.Message(
                        body.encode(),
                        content_type="application/cloudevents+json",
                        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                        message_id=str(start + place),
                    ),
                    job.routing_key,
                    mandatory=True,
                )
                for place, body in enumerate(job.bodies[start : start + job.window])
            )
        )
    seconds, cpu = time.monotonic() - began, own_cpu() - spent
    await connection.close()
    tell(Measured(done=len(job.bodies), seconds=seconds, cpu=cpu))


if __name__ == "__main__":
    asyncio.run(main())
