"""NT-9: the exchange that practices' own systems publish to, and what each of them may do there."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Self
from uuid import UUID

import msgspec
from msgspec import Meta

from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.notify import Topic

EXCHANGE = "practices.inbox"
QUEUE = "notify.inbox"
KEYS = "communications.*"  # what the queue is bound by
CONTENT_TYPE = "application/json"
LARGEST = 4096  # bytes of a body: three short texts and room for blanks
WAITING = 100_000
"""So many messages may wait at the broker: as many as the budget of an hour of one system. Their
headers are in no count of bytes, so without it empty bodies would be without an end."""
WAITING_BYTES = 64 * 1024 * 1024
"""So many bytes of bodies: a body has some 200 as systems write it, so 100,000 of three times as
many. Of the largest body that the broker takes, which nobody reads, 64 fill it."""

Reference = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[\x21-\x7e]+(?![\s\S])")]


class PracticeCommunication(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a practice's system publishes: as by HTTP, it names no practice.

    `reference` is the sender's own id: the same again is the same communication.
    """

    patient_id: PatientId
    topic: Topic
    reference: Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A practice's system on the bus: the client that it is over HTTP, whose budget it shares.

    Its user's name says both. An administrator alone makes users, and the broker vouches for the
    name: so who speaks for which practice needs no table here, and no header is believed.
    """

    practice_id: PracticeId
    client_id: UUID

    @property
    def user(self) -> str:
        return f"practice.{self.practice_id}.{self.client_id}"

    @property
    def routing_key(self) -> str:
        return f"communications.{self.practice_id}"

    @property
    def permissions(self) -> Mapping[str, str]:
        """To write to the exchange, and nothing else: no other, no queue, no default exchange."""
        return {"configure": "^$", "write": f"^{re.escape(EXCHANGE)}$", "read": "^$"}

    @property
    def topic_permissions(self) -> Mapping[str, str]:
        """Of what it may write there, its own practice's routing key. Without this, any."""
        return {"exchange": EXCHANGE, "write": f"^{re.escape(self.routing_key)}$", "read": "^$"}

    @classmethod
    def of_user(cls, user: str) -> Self | None:
        """Read a user's name; None where it is none of a practice's system."""
        try:
            kind, practice_id, client_id = user.split(".")
            found = cls(practice_id=PracticeId(UUID(practice_id)), client_id=UUID(client_id))
        except ValueError:
            return None
        return found if kind == "practice" and found.user == user else None
