"""What a mail server says, reply by reply, however its bytes come (RFC 5321 4.2).

Ours because aiosmtplib holds one reply at a time: of those that come together, as they do to
commands that were sent together, it loses all but the first.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

LONGEST = 16_384  # bytes of one reply, over all its lines; RFC 5321 gives a line 512
LINE = re.compile(rb"(?P<code>[2-5][0-9]{2})(?:(?P<more>[ -])(?P<text>.*))?", re.DOTALL)
BREAKS = re.compile(rb"[\x00-\x1f\x7f]")  # what would end a command, and begin another


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole reply; of its text the first line, which has the enhanced code (RFC 2034)."""

    code: int
    text: str


class Replies(asyncio.Protocol):
    """The server's side of one connection: as many replies as were asked for, in their order.

    What is too long, is no reply, or was not asked for ends the connection: a reply that is taken
    for another command's could pass for a word on a mail that was never sent.
    """

    def __init__(self, transport: asyncio.Transport) -> None:
        self.over = transport.is_closing()
        self.given_up = False  # by us, for want of a reply
        self.waits_since: float | None = None  # for the next reply, by the loop's time
        self._transport = transport
        self._read: list[Reply] = []
        self._asked = 0  # how many are to be read
        self._rest = b""  # of a line that has not ended
        self._first: Reply | None = None  # line of a reply that has not ended
        self._size = 0  # of that reply, but for the rest
        self._news: asyncio.Future[None] | None = None
        transport.set_protocol(self)

    async def ask(self, *commands: bytes, within: float) -> Sequence[Reply]:
        """Send the commands at once; return a reply to each, in their order.

        There are fewer where the connection ends meanwhile: by the server, by what it says, or by
        ours, once it has let us wait so many seconds for the next one.
        """
        if any(BREAKS.search(command) for command in commands):
            raise ValueError("a command would break")
        return await self._exchange(b"\r\n".join((*commands, b"")), len(commands), within)

    async def hand_over(self, content: bytes, *, within: float) -> Reply | None:
        """Send a mail with its final dot; return the reply to all of it, None where none came."""
        replies = await self._exchange(content, 1, within)
        return replies[0] if replies else None

    def hang_up(self) -> None:
        """End the connection; what has not left stays unsent."""
        self._end()
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take in whole lines, and the beginning of one."""
        read = len(self._read)
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self.over or not self._take(line):
                self.hang_up()
                return
        unasked = self._rest != b"" and len(self._read) == self._asked
        if unasked or self._size + len(self._rest) > LONGEST:
            self.hang_up()
        elif len(self._read) > read:
            self._tell()  # of a whole reply: who sends line after line wins no time by it

    def eof_received(self) -> None:
        """The server hangs up, and so do we."""
        self._end()

    def connection_lost(self, error: Exception | None) -> None:
        """Nothing more will come."""
        self._end()

    async def _exchange(self, said: bytes, asked: int, within: float) -> Sequence[Reply]:
        self._read, self._asked = [], asked
        if not self.over:
            self._transport.write(said)
        while len(self._read) < asked and not self.over:
            loop = asyncio.get_running_loop()
            self._news, self.waits_since = loop.create_future(), loop.time()
            try:
                async with asyncio.timeout(within):
                    await self._news
            except TimeoutError:
                self.given_up = True
                self.hang_up()
            finally:
                self.waits_since = None
        return self._read

    def _take(self, line: bytes) -> bool:
        """Whether the line may stand where it does."""
        found = LINE.fullmatch(line.removesuffix(b"\r"))
        self._size += len(line) + 1
        if found is None or self._size > LONGEST or len(self._read) == self._asked:
            return False
        reply = Reply(int(found["code"]), (found["text"] or b"").decode("ascii", "replace"))
        first = self._first or reply
        if first.code != reply.code:
            return False
        if found["more"] == b"-":
            self._first = first
        else:
            self._read.append(first)
            self._first, self._size = None, 0
        return True

    def _end(self) -> None:
        self.over = True
        self._tell()

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)
