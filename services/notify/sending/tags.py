"""Tags: a delivery's name in what leaves the portal, which nobody else can write."""

import hmac
import re
from base64 import b32decode, b32encode
from dataclasses import dataclass
from uuid import UUID

from services.notify.ledger.model import DeliveryId
from services.notify.settings import TAG_LENGTH
from shared.trust.tokens import Digests

ID_BYTES, SEAL_BYTES = 16, 10
PADDING = "=" * 6  # base32's
SHAPE = re.compile(rf"[a-z2-7]{{{TAG_LENGTH}}}", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags:
    """Of one purpose: a tag of another opens nothing here."""

    purpose: str
    digests: Digests

    def write(self, delivery_id: DeliveryId) -> str:
        """Return the delivery's tag, the same however often it goes."""
        tagged = delivery_id.bytes + self._seal(delivery_id)
        return b32encode(tagged).decode().rstrip("=").lower()

    def read(self, tag: str) -> DeliveryId | None:
        """Return whose tag it is, in whatever case. None: it was not written here."""
        if not SHAPE.fullmatch(tag):
            return None
        read = b32decode(tag + PADDING, casefold=True)
        delivery_id = DeliveryId(UUID(bytes=read[:ID_BYTES]))
        mine = hmac.compare_digest(read[ID_BYTES:], self._seal(delivery_id))
        return delivery_id if mine else None

    def _seal(self, delivery_id: DeliveryId) -> bytes:
        return self.digests.of(self.purpose, str(delivery_id))[:SEAL_BYTES]
