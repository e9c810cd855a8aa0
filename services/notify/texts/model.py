"""What a provider tells of, and how often a phone is answered."""

from dataclasses import dataclass

from services.notify.ledger.model import DeliveryId
from shared.limits import HOUR, Limit

HELP = Limit("text-help", ((3, HOUR),))
"""NT-3: of one number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Texted:
    """One text message that was handed over: of a delivery, to its number after so many hops, at
    this attempt. Of what an older release handed over nobody knows the attempt.
    """

    delivery_id: DeliveryId
    hop: int
    attempt: int | None
