"""Health: live while the process answers, ready once this replica lacks nothing of its own.

What all replicas share is told apart from that, as the status. It never decides where requests go:
an outage would take every replica out at once, and with them all that works without what is away.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from shared.clock import Clock
from shared.logs import logger
from shared.metrics import Metrics

log = logger("health")

LONGEST_CHECK = 2.0  # seconds
STATUS_KEPT = 0.25  # seconds: who asks more often hears the same again
LOOKED_EVERY = 10.0  # seconds, for metrics and log where nobody asks

Lack = Callable[[], str | None]
"""Says by a code what this replica lacks. A plain function: it can ask no server."""
Check = Callable[[], Awaitable[None]]
"""Asks something that all replicas share, and raises where it does not answer."""


class NotWell(Exception):
    """A check does not pass; its one argument is a code that says why."""


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """One thing this replica needs for itself; `reason` is a code."""

    name: str
    ok: bool
    reason: str | None = None


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    ready: bool
    checks: tuple[CheckResult, ...]


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One thing all replicas share; `reason` is a code or an error's type, never its words."""

    name: str
    ok: bool
    since: datetime  # when this replica first found it so
    reason: str | None = None


class Status(msgspec.Struct, frozen=True, kw_only=True):
    ok: bool
    parts: tuple[Part, ...]


@dataclass(slots=True, kw_only=True)
class Health:
    """What is asked, by name; a process that stops is not ready, whatever else it says."""

    own: Mapping[str, Lack]
    shared: Mapping[str, Check]
    clock: Clock
    metrics: Metrics
    stopping: bool = False
    _was: dict[str, bool] = field(default_factory=dict, init=False)
    _parts: dict[str, Part] = field(default_factory=dict, init=False)
    _looked_at: float | None = field(default=None, init=False)
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock, init=False)

    def ready(self) -> Readiness:
        """Say what this replica lacks. It costs nothing and waits for nobody."""
        results = [
            CheckResult(name=name, ok=reason is None, reason=reason)
            for name, reason in ((name, lack()) for name, lack in self.own.items())
        ]
        if self.stopping:
            results.append(CheckResult(name="running", ok=False, reason="stopping"))
        for result in results:
            self._tell_own(result)
        return Readiness(ready=all(result.ok for result in results), checks=tuple(results))

    async def status(self) -> Status:
        """Ask everything shared at once, each within two seconds, and for all who ask meanwhile."""
        async with self._looking:
            now = asyncio.get_running_loop().time()
            if self._looked_at is None or now - self._looked_at >= STATUS_KEPT:
                await asyncio.gather(*(self._ask(*each) for each in self.shared.items()))
                self._looked_at = asyncio.get_running_loop().time()
        parts = tuple(self._parts[name] for name in self.shared)
        return Status(ok=all(part.ok for part in parts), parts=parts)

    async def look(self) -> int:
        """Keep metrics and log current; for a Loop. Always 0."""
        self.ready()
        await self.status()
        return 0

    async def _ask(self, name: str, check: Check) -> None:
        reason = await reason_against(check)
        known = self._parts.get(name)
        changed = known is None or known.ok != (reason is None)
        since = self.clock.unshifted() if known is None or changed else known.since
        self._parts[name] = Part(name=name, ok=reason is None, since=since, reason=reason)
        self.metrics.gauge("shared_part_ok", int(reason is None), part=name)
        if changed and reason is None:
            log.info("shared_part_answers", check=name)
        elif changed:
            log.warning("shared_part_away", check=name, reason=reason)

    def _tell_own(self, result: CheckResult) -> None:
        self.metrics.gauge("ready", int(result.ok), check=result.name)
        if self._was.get(result.name) != result.ok:
            state = "ok" if result.ok else "failed"
            log.info("check_changed", check=result.name, state=state, reason=result.reason)
        self._was[result.name] = result.ok


async def reason_against(check: Check) -> str | None:
    """Run a check to its end or its time limit; None where it passes."""
    try:
        async with asyncio.timeout(LONGEST_CHECK):
            await check()
    except TimeoutError:
        return "no_answer"
    except NotWell as error:
        return str(error)
    except Exception as error:  # whatever it is, it is not well
        causes = (type(each).__name__ for each in (error, error.__cause__) if each is not None)
        return ": ".join(causes)
    return None
