"""Notices as they are kept."""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType
from uuid import UUID

from services.notify.tellings.contents import Content
from services.notify.tellings.model import MessageClass

NoticeId = NewType("NoticeId", UUID)  # of the delivery it was written beside


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice as it is kept; locale and zone are the account's now, where it has arrived here."""

    id: NoticeId
    message_class: MessageClass
    template: str
    content: Content
    created_at: datetime
    read: bool
    locale: str | None
    time_zone: str | None
