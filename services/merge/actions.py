"""What merge audits (AU-1)."""

from shared.audit import entries


class Action(entries.Action):
    REQUEST = "merge.request"
    END = "merge.end"
    SKIP_OFFER = "offer.skip"
