"""The mail catcher: an SMTP server that keeps what it gets, and pages to read it on.

`python -m deploy.local.catcher SMTP_PORT HTTP_PORT [HOST]`; tests run the same in their process.
"""

import asyncio
import html
import signal
import sys
from dataclasses import dataclass, field

import msgspec
from aiohttp import web
from aiosmtpd.smtp import SMTP, Envelope, Session

from deploy.local import ports
from deploy.local.caught import Caught, Fault, FaultKind, Mail

OK = "250 OK"
STYLE = (
    "<style>body{font:16px/1.5 system-ui;margin:2rem auto;max-width:60rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.3rem .6rem;"
    "border-bottom:1px solid #ddd}pre{white-space:pre-wrap;background:#f6f6f6;padding:1rem}"
    "iframe{width:100%;height:32rem;border:1px solid #ddd}</style>"
)


@dataclass(slots=True)
class Postman:
    """aiosmtpd's handler: meets each message with its fault, or keeps it."""

    caught: Caught

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
class Pages:
    """For people `/` and `/show/{id}`; for programs `/mails` and `/faults`."""

    caught: Caught

    def application(self) -> web.Application:
        application = web.Application()
        application.add_routes(
            [
                web.get("/", self.overview),
                web.get(r"/show/{id:\d+}", self.show),
                web.get("/mails", self.list_mails),
                web.delete("/mails", self.clear_mails),
                web.get(r"/mails/{id:\d+}", self.read_mail),
                web.post("/faults", self.add_fault),
                web.delete("/faults", self.clear_faults),
            ]
        )
        return application

    def wanted(self, request: web.Request) -> Mail:
        mail = self.caught.find(int(request.match_info["id"]))
        if mail is None:
            raise web.HTTPNotFound
        return mail

    async def overview(self, request: web.Request) -> web.Response:
        rows = "".join(
            f"<tr><td>{mail.received_at:%H:%M:%S}<td>{html.escape(', '.join(mail.envelope_to))}"
            f'<td><a href="/show/{mail.id}">{html.escape(mail.subject) or "(none)"}</a>'
            for mail in reversed(self.caught.mails)
        )
        head = "<tr><th>received (UTC)<th>to<th>subject"
        return page("Mails", f"<table>{head}{rows}</table>")

    async def show(self, request: web.Request) -> web.Response:
        mail = self.wanted(request)
        headers = "\n".join(f"{name}: {value}" for name, value in mail.headers)
        return page(
            mail.subject,
            f'<p><a href="/">all mails</a><pre>{html.escape(headers)}</pre>'
            f"<h2>Text</h2><pre>{html.escape(mail.text)}</pre>"
            f'<h2>HTML</h2><iframe sandbox srcdoc="{html.escape(mail.html)}"></iframe>',
        )

    async def list_mails(self, request: web.Request) -> web.Response:
        return as_json(self.caught.to(request.query.get("to")))

    async def clear_mails(self, request: web.Request) -> web.Response:
        self.caught.mails.clear()
        return web.Response(status=204)

    async def read_mail(self, request: web.Request) -> web.Response:
        return as_json(self.wanted(request))

    async def add_fault(self, request: web.Request) -> web.Response:
        try:
            self.caught.faults.append(msgspec.json.decode(await request.read(), type=Fault))
        except msgspec.MsgspecError as problem:
            raise web.HTTPBadRequest(text=str(problem)) from problem
        return web.Response(status=204)

    async def clear_faults(self, request: web.Request) -> web.Response:
        self.caught.faults.clear()
        return web.Response(status=204)


def page(title: str, body: str) -> web.Response:
    title = html.escape(title)
    text = f"<!doctype html><meta charset=utf-8><title>{title}</title>{STYLE}<h1>{title}</h1>{body}"
    return web.Response(text=text, content_type="text/html")


def as_json(value: object) -> web.Response:
    return web.Response(body=msgspec.json.encode(value), content_type="application/json")


@dataclass(slots=True)
class Catcher:
    """Both servers over one store."""

    smtp_port: int
    http_port: int
    host: str = ports.LOOPBACK
    caught: Caught = field(default_factory=Caught)
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
        self.runner = web.AppRunner(Pages(self.caught).application(), access_log=None)
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
