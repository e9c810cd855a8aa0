"""Password hashing: bcrypt over a keyed pre-hash, a reniced thread a core, bounded waits (ID-5)."""

import asyncio
import base64
import contextlib
import hashlib
import hmac
import os
import re
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import bcrypt

from shared.errors import HashingBusy, HashUnreadable
from shared.logs import logger
from shared.metrics import Metrics
from shared.settings.hashing import HashingSettings
from shared.trust.passwords import normal_form

SCHEME = "hmac-sha384"
STORED = re.compile(r"\$portico\$([a-z0-9-]+)\$([0-9a-f]{16})(\$2b\$(\d\d)\$[./A-Za-z0-9]{53})")
CHEAPEST, DEAREST = 4, 15  # bcrypt costs; a stored 31 would hold a thread for a day
NICER = 10  # the service's own event loop goes first
COST_12_SECONDS = 0.27  # a first guess at one hash, until measured
WEIGHT = 0.2  # of the newest hash in the running mean

T = TypeVar("T")

log = logger("hashing")


class PasswordHasher:
    """The one door to bcrypt. The stored string names scheme, pepper and cost.

    `$portico$hmac-sha384$<pepper id>$2b$12$…`: bcrypt of the base64 of HMAC-SHA-384 of the NFKC
    form: 64 bytes whatever was typed, so that nothing is cut at bcrypt's 72 and no NUL gets there.
    `retired` peppers still verify; what they hashed is outdated.
    """

    def __init__(
        self,
        *,
        pepper: bytes,
        cost: int,
        wait: float,
        threads: int | None = None,
        retired: tuple[bytes, ...] = (),
        metrics: Metrics | None = None,
    ) -> None:
        if not CHEAPEST <= cost <= DEAREST:
            raise ValueError(f"bcrypt cost {cost} is not within {CHEAPEST} to {DEAREST}")
        self._cost = cost
        self._pepper_id = _pepper_id(pepper)
        self._peppers = {_pepper_id(known): known for known in (*retired, pepper)}
        self._dummy = self.new_salt() + b"." * 31  # a digest that no password has
        self._metrics = metrics or Metrics()
        self._queue = _HashingThreads(
            threads or len(os.sched_getaffinity(0)),
            wait=wait,
            guess=COST_12_SECONDS * 2.0 ** (cost - 12),
            metrics=self._metrics,
        )

    async def hash(
        self, password: str, *, salt: bytes | None = None, pepper_id: str | None = None
    ) -> str:
        """Hash the NFKC form whole, never truncated. Raises HashingBusy past the bounded wait.

        `salt` is a bcrypt salt from `new_salt`, for an account's password history (ID-3), and
        `pepper_id` one of `peppers`, to find in it what was hashed before the pepper was changed.
        A salt of a lower cost is made up for, as in `verify`: how old somebody's codes are would
        tell that she has some (MF-4). What is too long to be a password is hashed as it was typed:
        the policy refuses it, and nobody could log on with it. Raises HashUnreadable for a pepper
        that no setting names.
        """
        pepper_id = pepper_id or self._pepper_id
        if pepper_id not in self._peppers:
            raise self._unreadable("pepper")
        pepper, salt = self._peppers[pepper_id], salt or self.new_salt()
        made_up = self._made_up(salt)

        def hash_whole() -> bytes:
            form = normal_form(password)
            keyed = _keyed(password if form is None else form, pepper)
            for each in made_up:
                bcrypt.hashpw(keyed, each)
            return bcrypt.hashpw(keyed, salt)

        hashed = await self._queue.run(hash_whole)
        return f"$portico${SCHEME}${pepper_id}{hashed.decode()}"

    @property
    def peppers(self) -> tuple[str, ...]:
        """Their names, the current one first."""
        return tuple(sorted(self._peppers, key=lambda known: known != self._pepper_id))

    def new_salt(self) -> bytes:
        """Return a bcrypt salt at the current cost."""
        return bcrypt.gensalt(self._cost)

    async def verify(self, password: str, stored: str | None) -> bool:
        """Compare; None costs the same as a wrong password and is False.

        So does what is too long to be anybody's password. The form is made in the pool's thread,
        once the queue has said yes: what is turned away costs the event loop nothing. A hash of a
        lower cost than the current is made up for (LG-1). Where the cost was lowered, those not
        renewed since take longer than nobody's.

        Raises HashUnreadable where nothing can be compared with: that is our fault, not a wrong
        password.
        """
        pepper_id, hashed = self._parsed(stored)
        pepper = self._peppers[pepper_id]
        made_up = self._made_up(hashed)

        def compare() -> bool:
            form = normal_form(password)
            keyed = _keyed(form or "", pepper)
            right = bcrypt.checkpw(keyed, hashed)
            for salt in made_up:
                bcrypt.hashpw(keyed, salt)
            return right and form is not None

        try:
            right = await self._queue.run(compare)
        except ValueError:  # a damaged salt
            raise self._unreadable("damaged") from None
        return right and hashed is not self._dummy

    def outdated(self, stored: str) -> bool:
        """Whether the stored cost, pepper or scheme is not the current one (ID-5)."""
        match = STORED.fullmatch(stored)
        current = (SCHEME, self._pepper_id, f"{self._cost:02}")
        return match is None or (match[1], match[2], match[4]) != current

    def close(self) -> None:
        """Let the threads end; what waits is cancelled."""
        self._queue.close()

    def _parsed(self, stored: str | None) -> tuple[str, bytes]:
        """The pepper's name and the hash; of nobody's, a hash that no password has."""
        if stored is None:
            return self._pepper_id, self._dummy
        match = STORED.fullmatch(stored)
        if match is None or match[1] != SCHEME or not CHEAPEST <= int(match[4]) <= DEAREST:
            raise self._unreadable("format")
        if match[2] not in self._peppers:
            raise self._unreadable("pepper")
        return match[2], match[3].encode()

    def _made_up(self, hashed: bytes) -> Sequence[bytes]:
        """Salts whose hashes make one of this cost as dear as the current: 2^c and
        2^c + 2^(c+1) + … + 2^(C-1) are 2^C.
        """
        return [bcrypt.gensalt(cost) for cost in range(_cost_of(hashed), self._cost)]

    def _unreadable(self, reason: str) -> HashUnreadable:
        self._metrics.count("hashing_unreadable", reason=reason)
        log.error("hash_unreadable", reason=reason)
        return HashUnreadable()


def hasher_of(settings: HashingSettings, metrics: Metrics) -> PasswordHasher:
    """The hasher under this deployment's peppers; whoever made it closes it."""
    return PasswordHasher(
        pepper=settings.pepper.reveal().encode(),
        cost=settings.bcrypt_cost,
        wait=settings.hashing_wait,
        retired=tuple(pepper.reveal().encode() for pepper in settings.peppers_retired),
        metrics=metrics,
    )


def _pepper_id(pepper: bytes) -> str:
    """Name a pepper without telling it."""
    return hmac.digest(pepper, b"portico pepper id", "sha256")[:8].hex()


def _keyed(form: str, pepper: bytes) -> bytes:
    whole = form.encode(errors="surrogatepass")
    return base64.b64encode(hmac.digest(pepper, whole, hashlib.sha384))


def _cost_of(hashed: bytes) -> int:
    """Of `$2b$12$…`, a salt or a hash: ours, or one that `_parsed` has let through."""
    return int(hashed[4:6])


class _HashingThreads:
    """A bounded queue before one thread a core: who would wait too long is turned away at once."""

    def __init__(self, threads: int, *, wait: float, guess: float, metrics: Metrics) -> None:
        self._threads = threads
        self._metrics = metrics
        self._wait = wait
        self._mean = guess  # seconds of one hash
        self._unfinished = 0  # waiting and running; the event loop's thread alone counts
        self._pool = ThreadPoolExecutor(threads, "hashing", initializer=_renice)

    async def run(self, work: Callable[[], T]) -> T:
        """Raises HashingBusy at once when the work would not begin within the bounded wait.

        Where that was misjudged, after twice the wait. A caller who goes away while waiting frees
        its place; a hash begun is finished.
        """
        if self._expected_wait() > self._wait:
            self._metrics.count("hashing_refused")
            raise HashingBusy
        loop = asyncio.get_running_loop()
        timed: list[float] = []

        def timed_work() -> T:
            start = loop.time()
            try:
                return work()
            finally:
                timed.append(loop.time() - start)

        future = self._pool.submit(timed_work)
        self._unfinished += 1
        self._metrics.gauge("hashing_waiting", max(0, self._unfinished - self._threads))
        future.add_done_callback(lambda _: _tell(loop, self._finished, timed))
        late = loop.call_later(2 * self._wait, future.cancel)  # cancels only what has not begun
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            self._metrics.count("hashing_refused")
            raise HashingBusy from None
        finally:
            late.cancel()

    def close(self) -> None:
        """Begin nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _expected_wait(self) -> float:
        before = self._unfinished - self._threads + 1
        return max(0, before) * self._mean / self._threads

    def _finished(self, timed: list[float]) -> None:
        self._unfinished -= 1
        self._metrics.gauge("hashing_waiting", max(0, self._unfinished - self._threads))
        for seconds in timed:
            self._metrics.observe("hashing_seconds", seconds)
            self._mean += WEIGHT * (seconds - self._mean)


def _tell(
    loop: asyncio.AbstractEventLoop, hear: Callable[[list[float]], None], timed: list[float]
) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended: nobody counts any more
        loop.call_soon_threadsafe(hear, timed)


def _renice() -> None:
    """Nice is of a thread on Linux; where it is not, hashing goes at the normal pace."""
    with contextlib.suppress(OSError):
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + NICER)
