"""Unsubscribe links: one in each practice communication's mail (RFC 2369, RFC 8058; NT-7)."""

from dataclasses import dataclass

from services.notify.ledger.model import DeliveryId
from services.notify.sending.tags import Tags

PURPOSE = "unsubscribe link"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsubscribeLinks:
    """Writes a delivery's link, and says whose one is. Nothing of it is kept: what it stops is what
    the ledger says of the delivery, its record, practice and topic.

    The tag is in the query: a mail provider posts to the link as it stands, without a fragment.
    """

    page: str  # its URL
    tags: Tags

    def write(self, delivery_id: DeliveryId) -> str:
        return f"{self.page}?link={self.tags.write(delivery_id)}"

    def find(self, token: str) -> DeliveryId | None:
        """Return whose link has this tag. None: none that was written here."""
        return self.tags.read(token)
