"""What rows with a practice's backlog share: notify alone with a mail sink, and a practice."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from deploy.local import ports
from deploy.local.provision import connected
from services.notify.projections.store import practices
from shared.contracts.ids import PatientId, PracticeId
from tests.bench.seeds import patients, submitted
from tests.bench.sink import Sink
from tests.bench.site import Service, Site
from tests.builders import events

PATIENTS = 500
CONNECTIONS = 12  # to the mail sink, of each replica and class
WITHOUT = ("sessions",)  # identity's stream, which nobody writes here


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Replicas of notify whose mails come to the sink, and a practice that they know."""

    site: Site
    sink: Sink
    replicas: Sequence[Service]
    practice_id: PracticeId
    known: Sequence[PatientId]

    async def submits(self, count: int) -> None:
        """Its practice has submitted so many at once."""
        async with connected(self.site.surroundings.database.administrator_url) as connection:
            await submitted(connection, self.practice_id, self.known, count)


@asynccontextmanager
async def office(site: Site, replicas: int) -> AsyncIterator[Office]:
    """Hold so many replicas."""
    sink = Sink()
    await sink.open()
    environ = {
        "PORTICO_SMTP_URL": f"smtp://{ports.LOOPBACK}:{sink.port}",
        "PORTICO_SMTP_CONNECTIONS": str(CONNECTIONS),
    }
    practice_id = PracticeId(uuid4())
    practice = events.received(events.practice(practice_id), version=1, time=datetime.now(UTC))
    async with connected(site.surroundings.database.url("notify")) as connection:
        await practices.keep(connection, practice)
    numbers = range(site.known, site.known + PATIENTS)
    site.known += PATIENTS
    known = await patients(site, practice_id, numbers)
    try:
        names = ["notify"] * replicas
        async with site.services(*names, extra={"notify": environ}, but=WITHOUT) as made:
            yield Office(site=site, sink=sink, replicas=made, practice_id=practice_id, known=known)
    finally:
        sink.close()
