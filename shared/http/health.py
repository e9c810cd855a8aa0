"""Health: live as long as the process answers; ready while everything it needs is there."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import msgspec

from shared.errors import Unavailable
from shared.logs import logger
from shared.metrics import Metrics

log = logger("health")

LONGEST_CHECK = 2.0  # seconds

Check = Callable[[], Awaitable[None]]


class NotReady(Unavailable):
    """A check does not pass; its one argument is a code that says why."""


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """One thing this process needs; `reason` is a code."""

    name: str
    ok: bool
    reason: str | None = None


class Readiness(msgspec.Struct, frozen=True, kw_only=True):
    ready: bool
    checks: tuple[CheckResult, ...]


@dataclass(slots=True, kw_only=True)
class Health:
    """The checks by name; a process that stops is not ready, whatever they say."""

    checks: Mapping[str, Check]
    metrics: Metrics
    stopping: bool = False
    was: dict[str, bool] = field(default_factory=dict, init=False)

    async def ready(self) -> Readiness:
        """Run all checks together, each within two seconds."""
        results = await asyncio.gather(
            *(self._run(name, check) for name, check in self.checks.items())
        )
        if self.stopping:
            results = [*results, CheckResult(name="running", ok=False, reason="stopping")]
        for result in results:
            self._tell(result)
        return Readiness(ready=all(result.ok for result in results), checks=tuple(results))

    async def _run(self, name: str, check: Check) -> CheckResult:
        try:
            async with asyncio.timeout(LONGEST_CHECK):
                await check()
        except TimeoutError:
            return CheckResult(name=name, ok=False, reason="no_answer")
        except NotReady as error:
            return CheckResult(name=name, ok=False, reason=str(error))
        except Exception as error:  # whatever it is, it is not ready
            return CheckResult(name=name, ok=False, reason=type(error).__name__)
        return CheckResult(name=name, ok=True)

    def _tell(self, result: CheckResult) -> None:
        self.metrics.gauge("ready", int(result.ok), check=result.name)
        if self.was.get(result.name) != result.ok:
            state = "ok" if result.ok else "failed"
            log.info("check_changed", check=result.name, state=state, reason=result.reason)
        self.was[result.name] = result.ok
