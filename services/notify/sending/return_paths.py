"""Return paths: where the mail servers on the way give a delivery back to (NT-5).

Each mail has an envelope sender of its own, whose tag only we can write: whoever has not had the
mail can give none back, and nothing of it is kept (VERP).
"""

import hmac
import re
from base64 import b32decode, b32encode
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from services.notify.ledger.model import DeliveryId
from services.notify.settings import TAG_LENGTH
from shared.trust.tokens import Digests

PURPOSE = "return path"
ID_BYTES, SEAL_BYTES = 16, 10
PADDING = "=" * 6  # base32's


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPaths:
    """Writes a delivery's return path, and says whose one is."""

    local: str
    domain: str
    digests: Digests

    @classmethod
    def of(cls, address: str, digests: Digests) -> Self:
        """All of them are under this address: its server knows what stands behind a plus."""
        local, _, domain = address.rpartition("@")
        return cls(local=local, domain=domain, digests=digests)

    def write(self, delivery_id: DeliveryId) -> str:
        """Return the envelope sender of this delivery, the same however often it goes."""
        tag = b32encode(delivery_id.bytes + self._seal(delivery_id)).decode().rstrip("=").lower()
        return f"{self.local}+{tag}@{self.domain}"

    def find(self, text: str) -> DeliveryId | None:
        """Return whose return path stands in it. None: none that was written here."""
        for tag in self._tags.findall(text):
            read = b32decode(tag + PADDING, casefold=True)
            delivery_id = DeliveryId(UUID(bytes=read[:ID_BYTES]))
            if hmac.compare_digest(read[ID_BYTES:], self._seal(delivery_id)):
                return delivery_id
        return None

    @property
    def _tags(self) -> "re.Pattern[str]":
        """A server on the way may change the case."""
        before, behind = re.escape(f"{self.local}+"), re.escape(f"@{self.domain}")
        return re.compile(f"{before}([a-z2-7]{{{TAG_LENGTH}}}){behind}", re.IGNORECASE | re.ASCII)

    def _seal(self, delivery_id: DeliveryId) -> bytes:
        return self.digests.of(PURPOSE, str(delivery_id))[:SEAL_BYTES]
