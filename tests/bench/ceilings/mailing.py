"""Raw aiosmtplib: the same mail over the same number of connections, each reused; no ledger."""

import asyncio
import time

import aiosmtplib
import msgspec

from tests.bench.figures import Measured
from tests.bench.processes import given, own_cpu, tell


class Job(msgspec.Struct, frozen=True, kw_only=True):
    host: str
    port: int
    sender: str
    content: str  # of one whole mail
    mails: int
    connections: int


async def main() -> None:
    job = given(Job)
    numbers = iter(range(job.mails))
    content = job.content.encode()
    pool = [
        aiosmtplib.SMTP(hostname=job.host, port=job.port, local_hostname="bench.example")
        for _ in range(job.connections)
    ]
    for smtp in pool:
        await smtp.connect()

    async def send(smtp: aiosmtplib.SMTP) -> None:
        for number in numbers:
            await smtp.sendmail(job.sender, [f"raw-{number}@mail.example"], content)

    began, spent = time.monotonic(), own_cpu()
    await asyncio.gather(*map(send, pool))
    seconds, cpu = time.monotonic() - began, own_cpu() - spent
    for smtp in pool:
        await smtp.quit()
    tell(Measured(done=job.mails, seconds=seconds, cpu=cpu))


if __name__ == "__main__":
    asyncio.run(main())
