"""A mail server in the test's own process: it can be stopped, and hangs up when told to."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from deploy.local import ports
from deploy.local.catcher import Postman, hang_up
from deploy.local.caught import Caught, Fault, FaultKind, Mail

TOO_MANY = b"421 4.7.0 catcher.localhost Error: too many connections\r\n"


@dataclass(slots=True)
class Strict(Postman):
    """Answers a command with what a test has put there, as often as it is asked."""

    says: dict[str, str] = field(default_factory=dict)  # by MAIL, SMTPUTF8 (in one), RCPT, DATA
    asked: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)  # each mail's conversation

    def is_asked(self, command: str) -> str | None:
        self.asked.append(command)
        return self.says.get(command)

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if said := self.is_asked("MAIL"):
            return said
        if "SMTPUTF8" in options and (said := self.says.get("SMTPUTF8")):
            return said
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        said = self.is_asked("RCPT")
        return said or await Postman.handle_RCPT(self, server, session, envelope, address, options)

    async def handle_QUIT(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.is_asked("QUIT")
        return "221 Bye"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.encrypted.append(session.ssl is not None)
        said = self.is_asked("DATA")
        return said or await Postman.handle_DATA(self, server, session, envelope)


class Limited(SMTP):
    """aiosmtpd's server, which greets as many at once as its owner takes."""

    def __init__(self, owner: "MailServer", handler: Postman, **rest: Any) -> None:
        super().__init__(handler, **rest)
        self.owner = owner
        self.counted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.counted or self.owner.admits(self):
            super().connection_made(transport)
            return
        assert isinstance(transport, asyncio.Transport)
        transport.write(TOO_MANY)
        transport.close()

    def data_received(self, data: bytes) -> None:
        if self.counted:
            super().data_received(data)

    def eof_received(self) -> bool | None:
        return super().eof_received() if self.counted else False

    def connection_lost(self, error: Exception | None) -> None:
        if self.counted:
            self.owner.open.discard(self)
            super().connection_lost(error)


@dataclass(slots=True)
class MailServer:
    """The catcher's SMTP half."""

    port: int = field(default_factory=ports.free_port)
    caught: Caught = field(default_factory=Caught)
    conversations: list[SMTP] = field(default_factory=list)
    server: asyncio.Server | None = None
    takes: int | None = None  # connections at once; a further one is answered with 421
    open: set[SMTP] = field(default_factory=set)
    most: int = 0  # that were open at once
    utf8: bool = True
    tls: ssl.SSLContext | None = None  # offered by STARTTLS
    password: str | None = None  # whoever logs on gives this one
    tried: list[str] = field(default_factory=list)  # passwords
    strict: Strict = field(init=False)

    def __post_init__(self) -> None:
        self.strict = Strict(self.caught)

    @property
    def mails(self) -> list[Mail]:
        return list(self.caught.mails)

    @property
    def encrypted(self) -> list[bool]:
        """Of each mail, whether it came by STARTTLS."""
        return self.strict.encrypted

    @property
    def said_goodbye(self) -> int:
        """How many conversations ended with QUIT."""
        return self.strict.asked.count("QUIT")

    @property
    def tries(self) -> int:
        """How many connections were asked for."""
        return len(self.conversations)

    def to(self, address: str) -> list[Mail]:
        return self.caught.to(address)

    def fail(self, kind: FaultKind, *, count: int = 1, seconds: float = 1.0) -> None:
        """Let the next messages meet this fault."""
        self.caught.faults.append(Fault(kind=kind, count=count, seconds=seconds))

    async def start(self, *, tls: ssl.SSLContext | None = None) -> None:
        """Listen; `tls` is spoken from the start."""
        self.server = await asyncio.get_running_loop().create_server(
            self.greet, ports.LOOPBACK, self.port, ssl=tls
        )

    def admits(self, one: Limited) -> bool:
        """Whether there is room for one more connection."""
        if self.takes is not None and len(self.open) >= self.takes:
            return False
        one.counted = True
        self.open.add(one)
        self.most = max(self.most, len(self.open))
        return True

    def greet(self) -> SMTP:
        conversation = Limited(
            self,
            self.strict,
            enable_SMTPUTF8=self.utf8,
            hostname="catcher.localhost",
            loop=asyncio.get_running_loop(),
            tls_context=self.tls,
            auth_require_tls=False,
            authenticator=self.authenticator(),
        )
        self.conversations.append(conversation)
        return conversation

    def authenticator(self) -> Callable[..., AuthResult] | None:
        if self.password is None:
            return None

        def check(
            server: SMTP, session: Session, envelope: Envelope, how: str, data: object
        ) -> AuthResult:
            given = getattr(data, "password", b"").decode()
            self.tried.append(given)
            return AuthResult(success=given == self.password, handled=False)

        return check

    async def stop(self) -> None:
        """Take no connection any more, and hang up on those there are."""
        assert self.server is not None
        self.server.close()
        for conversation in self.conversations:
            hang_up(conversation)
        await self.server.wait_closed()
