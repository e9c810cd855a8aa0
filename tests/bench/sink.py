"""A mail server that says yes at once and keeps nothing but when each mail came.

It runs in the bench's own process, as lean as can be: the ceiling is the sender's, not its own.
"""

import asyncio
from dataclasses import dataclass, field

END = b"\r\n.\r\n"
OK = b"250 OK\r\n"


@dataclass(slots=True)
class Sink:
    """What came since it was last emptied."""

    moments: list[float] = field(default_factory=list)  # of the loop's clock
    last: bytes = b""  # the newest mail's content
    awaited: dict[str, "asyncio.Future[float]"] = field(default_factory=dict)  # by mailbox
    port: int = 0
    server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen on a free port of the loopback interface."""
        loop = asyncio.get_running_loop()
        self.server = await loop.create_server(lambda: Conversation(self), "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]

    def close(self) -> None:
        if self.server is not None:
            self.server.close()

    def expect(self, mailbox: str) -> "asyncio.Future[float]":
        """Return what is set when the next mail to it has come, to the moment."""
        self.awaited[mailbox] = expected = asyncio.get_running_loop().create_future()
        return expected

    def keep(self, content: bytes, mailbox: str) -> None:
        moment = asyncio.get_running_loop().time()
        self.moments.append(moment)
        self.last = content
        expected = self.awaited.pop(mailbox, None)
        if expected is not None and not expected.done():
            expected.set_result(moment)

    async def until(self, count: int, *, within: float) -> bool:
        """Wait for so many mails; whether they came."""
        deadline = asyncio.get_running_loop().time() + within
        while len(self.moments) < count:
            if asyncio.get_running_loop().time() > deadline:
                return False
            await asyncio.sleep(0.01)
        return True


class Conversation(asyncio.Protocol):
    """As much of RFC 5321 and of PIPELINING as a sender needs: replies to commands that came
    together go together.
    """

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.buffer = b""
        self.replies: list[bytes] = []
        self.in_data = False
        self.mailbox = ""  # of the mail under way, one each
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        transport.write(b"220 sink.example\r\n")

    def say(self, reply: bytes) -> None:
        self.replies.append(reply)

    def data_received(self, data: bytes) -> None:
        assert self.transport is not None
        self.buffer += data
        while (self.take_mail if self.in_data else self.take_command)():
            pass
        self.transport.write(b"".join(self.replies))
        if b"221 bye\r\n" in self.replies:
            self.transport.close()
        self.replies.clear()

    def take_mail(self) -> bool:
        content, end, rest = self.buffer.partition(END)
        if not end:
            return False
        self.buffer, self.in_data = rest, False
        self.sink.keep(content + b"\r\n", self.mailbox)
        self.say(OK)
        return True

    def take_command(self) -> bool:
        line, end, rest = self.buffer.partition(b"\r\n")
        if not end:
            return False
        self.buffer = rest
        match line[:4].upper():
            case b"DATA":
                self.in_data = True
                self.say(b"354 go on\r\n")
            case b"RCPT":
                self.mailbox = line[line.find(b"<") + 1 : line.find(b">")].decode()
                self.say(OK)
            case b"QUIT":
                self.say(b"221 bye\r\n")
            case b"EHLO":
                self.say(b"250-sink.example\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n")
            case _:
                self.say(OK)
        return True
