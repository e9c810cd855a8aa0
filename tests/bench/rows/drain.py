"""A practice's broadcast that waits is drained, by one replica and by three."""

from collections.abc import Sequence
from dataclasses import dataclass

from deploy.local import ports
from deploy.local.settings import MAIL_DOMAIN
from tests.bench.ceilings import mailing
from tests.bench.figures import Line, Measured, NotMeasured, Result
from tests.bench.processes import outcome_of
from tests.bench.rows.letters import CONNECTIONS, Office, office
from tests.bench.site import Site

ROWS = 2_000
OPTION = "DRAIN_ROWS"
REPLICAS = (1, 3)
SLOWEST = 20.0  # mails a second: slower is not waited for
UNSENT = "SELECT NOT EXISTS (SELECT FROM notify.deliveries WHERE state <> 'sent')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """Round by round, by so many replicas."""

    replicas: int
    ours: Sequence[Measured]
    raw: Sequence[Measured]

    @property
    def connections(self) -> int:
        return self.replicas * CONNECTIONS


async def measure(site: Site, rounds: int) -> Result:
    rows = int(site.surroundings.inherited.get(OPTION, ROWS))
    found = [await by(replicas, rows, site, rounds) for replicas in REPLICAS]
    return Result(
        row="drain",
        lines=tuple(
            Line(
                what=f"drain of {rows:,}, {one.replicas} of notify",
                unit="mails a second",
                ours=tuple(each.rate for each in one.ours),
                ceiling=tuple(each.rate for each in one.raw),
                ceiling_is=f"aiosmtplib, {one.connections} reused connections",
            )
            for one in found
        ),
        notes=(
            "drain: of one practice, from the first mail to the last, each filed, claimed, "
            f"rendered and settled meanwhile; {OPTION}=100000 makes it so many",
        ),
    )


async def by(replicas: int, rows: int, site: Site, rounds: int) -> Drained:
    async with office(site, replicas) as ours:
        await drained(ours, replicas * CONNECTIONS)  # a mail for the ceiling to send as well

        async def once() -> tuple[Measured, Measured]:
            job = mailing.Job(
                host=ports.LOOPBACK,
                port=ours.sink.port,
                sender=f"no-reply@{MAIL_DOMAIN}",
                content=ours.sink.last.decode(),
                mails=rows,
                connections=replicas * CONNECTIONS,
            )
            raw = await outcome_of(
                "tests.bench.ceilings.mailing", job, Measured, within=longest(rows)
            )
            return raw, await drained(ours, rows)

        raw, mine = zip(*await site.rounds(rounds, once), strict=True)
    return Drained(replicas=replicas, ours=mine, raw=raw)


async def drained(ours: Office, count: int) -> Measured:
    """Have so many wait at once; each must be settled as sent, and come once."""
    ours.sink.moments.clear()
    watch = ours.site.watch(*ours.replicas)
    await ours.submits(count)
    if not await ours.sink.until(count, within=longest(count)):
        raise NotMeasured(f"{len(ours.sink.moments)} of {count} mails came")
    moments = ours.sink.moments
    measured = watch.measured(count, seconds=max(max(moments) - min(moments), 0.001))
    await ours.site.until(UNSENT)
    if len(moments) != count:
        raise NotMeasured(f"{len(moments)} mails for {count} communications")
    return measured


def longest(count: int) -> float:
    """Seconds after which so many are not waited for any more."""
    return max(60.0, count / SLOWEST)
