"""What can be done with reviews."""

from dataclasses import dataclass

from services.merge.reviews.ends import ReviewEnds
from services.merge.reviews.reviews import Reviews
from services.merge.settings import MergeSettings
from shared.loops import Loop
from shared.program.program import Plumbing

ENDS_EVERY = 10.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    reviews: Reviews
    ends: ReviewEnds

    @property
    def loops(self) -> tuple[Loop, ...]:
        """The one that ends what nobody decided."""
        return (Loop(name="review ends", once=self.ends.once, every=ENDS_EVERY),)


def compose(plumbing: Plumbing[MergeSettings]) -> Features:
    """Build the group."""
    return Features(
        reviews=Reviews(acts=plumbing.acts),
        ends=ReviewEnds(acts=plumbing.acts, clock=plumbing.clock),
    )
