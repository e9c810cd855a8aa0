"""A mail that gets no reply is seen while it waits, and for a while after it was given up."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from services.notify.sending.channels import silence as silence_module
from services.notify.sending.channels.replies import Replies
from services.notify.sending.channels.silence import Silence
from tests.unit.notify.test_replies import SOON, Cable

pytestmark = pytest.mark.proves("NT-6")


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """No silence is too short to be one."""
    monkeypatch.setattr(silence_module, "STALLED_SECONDS", 0.0)


@asynccontextmanager
async def a_mail(silence: Silence) -> AsyncIterator[Replies]:
    """One that waits for a reply."""
    replies = Replies(Cable())

    async def send() -> None:
        with silence.during(replies):
            await replies.hand_over(b"a mail\r\n.\r\n", within=SOON)

    sending = asyncio.create_task(send())
    await asyncio.sleep(0)
    yield replies
    replies.hang_up()
    await sending


async def test_what_was_asked_a_moment_ago_is_no_silence() -> None:
    silence = Silence()

    async with a_mail(silence):
        assert not silence.stalled


@pytest.mark.usefixtures("soon")
async def test_a_mail_that_waits_for_long_is_one_until_its_reply_comes() -> None:
    silence = Silence()

    async with a_mail(silence) as replies:
        waiting = silence.stalled
        replies.data_received(b"250 ok\r\n")
        await asyncio.sleep(0)
        await asyncio.sleep(0)

        assert waiting
        assert not silence.stalled


@pytest.mark.usefixtures("soon")
async def test_a_connection_that_is_asked_nothing_is_not() -> None:
    """As while its dot is marked in the database."""
    silence = Silence()

    with silence.during(Replies(Cable())):
        assert not silence.stalled


@pytest.mark.usefixtures("soon")
async def test_a_server_that_hangs_up_is_not() -> None:
    silence = Silence()

    async with a_mail(silence) as replies:
        replies.connection_lost(None)

    assert not silence.stalled


async def given_up(silence: Silence) -> None:
    replies = Replies(Cable())
    with silence.during(replies):
        await replies.hand_over(b"a mail\r\n.\r\n", within=0.001)


async def test_a_mail_that_was_given_up_is_told_until_another_is_answered() -> None:
    silence = Silence()
    await given_up(silence)
    told = silence.stalled

    silence.end()

    assert told
    assert not silence.stalled


async def test_a_mail_that_was_given_up_is_not_told_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    silence = Silence()
    await given_up(silence)

    monkeypatch.setattr(silence_module, "TOLD_SECONDS", 0.0)

    assert not silence.stalled
