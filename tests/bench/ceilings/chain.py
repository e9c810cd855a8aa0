"""A bare chain, as somebody would write it by hand of the same libraries: two programs.

`python -m tests.bench.ceilings.chain handler` publishes what is posted, persistent and confirmed;
`... worker` consumes it and mails it, then acknowledges. No database, no template, no token: what
is asked twice is mailed twice, and nothing is kept of anything. All else is in the environment.
"""

import asyncio
import os
import sys
from email.message import EmailMessage

import aio_pika
import aiosmtplib
import msgspec
from aio_pika.abc import AbstractIncomingMessage
from aiohttp import web

from deploy.local import ports
from deploy.local.settings import MAIL_DOMAIN

TEXT = "Open this link to choose a new password: https://portal.example/reset#{number}\n"


class Wanted(msgspec.Struct, frozen=True):
    """A mail as it is asked for."""

    to: str


async def handle() -> None:
    """Take posts and publish them until cancelled."""
    connection = await aio_pika.connect(os.environ["AMQP_URL"])
    channel = await connection.channel(publisher_confirms=True, on_return_raises=True)

    async def accept(request: web.Request) -> web.Response:
        wanted = msgspec.json.decode(await request.read(), type=Wanted)
        await channel.default_exchange.publish(
            aio_pika.Message(
                msgspec.json.encode(wanted), delivery_mode=aio_pika.DeliveryMode.PERSISTENT
            ),
            os.environ["QUEUE"],
            mandatory=True,
        )
        return web.Response(status=202)

    application = web.Application()
    application.router.add_post("/mails", accept)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, ports.LOOPBACK, int(os.environ["PORT"]), backlog=1024).start()
    await asyncio.Event().wait()


async def mail() -> None:
    """Mail what comes by the queue until cancelled, over connections that are reused."""
    connections = int(os.environ["CONNECTIONS"])
    free: asyncio.Queue[aiosmtplib.SMTP] = asyncio.Queue()
    for _ in range(connections):
        smtp = aiosmtplib.SMTP(
            hostname=ports.LOOPBACK,
            port=int(os.environ["SMTP_PORT"]),
            local_hostname="bench.example",
        )
        await smtp.connect()
        free.put_nowait(smtp)
    connection = await aio_pika.connect(os.environ["AMQP_URL"])
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=2 * connections)
    queue = await channel.get_queue(os.environ["QUEUE"], ensure=False)

    async def send(incoming: AbstractIncomingMessage) -> None:
        wanted = msgspec.json.decode(incoming.body, type=Wanted)
        message = EmailMessage()
        message["From"], message["To"] = f"no-reply@{MAIL_DOMAIN}", wanted.to
        message["Subject"] = "Choose a new password"
        message.set_content(TEXT.format(number=incoming.delivery_tag))
        smtp = await free.get()
        await smtp.send_message(message)
        free.put_nowait(smtp)
        await incoming.ack()

    await queue.consume(send)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run({"handler": handle, "worker": mail}[sys.argv[1]]())
