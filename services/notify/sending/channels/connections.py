"""Connections to the mail server: one replica's, lent to both classes, opened one at a time.

Many servers take a few connections from one client and refuse a further one (Postfix's
smtpd_client_connection_count_limit). Such a refusal is no word on the server: those that are open
are used, and shared. Where none is open, or nothing is taken on any, the server is away. One piece,
since who lends, who opens and who gives up decide by the same counts.
"""

import asyncio
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from services.notify.sending.errors import MailServerAway, StillAway
from services.notify.tellings.model import MessageClass
from shared.clock import Clock
from shared.logs import logger
from shared.metrics import Metrics
from shared.randomness import Randomness

IDLE_SECONDS = 30.0
LIMITED_SECONDS = 60.0  # before one more than the server took is tried again
AWAY_SECONDS = (1.0, 30.0)  # the first wait for a server that does not answer, and the longest
REFUSED_SECONDS = (5.0, 300.0)  # for one that refuses us: each try may be a wrong password more

log = logger("smtp")


class Conversation(Protocol):
    """One connection, as far as lending it goes."""

    used_at: float | None  # when a mail was over on it; None: fresh

    def usable(self) -> bool:
        """Whether another mail may follow on it."""

    def hang_up(self) -> None:
        """Break it off."""

    async def leave(self) -> None:
        """Take leave of the server."""


C = TypeVar("C", bound=Conversation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiter(Generic[C]):
    """Who waits; granted is a conversation, or None: open one."""

    message_class: MessageClass
    granted: "asyncio.Future[C | None]"


@dataclass(slots=True, kw_only=True)
class Connections(Generic[C]):
    """At most `each` for each class (NT-1).

    Where the server takes fewer, a class has all of them but one at most, so that no slow mails of
    one keep the other out; what comes free goes to the class that holds less of them, in turns
    where both hold as much.
    """

    begin: Callable[[], Awaitable[C]]  # raises MailServerAway
    each: int
    clock: Clock
    randomness: Randomness
    metrics: Metrics
    _idle: deque[C] = field(default_factory=deque)
    _lent: Counter[MessageClass] = field(default_factory=Counter)
    _waiting: deque[Waiter[C]] = field(default_factory=deque)
    _opening: bool = False
    _turn: MessageClass = MessageClass.PRACTICE_COMMUNICATION  # who was served last
    _ceiling: int | None = None
    _ceiling_until: float = 0.0
    _failures: int = 0  # in a row; more than none: the server is away
    _retry_at: float = 0.0

    @property
    def away(self) -> bool:
        return self._failures > 0

    @property
    def lent(self) -> int:
        """How many are in use, or being opened for use."""
        return self._lent.total()

    async def take(self, message_class: MessageClass) -> C:
        """Lend a conversation, which comes back by `keep` or `drop`.

        Raises MailServerAway where none can be begun, StillAway where none was tried for this.
        """
        while True:
            if self.away:
                raise StillAway
            found = await self._granted(message_class)
            if found is not None:
                return found
            try:
                return await self._open()
            except BaseException as error:
                self._lent[message_class] -= 1
                self._settle_refusal(error)
                if self.away or not isinstance(error, MailServerAway):
                    raise

    def keep(self, message_class: MessageClass, conversation: C) -> None:
        """Take it back for another mail."""
        conversation.used_at = self.clock.monotonic()
        self.restore(message_class, conversation)

    def restore(self, message_class: MessageClass, conversation: C) -> None:
        """Take it back with no mail sent: it has lain idle all the while."""
        self._lent[message_class] -= 1
        self._idle.append(conversation)
        self._serve()

    def drop(self, message_class: MessageClass, conversation: C) -> None:
        """Take it back after an error: it is closed."""
        conversation.hang_up()
        self._lent[message_class] -= 1
        self._serve()

    async def reachable(self) -> bool:
        """Whether work is worth taking. While the server is away one try at a time finds out
        whether that is over, each after a longer wait.
        """
        if not self.away:
            return True
        if self._opening or self.clock.monotonic() < self._retry_at:
            return False
        while self._idle:
            self._idle.pop().hang_up()
        return await self._widen()

    def refuse(self, error: MailServerAway) -> None:
        """The server refused us, whatever the mail: it counts as away, though it answers.

        It counts once until it is tried again: ten mails under way, all refused, are one refusal.
        """
        if self.away and self.clock.monotonic() < self._retry_at:
            return
        self._failures += 1
        first, longest = AWAY_SECONDS if error.code is None else REFUSED_SECONDS
        wait = self.randomness.back_off(first, longest, doubled=self._failures - 1)
        self._retry_at = self.clock.monotonic() + wait
        self.metrics.gauge("mail_server_away", 1)
        if self._failures == 1:
            tell = log.warning if error.code is None else log.error
            tell("mail_server_away", error=error.__cause__ or error, smtp_code=error.code)
        while self._waiting:
            granted = self._waiting.popleft().granted
            if not granted.done():
                granted.set_exception(StillAway(error.code))

    async def rest(self) -> int:
        """Close what has lain idle: it keeps others out where the server takes few. Where mails
        wait for a connection, try from time to time whether it takes one more by now.
        """
        closed = [one for one in self._idle if not self._fit(one)]
        for conversation in closed:
            self._idle.remove(conversation)
        for conversation in closed:
            await conversation.leave()
        if self._opened == 0:
            self._ceiling = None
        elif self._waiting and self._may_widen():
            await self._widen()
        self._serve()
        return 0

    async def close(self) -> None:
        """Take leave of the server where it listens."""
        while self._idle:
            await self._idle.pop().leave()

    async def _granted(self, message_class: MessageClass) -> C | None:
        if not self._waiting and self._lent[message_class] < self._share():
            conversation = self._take_idle()
            if conversation is not None:
                self._lend(message_class)
                return conversation
        loop = asyncio.get_running_loop()
        waiter: Waiter[C] = Waiter(message_class=message_class, granted=loop.create_future())
        self._waiting.append(waiter)
        self._serve()
        try:
            return await waiter.granted
        except asyncio.CancelledError:
            self._revoke(waiter)
            raise

    def _revoke(self, waiter: Waiter[C]) -> None:
        """Whoever waited is gone: what was granted in the same moment is free again."""
        if waiter in self._waiting:
            self._waiting.remove(waiter)
            return
        if waiter.granted.cancelled() or waiter.granted.exception() is not None:
            return
        self._lent[waiter.message_class] -= 1
        found = waiter.granted.result()
        if found is None:
            self._opening = False
        else:
            self._idle.append(found)
        self._serve()

    async def _widen(self) -> bool:
        """Open one for whoever comes; False where the server does not take it."""
        self._opening = True
        try:
            conversation = await self._open()
        except BaseException as error:
            self._settle_refusal(error)
            if not isinstance(error, MailServerAway):
                raise
            return False
        conversation.used_at = self.clock.monotonic()
        self._idle.append(conversation)
        if self._ceiling is not None:
            self._ceiling = max(self._ceiling, self._opened)
        self._serve()
        return True

    async def _open(self) -> C:
        try:
            conversation = await self.begin()
        finally:
            self._opening = False
        self.metrics.count("mail_connections", outcome="opened")
        if self.away:
            log.info("mail_server_back")
        self._failures = 0
        self.metrics.gauge("mail_server_away", 0)
        self._serve()
        return conversation

    def _settle_refusal(self, error: BaseException) -> None:
        """A further connection that is refused is a limit; where none is open it is a server away.

        A try that was cut off says nothing.
        """
        if isinstance(error, MailServerAway):
            outcome = "limited" if self._opened and not self.away else "refused"
            self.metrics.count("mail_connections", outcome=outcome)
            if outcome == "refused":
                self.refuse(error)
            else:
                self._limit(error)
        self._serve()

    def _limit(self, error: MailServerAway) -> None:
        if self._ceiling != self._opened:
            log.warning("mail_server_limits", count=self._opened, smtp_code=error.code)
        wait = self.randomness.between(LIMITED_SECONDS * 0.8, LIMITED_SECONDS * 1.2)
        self._ceiling, self._ceiling_until = self._opened, self.clock.monotonic() + wait

    def _serve(self) -> None:
        """Grant what there is to whom it is due."""
        while (waiter := self._next()) is not None:
            conversation = self._take_idle()
            if conversation is None and not self._may_open():
                return
            self._waiting.remove(waiter)
            self._lend(waiter.message_class)
            self._opening = self._opening or conversation is None
            waiter.granted.set_result(conversation)

    def _lend(self, message_class: MessageClass) -> None:
        self._turn = message_class
        self._lent[message_class] += 1

    def _next(self) -> Waiter[C] | None:
        """The longest waiting of the class that is due."""
        first: dict[MessageClass, Waiter[C]] = {}
        for waiter in self._waiting:
            of_class = waiter.message_class
            if not waiter.granted.done() and self._lent[of_class] < self._share():
                first.setdefault(of_class, waiter)
        return min(
            first.values(),
            key=lambda one: (self._lent[one.message_class], one.message_class is self._turn),
            default=None,
        )

    def _share(self) -> int:
        return self.each if self._ceiling is None else min(self.each, max(1, self._ceiling - 1))

    def _may_open(self) -> bool:
        within = self._ceiling is None or self._opened < self._ceiling
        return within and not self._opening

    @property
    def _opened(self) -> int:
        return self.lent + len(self._idle)

    def _may_widen(self) -> bool:
        over = self._ceiling is not None and self.clock.monotonic() >= self._ceiling_until
        return over and not self._opening and not self.away

    def _take_idle(self) -> C | None:
        while self._idle:
            conversation = self._idle.pop()
            if self._fit(conversation):
                return conversation
            conversation.hang_up()
        return None

    def _fit(self, conversation: C) -> bool:
        used_at, now = conversation.used_at, self.clock.monotonic()
        return conversation.usable() and (used_at is None or now - used_at < IDLE_SECONDS)
