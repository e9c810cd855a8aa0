"""Units of work over a test's database, as a service's plumbing has them."""

from shared.acts import Acts
from shared.audit.entries import Audit
from shared.clock import Clock
from shared.db import Database
from shared.idempotency import IdempotencyKeys
from shared.messaging.outbox import Outbox
from shared.randomness import Randomness


def acts_of(service: str, database: Database, clock: Clock) -> Acts:
    """What begins this service's acts."""
    randomness = Randomness()
    return Acts(
        database=database,
        audit=Audit(clock=clock, randomness=randomness),
        outbox=Outbox(service=service, clock=clock, randomness=randomness),
        idempotency=IdempotencyKeys(clock=clock),
    )
