"""The courier with its ledger, against raw aiosmtplib over as many reused connections."""

import asyncio

from deploy.local import ports
from deploy.local.settings import MAIL_DOMAIN
from tests.bench.ceilings import mailing
from tests.bench.figures import Measured, NotMeasured, Result, beside
from tests.bench.processes import outcome_of
from tests.bench.seeds import deliveries
from tests.bench.sink import Sink
from tests.bench.site import Service, Site

MAILS = 1_500
CONNECTIONS = 4
WITHIN = 60.0
UNSENT = "SELECT count(*) FROM notify.deliveries WHERE state <> 'sent'"


async def measure(site: Site, rounds: int) -> Result:
    raw, ours = [], []
    sink = Sink()
    await sink.open()
    environ = {
        "PORTICO_SMTP_URL": f"smtp://{ports.LOOPBACK}:{sink.port}",
        "PORTICO_SMTP_CONNECTIONS": str(CONNECTIONS),
    }
    try:
        async with site.services("notify", extra={"notify": environ}, but=("sessions",)) as running:
            [notify] = running
            await sent(site, notify, sink, CONNECTIONS)  # connections open, statements prepared
            for _ in range(rounds):
                job = mailing.Job(
                    host=ports.LOOPBACK,
                    port=sink.port,
                    sender=f"no-reply@{MAIL_DOMAIN}",
                    content=sink.last.decode(),
                    mails=MAILS,
                    connections=CONNECTIONS,
                )
                raw.append(await outcome_of("tests.bench.ceilings.mailing", job, Measured))
                ours.append(await sent(site, notify, sink, MAILS))
    finally:
        sink.close()
    return Result(
        row="courier",
        lines=beside(
            "courier, ledger included",
            "mail",
            ours,
            raw,
            ceiling_is=f"aiosmtplib, {CONNECTIONS} reused connections",
            at_least=0.50,
        ),
        notes=(
            "courier: both send the same mail to a server that takes it at once; ours also claims "
            "it, renders it, marks the final dot and settles the ledger, durably",
        ),
    )


async def sent(site: Site, service: Service, sink: Sink, count: int) -> Measured:
    """Time from the first mail to the last; then every delivery must be settled as sent."""
    sink.moments.clear()
    await deliveries(site.database, count)
    if not await sink.until(1, within=WITHIN):
        raise NotMeasured("no mail was sent")
    spent = service.cpu
    if not await sink.until(count, within=WITHIN):
        raise NotMeasured(f"{len(sink.moments)} of {count} mails after {WITHIN:.0f} s")
    cpu = service.cpu - spent
    for _ in range(100):
        if not await site.database.fetchval(UNSENT):
            break
        await asyncio.sleep(0.05)
    else:
        raise NotMeasured("a delivery was not settled as sent")
    if len(sink.moments) != count:
        raise NotMeasured(f"{len(sink.moments)} mails for {count} deliveries")
    return Measured(done=count, seconds=max(sink.moments) - min(sink.moments), cpu=cpu)
