"""The CloudEvents 1.0 envelope in structured JSON, and what a handler receives."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic
from uuid import UUID

import msgspec

from shared.contracts.contract import E, Moment, Version
from shared.contracts.ids import EventId

CONTENT_TYPE = "application/cloudevents+json"


def is_envelope(content_type: str | None) -> bool:
    """Whether this media type is ours; parameters and case do not matter (RFC 9110, 8.3.1)."""
    return (content_type or "").partition(";")[0].strip().lower() == CONTENT_TYPE


class Envelope(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`id` is minted once, at the outbox; with `source` it names the event for ever."""

    specversion: str
    id: EventId
    source: str  # "/identity"
    type: str
    subject: str  # the id of the account, practice or patient record it is about
    time: Moment
    datacontenttype: str
    data: msgspec.Raw
    aggregateversion: Version | None = None
    correlationid: UUID | None = None
    causationid: EventId | None = None
    traceparent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Received(Generic[E]):
    """An event as a handler gets it, once per consumer whatever the broker delivers."""

    id: EventId
    subject: str
    time: datetime
    version: int  # 0 where the event is no snapshot
    correlation_id: UUID
    traceparent: str | None
    data: E
    publisher: str = ""  # the service whose contract it is
