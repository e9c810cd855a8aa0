"""Notify from outside: what the pages ask of it."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from deploy.gateway.doors.http import Door, Nothing, Verb, paragraphs_of
from deploy.gateway.web.visits import Visit


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    subject: str
    text: str
    at: datetime
    read: bool

    @property
    def paragraphs(self) -> list[str]:
        """Its text without the line breaks that mails have inside a paragraph."""
        return paragraphs_of(self.text)


class Notices(msgspec.Struct, frozen=True, kw_only=True):
    notices: tuple[Notice, ...]


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    message_class: str
    template: str
    address: str | None
    state: str
    reason: str | None
    at: datetime


class Deliveries(msgspec.Struct, frozen=True, kw_only=True):
    deliveries: tuple[Delivery, ...]


NOTICES = Verb("list_notices", "GET", "/notices", Notices, bearer=True)
READ = Verb("read_notice", "POST", "/notices/{notice_id}/read", Nothing, bearer=True)
DISMISS = Verb("dismiss_notice", "POST", "/notices/{notice_id}/dismiss", Nothing, bearer=True)
DELIVERIES = Verb("list_deliveries", "GET", "/deliveries", Deliveries, bearer=True)

VERBS = (NOTICES, READ, DISMISS, DELIVERIES)


@dataclass(frozen=True, slots=True)
class Notify:
    """Each method one verb. Raises Refused, Away, Broken."""

    door: Door

    async def notices(self, visit: Visit, token: str) -> Notices:
        return await self.door.call(NOTICES, visit, token=token)

    async def read(self, visit: Visit, token: str, notice_id: str) -> None:
        await self.door.call(READ, visit, token=token, ids={"notice_id": notice_id})

    async def dismiss(self, visit: Visit, token: str, notice_id: str) -> None:
        await self.door.call(DISMISS, visit, token=token, ids={"notice_id": notice_id})

    async def deliveries(self, visit: Visit, token: str) -> Deliveries:
        return await self.door.call(DELIVERIES, visit, token=token)
