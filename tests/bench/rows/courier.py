"""The courier with its ledger, against raw aiosmtplib over as many reused connections."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from deploy.local import ports
from deploy.local.settings import MAIL_DOMAIN
from tests.bench.ceilings import mailing
from tests.bench.figures import Line, Measured, NotMeasured, Result, beside
from tests.bench.processes import outcome_of, own_cpu
from tests.bench.seeds import deliveries
from tests.bench.sink import Sink
from tests.bench.site import Service, Site
from tests.bench.watch import costs

MAILS = 1_500
BOUNDS = {12: 0.50, 4: 0.40}  # by connections; 12 is what SMTP_CONNECTIONS is by default
WITHIN = 60.0
UNSENT = "SELECT count(*) FROM notify.deliveries WHERE state <> 'sent'"


async def measure(site: Site, rounds: int) -> Result:
    sink = Sink()
    await sink.open()
    try:
        found = [await over(connections, site, rounds, sink) for connections in BOUNDS]
    finally:
        sink.close()
    return Result(
        row="courier",
        lines=tuple(line for each in found for line in each.lines),
        notes=(
            "courier: both send the same mail to a server that takes it at once; ours also claims "
            "it, renders it, marks the final dot and settles the ledger, durably",
            *(costs(f"courier, {each.connections}", "mail", each.ours) for each in found),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Over:
    """What was measured over so many connections."""

    connections: int
    ours: Sequence[Measured]
    raw: Sequence[Measured]

    @property
    def lines(self) -> Sequence[Line]:
        return beside(
            f"courier, ledger included, {self.connections} connections",
            "mail",
            self.ours,
            self.raw,
            ceiling_is=f"aiosmtplib, {self.connections} reused connections",
            at_least=BOUNDS[self.connections],
        )


async def over(connections: int, site: Site, rounds: int, sink: Sink) -> Over:
    """Measure both in turns."""
    environ = {
        "PORTICO_SMTP_URL": f"smtp://{ports.LOOPBACK}:{sink.port}",
        "PORTICO_SMTP_CONNECTIONS": str(connections),
    }
    async with site.services("notify", extra={"notify": environ}, but=("sessions",)) as (notify,):
        await sent(site, notify, sink, connections)  # a mail for the ceiling to send as well

        async def once() -> tuple[Measured, Measured]:
            job = mailing.Job(
                host=ports.LOOPBACK,
                port=sink.port,
                sender=f"no-reply@{MAIL_DOMAIN}",
                content=sink.last.decode(),
                mails=MAILS,
                connections=connections,
            )
            raw = await outcome_of("tests.bench.ceilings.mailing", job, Measured)
            return raw, await sent(site, notify, sink, MAILS)

        raw, ours = zip(*await site.rounds(rounds, once), strict=True)
    return Over(connections=connections, ours=ours, raw=raw)


async def sent(site: Site, service: Service, sink: Sink, count: int) -> Measured:
    """Time from the first mail to the last; then every delivery must be settled as sent."""
    sink.moments.clear()
    await deliveries(site.database, count)
    if not await sink.until(1, within=WITHIN):
        raise NotMeasured("no mail was sent")
    watch, own = site.watch(service), own_cpu()
    if not await sink.until(count, within=WITHIN):
        raise NotMeasured(f"{len(sink.moments)} of {count} mails after {WITHIN:.0f} s")
    measured = watch.measured(
        count,
        seconds=max(sink.moments) - min(sink.moments),
        others={"the mail sink": own_cpu() - own},
    )
    for _ in range(100):
        if not await site.database.fetchval(UNSENT):
            break
        await asyncio.sleep(0.05)
    else:
        raise NotMeasured("a delivery was not settled as sent")
    if len(sink.moments) != count:
        raise NotMeasured(f"{len(sink.moments)} mails for {count} deliveries")
    return measured
