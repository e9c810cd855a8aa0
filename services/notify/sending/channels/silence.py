"""Mails that the server leaves without a reply, though it takes connections."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from services.notify.sending.channels.replies import Replies

STALLED_SECONDS = 15.0  # without a reply: with a look every ten seconds it is told within thirty
TOLD_SECONDS = 60.0  # after a mail was given up: between two tries nothing waits for a reply


@dataclass(slots=True)
class Silence:
    """One class's mails under way, and whether the last of them was given up for want of a reply.

    By the loop's time, as what is given up is.
    """

    _under_way: set[Replies] = field(default_factory=set)
    _given_up_at: float | None = None

    @property
    def stalled(self) -> bool:
        """Whether a mail waits too long for a reply, or was given up and none is answered since."""
        now = asyncio.get_running_loop().time()
        if self._given_up_at is not None and now - self._given_up_at < TOLD_SECONDS:
            return True
        waits = (each.waits_since for each in self._under_way)
        return any(since is not None and now - since >= STALLED_SECONDS for since in waits)

    @contextmanager
    def during(self, replies: Replies) -> Iterator[None]:
        """Look at these replies while a mail is under way."""
        self._under_way.add(replies)
        try:
            yield
        finally:
            self._under_way.discard(replies)
            if replies.given_up:
                self._given_up_at = asyncio.get_running_loop().time()

    def end(self) -> None:
        """A mail was answered, whatever the answer."""
        self._given_up_at = None
