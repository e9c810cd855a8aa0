"""A mail server in the test's own process: it can be stopped, and hangs up when told to."""

import asyncio
from dataclasses import dataclass, field

from aiosmtpd.smtp import SMTP

from deploy.local import ports
from deploy.local.catcher import Postman, hang_up
from deploy.local.caught import Caught, Fault, FaultKind, Mail


@dataclass(slots=True)
class MailServer:
    """The catcher's SMTP half."""

    port: int = field(default_factory=ports.free_port)
    caught: Caught = field(default_factory=Caught)
    conversations: list[SMTP] = field(default_factory=list)
    server: asyncio.Server | None = None

    @property
    def mails(self) -> list[Mail]:
        return list(self.caught.mails)

    def to(self, address: str) -> list[Mail]:
        return self.caught.to(address)

    def fail(self, kind: FaultKind, *, count: int = 1, seconds: float = 1.0) -> None:
        """Let the next messages meet this fault."""
        self.caught.faults.append(Fault(kind=kind, count=count, seconds=seconds))

    async def start(self) -> None:
        self.server = await asyncio.get_running_loop().create_server(
            self.greet, ports.LOOPBACK, self.port
        )

    def greet(self) -> SMTP:
        loop = asyncio.get_running_loop()
        conversation = SMTP(
            Postman(self.caught), enable_SMTPUTF8=True, hostname="catcher.localhost", loop=loop
        )
        self.conversations.append(conversation)
        return conversation

    async def stop(self) -> None:
        """Take no connection any more, and hang up on those there are."""
        assert self.server is not None
        self.server.close()
        for conversation in self.conversations:
            hang_up(conversation)
        await self.server.wait_closed()
