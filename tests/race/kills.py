"""`make race PART=kills`: replicas of notify are killed at random under load (NT-6).

What counts is the mail server's word against the ledger's: nothing is lost, and nothing comes twice
but a mail whose sender died, or was cut off, after its final dot; those are counted and told.
"""

import asyncio
import os
import re
import signal
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from deploy.client.eventually import eventually
from deploy.local.settings import MAIL_DOMAIN
from shared.randomness import Randomness
from tests.bench.sink import Sink
from tests.bench.site import Service, Site, ready
from tests.race.load import Load, loading

REPLICAS = 3
LIFE = 3.0  # seconds at most from when one is ready to the next kill
UNREADY = 0.25  # the part of kills that come while the one before is still starting
SETTLED_WITHIN = 1200.0
QUICK = {
    # A lease is what a killed courier's mail waits for; it must outlast a busy machine's pauses.
    "PORTICO_LEASE_SECONDS": "4",
    "PORTICO_SMTP_DOT_SECONDS": "2",
}
WITHOUT = ("sessions",)  # identity's stream, which nobody writes here

MESSAGE_ID = re.compile(rb"^message-id:\s*(<[^>]+>)", re.IGNORECASE | re.MULTILINE)

LEFT = """
SELECT (SELECT count(*) FROM notify.inbox_retry)
     + (SELECT count(*) FROM notify.communications WHERE due_at IS NOT NULL)
     + (SELECT count(*) FROM notify.deliveries WHERE state IN ('queued', 'sending'))
"""
OUTCOMES = """
SELECT d.id, d.event_id, d.practice_id, d.reference, d.state,
    (SELECT count(*) FROM notify.attempts AS a
     WHERE a.delivery_id = d.id AND a.outcome = 'unanswered') AS unanswered
FROM notify.deliveries AS d
WHERE d.event_id = ANY ($1) OR d.practice_id = ANY ($2)
"""


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of it."""

    kills: int
    promised: int
    seconds: float
    lost: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)  # with nothing that explains it
    again: int = 0  # mails that came once more, their sender cut off after the dot
    held: int = 0  # practice communications that may have come, left to an operator

    @property
    def holds(self) -> bool:
        """Whether nothing was lost, and nothing came twice for no reason."""
        return not self.lost and not self.twice

    def told(self) -> Sequence[str]:
        """It in lines."""
        return (
            f"{self.kills} kill -9 over {REPLICAS} replicas in {self.seconds:.0f} s, "
            f"{self.promised / self.seconds:.0f} messages a second",
            f"{self.promised} promised: {len(self.lost)} lost, {len(self.twice)} sent twice",
            f"after the final dot: {self.again} sent once more, {self.held} held as unknown",
            *self.lost[:10],
            *self.twice[:10],
        )


@dataclass(slots=True)
class Catch(Sink):
    """A mail server that counts what came, by Message-ID."""

    copies: Counter[str] = field(default_factory=Counter)

    def keep(self, content: bytes, mailbox: str) -> None:
        found = MESSAGE_ID.search(content)
        assert found, content
        self.copies[found[1].decode()] += 1


async def race(site: Site, *, kills: int, rate: int, within: float, life: float = LIFE) -> Tally:
    """Kill so many times, or as often as fits; then wait until nothing is left to do, and count."""
    catch, loop = Catch(), asyncio.get_running_loop()
    await catch.open()
    smtp_url = f"smtp://127.0.0.1:{catch.port}"
    async with replicas(site, {**QUICK, "PORTICO_SMTP_URL": smtp_url}) as made:
        async with loading(site.surroundings) as load:
            began = loop.time()
            async with beside(load.run(rate)):
                done = await made.killed(kills, life=life, until=began + within)
            seconds = loop.time() - began
        await made.whole()
        await eventually(lambda: is_settled(site, load), within=SETTLED_WITHIN, pause=1.0)
    catch.close()
    tally = Tally(kills=done, promised=load.promised, seconds=seconds)
    await compare(site, load, catch.copies, tally)
    return tally


@asynccontextmanager
async def beside(work: Any) -> AsyncIterator[None]:
    """Have this done meanwhile; what it raises, it raises here."""
    task = asyncio.ensure_future(work)
    try:
        yield
        if task.done():
            task.result()
    finally:
        task.cancel()
        await asyncio.wait({task})


@dataclass(slots=True, kw_only=True)
class Replicas:
    """Those that run; one that is killed has another in its place at once."""

    start: Callable[[], Service]
    running: list[Service]
    randomness: Randomness = field(default_factory=Randomness)

    async def killed(self, times: int, *, life: float, until: float) -> int:
        """Kill one of them so many times, or until then; return how often."""
        for number in range(times):
            await asyncio.sleep(self.randomness.between(0, life))
            if asyncio.get_running_loop().time() > until:
                return number
            place = int(self.randomness.between(0, len(self.running)))
            self.kill(self.running[place])
            self.running[place] = self.start()
            if self.randomness.between(0, 1) > UNREADY:
                await ready(self.running[place], WITHOUT)
        return times

    def kill(self, service: Service) -> None:
        """SIGKILL, to a process that was started here."""
        service.program.check()
        os.kill(service.program.pid, signal.SIGKILL)
        service.program.process.wait()

    async def whole(self) -> None:
        """Wait until all of them are ready."""
        for service in self.running:
            await ready(service, WITHOUT)


@asynccontextmanager
async def replicas(site: Site, environ: Mapping[str, str]) -> AsyncIterator[Replicas]:
    """Hold them, all ready."""

    def start() -> Service:
        return site.start("notify", environ)

    made = Replicas(start=start, running=[start() for _ in range(REPLICAS)])
    try:
        await made.whole()
        yield made
    finally:
        for service in made.running:
            await service.program.stop()


async def is_settled(site: Site, load: Load) -> None:
    """Raise AssertionError while something is still to come."""
    left = await site.database.fetchval(LEFT)
    assert not left, f"{left} are left to do"
    missing = unfiled(load, await outcomes(site, load))
    assert not missing, f"{len(missing)} of {load.promised} are in no ledger yet"


async def outcomes(site: Site, load: Load) -> Sequence[Any]:
    practices = [speaker.system.practice_id for speaker in load.speakers]
    return await site.database.fetch(OUTCOMES, list(load.locked), practices)


def unfiled(load: Load, rows: Sequence[Any]) -> set[UUID | tuple[UUID, str]]:
    """What was promised and has no row; rows of what was never confirmed are no harm."""
    promised: set[UUID | tuple[UUID, str]] = {*load.locked, *load.submitted}
    return promised - {
        (row["practice_id"], row["reference"]) if row["practice_id"] else row["event_id"]
        for row in rows
    }


async def compare(site: Site, load: Load, copies: Counter[str], tally: Tally) -> None:
    """Hold each promise against the ledger, and the ledger against what came."""
    rows = await outcomes(site, load)
    tally.lost += [f"{one} is in no ledger" for one in unfiled(load, rows)]
    for row in rows:
        came = copies[f"<{row['id']}@{MAIL_DOMAIN}>"]
        told = f"{dict(row)} came {came} times"
        if row["state"] == "unknown":
            tally.held += 1
        elif row["state"] != "sent" or not came:
            tally.lost.append(told)
        if came > row["unanswered"] + (row["state"] == "sent"):
            tally.twice.append(told)
        else:
            tally.again += max(0, came - 1)
