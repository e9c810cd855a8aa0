"""Replies are read in order, whole and bounded, however their bytes come."""

import asyncio
from collections.abc import Sequence

import pytest

from services.notify.sending.channels.replies import LONGEST, Replies, Reply

SOON = 5.0
THREE = b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n354 go on\r\n"
AGREED = [Reply(250, "2.1.0 ok"), Reply(250, "2.1.5 ok"), Reply(354, "go on")]


class Cable(asyncio.Transport):
    """A transport with nobody behind it: what is written is kept, and it ends when it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.ended = False
        self.protocol: asyncio.Protocol | None = None

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        assert isinstance(protocol, asyncio.Protocol)
        self.protocol = protocol

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return self.ended

    def abort(self) -> None:
        self.ended = True


async def asked(
    *said: bytes, commands: Sequence[bytes] = (b"MAIL", b"RCPT", b"DATA"), within: float = SOON
) -> tuple[Sequence[Reply], Replies, Cable]:
    """Ask all of it at once; these bytes come, piece by piece."""
    cable = Cable()
    replies = Replies(cable)
    asking = asyncio.create_task(replies.ask(*commands, within=within))
    for piece in said:
        await asyncio.sleep(0)
        replies.data_received(piece)
    return await asking, replies, cable


@pytest.mark.parametrize(
    "pieces",
    [
        [THREE],
        [THREE[i : i + 1] for i in range(len(THREE))],
        THREE.splitlines(keepends=True),
        [THREE[:20], THREE[20:]],
        [THREE.replace(b"\r\n", b"\n")],
    ],
    ids=["together", "in-single-bytes", "line-by-line", "broken-anywhere", "bare-line-feeds"],
)
async def test_replies_to_commands_sent_together_are_told_apart(pieces: list[bytes]) -> None:
    found, replies, cable = await asked(*pieces)

    assert found == AGREED
    assert not replies.over
    assert cable.written == [b"MAIL\r\nRCPT\r\nDATA\r\n"]


async def test_of_many_lines_the_first_is_the_text() -> None:
    found, *_ = await asked(b"550-5.1.1 no\r\n550-such\r\n550\r\n", commands=[b"RCPT"])

    assert found == [Reply(550, "5.1.1 no")]


@pytest.mark.parametrize(
    "said",
    [
        b"250 ok\r\n250 ok\r\n354 go on\r\n250 taken\r\n",
        b"250 ok\r\n250 ok\r\n354 go on\r\n25",
    ],
    ids=["a-whole-one", "a-part-of-one"],
)
async def test_a_reply_that_nobody_asked_for_ends_the_connection(said: bytes) -> None:
    found, replies, cable = await asked(said)

    assert [reply.code for reply in found] == [250, 250, 354]
    assert replies.over
    assert cable.ended
    assert await replies.hand_over(b"a mail\r\n.\r\n", within=SOON) is None
    assert len(cable.written) == 1  # and no mail


async def test_before_anything_is_asked_nothing_may_come() -> None:
    cable = Cable()
    replies = Replies(cable)

    replies.data_received(b"250 ok\r\n")

    assert cable.ended
    assert await replies.ask(b"NOOP", within=SOON) == []


@pytest.mark.parametrize(
    "said",
    [
        b"x" * (LONGEST + 1),
        b"250-on and on\r\n" * (LONGEST // 14 + 1),
        b"250 " + b"x" * LONGEST + b"\r\n",
    ],
    ids=["an-endless-line", "endless-lines", "a-line-that-ends"],
)
@pytest.mark.parametrize("at_once", [True, False], ids=["at-once", "piece-by-piece"])
async def test_what_is_too_long_ends_the_connection(said: bytes, at_once: bool) -> None:
    pieces = [said] if at_once else [said[i : i + 1000] for i in range(0, len(said), 1000)]
    found, replies, cable = await asked(b"250 ok\r\n", *pieces)

    assert found == [Reply(250, "ok")]
    assert replies.over
    assert cable.ended


async def test_the_longest_reply_is_read() -> None:
    found, replies, _ = await asked(b"250 " + b"x" * (LONGEST - 6) + b"\r\n", commands=[b"NOOP"])

    assert [reply.code for reply in found] == [250]
    assert not replies.over


@pytest.mark.parametrize(
    "said",
    [
        b"\r\n",
        b"hello\r\n",
        b"25 ok\r\n",
        b"2500 ok\r\n",
        b"150 ok\r\n",
        b"\xff\xfe250 ok\r\n",
        b"250-ok\r\n550 no\r\n",
        b"HTTP/1.1 400 Bad Request\r\n",
    ],
)
async def test_what_is_no_reply_ends_the_connection(said: bytes) -> None:
    found, replies, cable = await asked(b"250 ok\r\n", said)

    assert found == [Reply(250, "ok")]
    assert replies.over
    assert cable.ended


async def test_each_reply_is_waited_for_as_long_and_no_longer() -> None:
    found, replies, cable = await asked(b"250 ok\r\n", within=0.01)

    assert found == [Reply(250, "ok")]
    assert replies.over
    assert cable.ended


async def test_a_reply_that_comes_line_by_line_is_waited_for_no_longer() -> None:
    cable = Cable()
    replies = Replies(cable)
    asking = asyncio.create_task(replies.ask(b"NOOP", within=0.05))
    for _ in range(50):
        await asyncio.sleep(0.01)
        if not cable.ended:
            replies.data_received(b"250-on and on\r\n")
    if not cable.ended:
        replies.data_received(b"250 ok\r\n")

    assert await asking == []
    assert replies.over
    assert cable.ended


async def test_what_came_before_the_end_is_told() -> None:
    cable = Cable()
    replies = Replies(cable)
    asking = asyncio.create_task(replies.ask(b"MAIL", b"RCPT", b"DATA", within=SOON))
    await asyncio.sleep(0)
    replies.data_received(b"530 5.7.0 log on first\r\n")
    replies.connection_lost(None)

    assert await asking == [Reply(530, "5.7.0 log on first")]
    assert replies.over


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r", "\0"])
async def test_no_address_begins_another_command(end: str) -> None:
    replies = Replies(cable := Cable())

    with pytest.raises(ValueError, match="would break"):
        await replies.ask(f"RCPT TO:<a@mail.example>{end}DATA".encode(), within=SOON)
    assert cable.written == []
