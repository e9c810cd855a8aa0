"""What can be done with the ledger."""

import asyncio
from dataclasses import dataclass

from services.notify.ledger.absorptions import Absorptions
from services.notify.ledger.ledger import Ledger, Wakes
from services.notify.ledger.reading import Reading
from services.notify.ledger.resending import Resending
from services.notify.ledger.waiting import WaitingCommunications
from services.notify.projections.projections import Projections
from services.notify.settings import NotifySettings
from shared.loops import Loop
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    ledger: Ledger
    absorptions: Absorptions
    reading: Reading
    resending: Resending
    waiting: WaitingCommunications
    loops: tuple[Loop, ...]
    projections: Projections  # whose snapshot a reader waits for


def compose(
    plumbing: Plumbing[NotifySettings],
    *,
    projections: Projections,
    wakes: Wakes,
    taken: asyncio.Event,
) -> Features:
    """Build the group; `wakes` are the couriers', `taken` wakes who files what is submitted."""
    ledger = Ledger(
        clock=plumbing.clock,
        randomness=plumbing.randomness,
        digests=plumbing.digests,
        texts=plumbing.settings.offers_texts,
        couriers=wakes,
    )
    waiting = WaitingCommunications(
        ledger=ledger,
        database=plumbing.database,
        clock=plumbing.clock,
        randomness=plumbing.randomness,
        metrics=plumbing.metrics,
    )
    return Features(
        ledger=ledger,
        absorptions=Absorptions(ledger=ledger, acts=plumbing.acts, clock=plumbing.clock),
        reading=Reading(database=plumbing.database, acts=plumbing.acts),
        resending=Resending(acts=plumbing.acts, couriers=wakes),
        waiting=waiting,
        loops=(Loop(name="communications", once=waiting.once, every=1.0, wake=taken),),
        projections=projections,
    )
