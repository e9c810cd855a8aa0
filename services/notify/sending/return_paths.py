"""Return paths: where the mail servers on the way give a delivery back to (NT-5).

Each mail has an envelope sender of its own, whose tag only we can write: whoever has not had the
mail can give none back, and nothing of it is kept (VERP).
"""

import re
from dataclasses import dataclass
from typing import Self

from services.notify.ledger.model import DeliveryId
from services.notify.sending.tags import SHAPE, Tags
from shared.trust.tokens import Digests

PURPOSE = "return path"
HOPS = 16  # addresses of one order, and more


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What came back: a delivery, from the address that it had after so many hops."""

    delivery_id: DeliveryId
    hop: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnPaths:
    """Writes a delivery's return path, and says whose one is."""

    local: str
    domain: str
    tags: tuple[Tags, ...]  # by hop: a report of one address is none of the next

    @classmethod
    def of(cls, address: str, digests: Digests) -> Self:
        """All of them are under this address: its server knows what stands behind a plus."""
        local, _, domain = address.rpartition("@")
        purposes = (PURPOSE, *(f"{PURPOSE} {hop}" for hop in range(1, HOPS)))
        tags = tuple(Tags(purpose=purpose, digests=digests) for purpose in purposes)
        return cls(local=local, domain=domain, tags=tags)

    def write(self, delivery_id: DeliveryId, hop: int = 0) -> str:
        """Return the envelope sender of this delivery, the same however often it goes there."""
        tag = self.tags[min(hop, HOPS - 1)].write(delivery_id)
        return f"{self.local}+{tag}@{self.domain}"

    def find(self, text: str) -> Returned | None:
        """Return whose return path stands in it. None: none that was written here."""
        for tag in self._tags.findall(text):
            for hop, tags in enumerate(self.tags):
                if (delivery_id := tags.read(tag)) is not None:
                    return Returned(delivery_id=delivery_id, hop=hop)
        return None

    @property
    def _tags(self) -> "re.Pattern[str]":
        """A server on the way may change the case."""
        before, behind = re.escape(f"{self.local}+"), re.escape(f"@{self.domain}")
        return re.compile(f"{before}({SHAPE.pattern}){behind}", re.IGNORECASE | re.ASCII)
