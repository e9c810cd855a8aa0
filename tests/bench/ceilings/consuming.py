"""Raw aio-pika consuming: the same messages, the same prefetch, acknowledged in the same batches.

What is in them is not looked at, and nothing is kept.
"""

import asyncio
import time

import aio_pika
import msgspec
from aio_pika.abc import AbstractIncomingMessage

from tests.bench.figures import Measured
from tests.bench.processes import given, own_cpu, tell


class Job(msgspec.Struct, frozen=True, kw_only=True):
    url: str
    queue: str
    messages: int
    prefetch: int
    batch: int


async def main() -> None:
    job = given(Job)
    connection = await aio_pika.connect(job.url)
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=job.prefetch)
    queue = await channel.get_queue(job.queue, ensure=False)
    done, over = 0, asyncio.Event()

    async def take(message: AbstractIncomingMessage) -> None:
        nonlocal done
        done += 1
        if done % job.batch == 0 or done == job.messages:
            await message.ack(multiple=True)
        if done == job.messages:
            over.set()

    began, spent = time.monotonic(), own_cpu()
    await queue.consume(take)
    await over.wait()
    seconds, cpu = time.monotonic() - began, own_cpu() - spent
    await connection.close()
    tell(Measured(done=done, seconds=seconds, cpu=cpu))


if __name__ == "__main__":
    asyncio.run(main())
