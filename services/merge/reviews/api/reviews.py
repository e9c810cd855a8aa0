"""MG-2 over HTTP: a practice reads what it has to review, and decides."""

from typing import ClassVar

from services.merge.reviews.features import Features
from services.merge.reviews.reviews import LISTED, ReviewListed, ReviewShown
from shared.contracts.ids import MergeId
from shared.http.routes import Call, NoBody, NoReply, Reply, StaffBody
from shared.trust.access import PracticeCaller


class ReviewsListed(Reply, frozen=True, kw_only=True):
    """Up to a hundred that are under review: those that wait for the practice first, of these and
    of the rest whichever ends first.
    """

    reviews: tuple[ReviewListed, ...]

    shows_most: ClassVar[int] = LISTED

    @property
    def shows(self) -> int:
        return len(self.reviews)


async def list_merge_reviews(
    features: Features, call: Call[NoBody, PracticeCaller]
) -> ReviewsListed:
    """Show a practice its own."""
    found = await features.reviews.of_practice(call.caller.practice_id, by=call.by)
    return ReviewsListed(reviews=tuple(found))


async def read_merge_review(
    features: Features, call: Call[NoBody, PracticeCaller], merge_id: MergeId
) -> ReviewShown:
    """Show one of its own."""
    return await features.reviews.read(call.caller.practice_id, merge_id, by=call.by)


async def approve_merge_review(
    features: Features, call: Call[StaffBody, PracticeCaller], merge_id: MergeId
) -> NoReply:
    """Approve for what it has records of."""
    await features.reviews.approve(call.caller.practice_id, merge_id, by=call.by)
    return NoReply()


async def reject_merge_review(
    features: Features, call: Call[StaffBody, PracticeCaller], merge_id: MergeId
) -> NoReply:
    """Reject for good."""
    await features.reviews.reject(call.caller.practice_id, merge_id, by=call.by)
    return NoReply()
