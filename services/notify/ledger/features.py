"""What can be done with the ledger."""

from dataclasses import dataclass

from services.notify.ledger.absorptions import Absorptions
from services.notify.ledger.ledger import Ledger, Wakes
from services.notify.ledger.reading import Reading
from services.notify.projections.projections import Projections
from services.notify.settings import NotifySettings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    ledger: Ledger
    absorptions: Absorptions
    reading: Reading
    projections: Projections  # whose snapshot a reader waits for


def compose(
    plumbing: Plumbing[NotifySettings],
    *,
    projections: Projections,
    wakes: Wakes,
) -> Features:
    """Build the group; `wakes` are the couriers'."""
    ledger = Ledger(
        clock=plumbing.clock,
        randomness=plumbing.randomness,
        digests=plumbing.digests,
        couriers=wakes,
    )
    return Features(
        ledger=ledger,
        absorptions=Absorptions(ledger=ledger, acts=plumbing.acts, clock=plumbing.clock),
        reading=Reading(database=plumbing.database),
        projections=projections,
    )
