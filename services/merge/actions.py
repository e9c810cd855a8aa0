"""What merge audits (AU-1)."""

from shared.audit import entries


class Action(entries.Action):
    REQUEST = "merge.request"
    END = "merge.end"
    LIST_CONFLICTS = "merge-conflict.list"
    LIST_REVIEWS = "merge-review.list"
    READ_REVIEW = "merge-review.read"
    APPROVE_REVIEW = "merge-review.approve"
    REJECT_REVIEW = "merge-review.reject"
    SKIP_OFFER = "offer.skip"
