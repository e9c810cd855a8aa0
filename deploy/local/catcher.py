"""The mail catcher: an SMTP server that keeps what it gets, and a web server that shows it, and is
a provider of text messages besides.

`python -m deploy.local.catcher SMTP_PORT HTTP_PORT [HOST]`; tests run the same in their process.
"""

import asyncio
import signal
import sys
from dataclasses import dataclass, field

from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local import ports
from deploy.local.caught import Caught, FaultKind
from deploy.local.mail_pages.pages import Pages
from deploy.local.texts import TextProvider

OK = "250 OK"


@dataclass(slots=True)
class Postman:
    """aiosmtpd's handler: meets each message with its fault, or keeps it."""

    caught: Caught

    async def handle_EHLO(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        hostname: str,
        replies: list[str],
    ) -> list[str]:
        """Offer PIPELINING, as servers do; aiosmtpd reads on where it stopped, as that wants."""
        session.host_name = hostname
        return [*replies[:-1], "250-PIPELINING", replies[-1]]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        fault = self.caught.next_fault(FaultKind.REFUSE, FaultKind.TEMPFAIL)
        if fault is not None and fault.kind is FaultKind.REFUSE:
            return "550 5.1.1 No such mailbox"
        if fault is not None:
            return "451 4.3.0 Try again later"
        envelope.rcpt_tos.append(address)
        return OK

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        self.caught.keep(envelope.mail_from or "", envelope.rcpt_tos, content)
        fault = self.caught.next_fault(FaultKind.SLOW, FaultKind.DROP_AFTER_DATA)
        if fault is not None and fault.kind is FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
        if fault is not None and fault.kind is FaultKind.DROP_AFTER_DATA:
            hang_up(server)
        return OK


def hang_up(server: SMTP) -> None:
    """Break the connection at once; the answer never leaves."""
    if isinstance(server.transport, asyncio.Transport):
        server.transport.abort()


@dataclass(slots=True)
class Catcher:
    """Both servers over one store."""

    smtp_port: int
    http_port: int
    host: str = ports.LOOPBACK
    caught: Caught = field(default_factory=Caught)
    texts: TextProvider = field(default_factory=TextProvider)
    smtp: asyncio.Server | None = None
    runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on both ports."""
        loop = asyncio.get_running_loop()
        handler = Postman(self.caught)
        self.smtp = await loop.create_server(
            lambda: SMTP(handler, enable_SMTPUTF8=True, hostname="catcher.localhost", loop=loop),
            self.host,
            self.smtp_port,
        )
        application = Pages(self.caught).application()
        application.add_routes(self.texts.routes())
        self.runner = web.AppRunner(application, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, self.host, self.http_port).start()

    async def stop(self) -> None:
        """Stop listening."""
        if self.smtp is not None:
            self.smtp.close()
        if self.runner is not None:
            await self.runner.cleanup()


async def main(smtp_port: int, http_port: int, host: str = ports.LOOPBACK) -> None:
    """Catch mails until told to stop."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    catcher = Catcher(smtp_port, http_port, host)
    await catcher.start()
    await stopped.wait()
    await catcher.stop()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]))
