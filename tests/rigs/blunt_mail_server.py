"""A mail server that says what a test has put in its mouth, byte for byte, whatever is right."""

import asyncio
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from deploy.local import ports

HANG_UP = b""  # said in place of a reply
SILENCE = b"..."  # likewise
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: close by a reset
EHLO = "EHLO"
DOT = "."
POLITE: Mapping[str, bytes] = {
    EHLO: b"250-blunt.example\r\n250-PIPELINING\r\n250 SMTPUTF8\r\n",
    "MAIL": b"250 2.1.0 ok\r\n",
    "RCPT": b"250 2.1.5 ok\r\n",
    "DATA": b"354 go on\r\n",
    DOT: b"250 2.0.0 taken\r\n",
}
WITHOUT_PIPELINING = {EHLO: b"250-blunt.example\r\n250 SMTPUTF8\r\n"}


@dataclass(slots=True)
class BluntMailServer:
    """What it says to each command; it keeps what it read, and each mail that had its dot."""

    says: dict[str, bytes] = field(default_factory=dict)
    in_bytes: bool = False  # each byte of a reply by itself
    together: bool = False  # the replies to MAIL, RCPT and DATA, once all three are there
    resets: bool = False  # once it has taken a mail
    port: int = field(default_factory=ports.free_port)
    heard: list[str] = field(default_factory=list)  # each command, of all connections
    lines: list[str] = field(default_factory=list)  # as they came
    mails: list[bytes] = field(default_factory=list)
    cut_off: list[bytes] = field(default_factory=list)  # what came instead of a whole mail
    connections: int = 0
    server: asyncio.Server | None = None
    open: "set[asyncio.Task[None] | None]" = field(default_factory=set)

    async def start(self) -> None:
        self.server = await asyncio.start_server(self.converse, ports.LOOPBACK, self.port)

    async def stop(self) -> None:
        assert self.server is not None
        self.server.close()
        open_ones = [task for task in self.open if task is not None]
        for task in open_ones:
            task.cancel()
        await asyncio.gather(*open_ones, return_exceptions=True)
        await self.server.wait_closed()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer until either side has had enough."""
        self.connections += 1
        self.open.add(asyncio.current_task())
        writer.write(b"220 blunt.example\r\n")
        try:
            await self._answer(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self.open.discard(asyncio.current_task())
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readuntil(b"\r\n"):
            command = line[:4].decode().strip().upper()
            self.heard.append(command)
            self.lines.append(line.decode().strip())
            said = self._said(command)
            if self.together and command in ("MAIL", "RCPT"):
                continue
            if self.together and command == "DATA":
                said = self._said("MAIL") + self._said("RCPT") + said
            await self._say(said, writer)
            if b"354" in said:
                await self._read_mail(reader)
                await self._say(self._said(DOT), writer)
            if b"354" in said and self.resets:
                found: socket.socket = writer.get_extra_info("socket")
                found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                return

    async def _read_mail(self, reader: asyncio.StreamReader) -> None:
        try:
            self.mails.append(await reader.readuntil(b"\r\n.\r\n"))
        except asyncio.IncompleteReadError as error:
            self.cut_off.append(error.partial)
            raise

    async def _say(self, said: bytes, writer: asyncio.StreamWriter) -> None:
        if said == HANG_UP:
            raise ConnectionAbortedError
        if said == SILENCE:
            await asyncio.Event().wait()
        if not self.in_bytes:
            writer.write(said)
            return
        for number in range(len(said)):
            writer.write(said[number : number + 1])
            await writer.drain()
            await asyncio.sleep(0)

    def _said(self, command: str) -> bytes:
        return {**POLITE, **self.says}.get(command, b"250 ok\r\n")
