"""Notify from outside: what the pages ask of it."""

from dataclasses import dataclass
from datetime import datetime

import msgspec

from deploy.gateway.doors.http import Door, Nothing, Sent, Verb, paragraphs_of
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
    channel: str
    address: str | None
    state: str
    reason: str | None
    at: datetime


class Deliveries(msgspec.Struct, frozen=True, kw_only=True):
    deliveries: tuple[Delivery, ...]


class Suppression(msgspec.Struct, frozen=True, kw_only=True):
    address: str


class Suppressions(msgspec.Struct, frozen=True, kw_only=True):
    suppressions: tuple[Suppression, ...]


class Address(msgspec.Struct, frozen=True, kw_only=True):
    """A notification address or number: the holder's own, so it is in full."""

    address_id: str
    kind: str
    address: str
    verified_at: datetime | None
    stopped_since: datetime | None = None


class Addresses(msgspec.Struct, frozen=True, kw_only=True):
    """`texts_from` is the number that text messages come from."""

    addresses: tuple[Address, ...]
    texts_from: str | None = None


class Way(msgspec.Struct, frozen=True, kw_only=True):
    channel: str
    address_id: str | None = None


class Enrolment(msgspec.Struct, frozen=True, kw_only=True):
    """What a practice offers, in its order, and what was chosen for one record there."""

    practice_name: str
    patient_id: str
    offers: tuple[str, ...]
    default: tuple[Way, ...]
    topics: dict[str, tuple[Way, ...]]


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    enrolments: tuple[Enrolment, ...]


class Subscription(msgspec.Struct, frozen=True, kw_only=True):
    """A practice's e-mails of one topic."""

    practice_name: str
    topic: str
    subscribed: bool


class NewAddress(Sent, frozen=True, kw_only=True):
    address: str
    reauthenticated: str


class NewNumber(Sent, frozen=True, kw_only=True):
    number: str
    reauthenticated: str


class Code(Sent, frozen=True, kw_only=True):
    code: str


class Link(Sent, frozen=True, kw_only=True):
    token: str


class Removal(Sent, frozen=True, kw_only=True):
    reauthenticated: str


class Choice(Sent, frozen=True, kw_only=True):
    default: tuple[Way, ...]
    topics: dict[str, tuple[Way, ...]]


NOTICES = Verb("list_notices", "GET", "/notices", Notices, bearer=True)
READ = Verb("read_notice", "POST", "/notices/{notice_id}/read", Nothing, bearer=True)
DISMISS = Verb("dismiss_notice", "POST", "/notices/{notice_id}/dismiss", Nothing, bearer=True)
DELIVERIES = Verb("list_deliveries", "GET", "/deliveries", Deliveries, bearer=True)
ADDRESSES = Verb(
    "list_notification_addresses", "GET", "/notification-addresses", Addresses, bearer=True
)
ADD_ADDRESS = Verb(
    "add_notification_address",
    "POST",
    "/notification-addresses",
    Address,
    NewAddress,
    bearer=True,
)
VERIFY_ADDRESS = Verb(
    "verify_notification_address",
    "POST",
    "/notification-addresses/verify",
    Nothing,
    Link,
    bearer=True,
)
REMOVE_ADDRESS = Verb(
    "remove_notification_address",
    "POST",
    "/notification-addresses/{address_id}/remove",
    Nothing,
    Removal,
    bearer=True,
)
ADD_NUMBER = Verb(
    "add_notification_number", "POST", "/notification-numbers", Address, NewNumber, bearer=True
)
VERIFY_NUMBER = Verb(
    "verify_notification_number",
    "POST",
    "/notification-numbers/{address_id}/verify",
    Nothing,
    Code,
    bearer=True,
)
PREFERENCES = Verb(
    "list_notification_preferences", "GET", "/notification-preferences", Preferences, bearer=True
)
CHOOSE = Verb(
    "choose_notification_preference",
    "PUT",
    "/notification-preferences/{patient_id}",
    Nothing,
    Choice,
    bearer=True,
)

PREVIEW_UNSUBSCRIPTION = Verb(
    "preview_unsubscription", "POST", "/unsubscriptions/preview", Subscription, Link
)
UNSUBSCRIBE = Verb("unsubscribe", "POST", "/unsubscriptions", Subscription, Link)
SUPPRESSIONS = Verb("list_suppressions", "GET", "/suppressions", Suppressions, bearer=True)
LIFT = Verb("lift_suppressions", "POST", "/suppressions/lift", Nothing, bearer=True)

VERBS = (
    NOTICES,
    READ,
    DISMISS,
    DELIVERIES,
    ADDRESSES,
    ADD_ADDRESS,
    VERIFY_ADDRESS,
    REMOVE_ADDRESS,
    ADD_NUMBER,
    VERIFY_NUMBER,
    PREFERENCES,
    CHOOSE,
    PREVIEW_UNSUBSCRIPTION,
    UNSUBSCRIBE,
    SUPPRESSIONS,
    LIFT,
)


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

    async def suppressions(self, visit: Visit, token: str) -> Suppressions:
        return await self.door.call(SUPPRESSIONS, visit, token=token)

    async def lift(self, visit: Visit, token: str) -> None:
        await self.door.call(LIFT, visit, token=token)

    async def addresses(self, visit: Visit, token: str) -> Addresses:
        return await self.door.call(ADDRESSES, visit, token=token)

    async def add_address(
        self, visit: Visit, token: str, address: str, reauthenticated: str
    ) -> Address:
        body = NewAddress(address=address, reauthenticated=reauthenticated)
        return await self.door.call(ADD_ADDRESS, visit, token=token, body=body)

    async def verify_address(self, visit: Visit, token: str, link: str) -> None:
        await self.door.call(VERIFY_ADDRESS, visit, token=token, body=Link(token=link))

    async def remove_address(
        self, visit: Visit, token: str, address_id: str, reauthenticated: str
    ) -> None:
        body, ids = Removal(reauthenticated=reauthenticated), {"address_id": address_id}
        await self.door.call(REMOVE_ADDRESS, visit, token=token, body=body, ids=ids)

    async def add_number(
        self, visit: Visit, token: str, number: str, reauthenticated: str
    ) -> Address:
        body = NewNumber(number=number, reauthenticated=reauthenticated)
        return await self.door.call(ADD_NUMBER, visit, token=token, body=body)

    async def verify_number(self, visit: Visit, token: str, address_id: str, code: str) -> None:
        body, ids = Code(code=code), {"address_id": address_id}
        await self.door.call(VERIFY_NUMBER, visit, token=token, body=body, ids=ids)

    async def preferences(self, visit: Visit, token: str) -> tuple[Enrolment, ...]:
        return (await self.door.call(PREFERENCES, visit, token=token)).enrolments

    async def choose(self, visit: Visit, token: str, patient_id: str, choice: Choice) -> None:
        ids = {"patient_id": patient_id}
        await self.door.call(CHOOSE, visit, token=token, body=choice, ids=ids)

    async def preview_unsubscription(self, visit: Visit, link: str) -> Subscription:
        return await self.door.call(PREVIEW_UNSUBSCRIPTION, visit, body=Link(token=link))

    async def unsubscribe(self, visit: Visit, link: str) -> Subscription:
        return await self.door.call(UNSUBSCRIBE, visit, body=Link(token=link))
