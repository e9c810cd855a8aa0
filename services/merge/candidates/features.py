"""What can be done with the offer to merge."""

from dataclasses import dataclass

from services.merge.candidates.offers import Offers
from services.merge.settings import MergeSettings
from shared.program.program import Plumbing


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    offers: Offers


def compose(plumbing: Plumbing[MergeSettings]) -> Features:
    """Build the group."""
    return Features(offers=Offers(acts=plumbing.acts))
