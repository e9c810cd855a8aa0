"""What notify itself has to tell: links, codes, help. Pure (NT-2, NT-3)."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from services.notify.preferences.model import Means
from services.notify.projections.model import Account
from services.notify.tellings import contents
from services.notify.tellings.contents import Content
from services.notify.tellings.intents import Intent, Link
from services.notify.tellings.model import MessageClass
from shared.contracts.ids import EventId
from shared.contracts.sealed import Sealed, SealPurpose


def address_verification(
    account: Account,
    address: str,
    *,
    event_id: EventId,
    sealed: Sealed,
    correlation_id: UUID,
    at: datetime,
) -> Intent:
    """Mail the link that verifies a notification address, to it alone (NT-2): account activity, of
    which notify itself knows first. A newer link of the same address takes its place.
    """
    link = Link(purpose=SealPurpose(sealed.purpose), sealed=sealed, expires_at=sealed.expires_at)
    content = contents.NotificationAddressVerification(link_expires_at=link.expires_at)
    told = _to_one_place(
        account, address, content, event_id=event_id, correlation_id=correlation_id, at=at
    )
    return replace(told, link=link, supersedes=link.purpose)


def number_verification(
    account: Account,
    number: str,
    *,
    event_id: EventId,
    sealed: Sealed,
    correlation_id: UUID,
    at: datetime,
) -> Intent:
    """Send the code that verifies a number, to it alone (NT-3): account activity, at once at any
    hour. A newer code of the same number takes its place.
    """
    verification = address_verification(
        account,
        number,
        event_id=event_id,
        sealed=sealed,
        correlation_id=correlation_id,
        at=at,
    )
    content = contents.NotificationNumberVerification()
    return replace(
        verification,
        template=contents.template_of(content),
        content=content,
        means=Means.TEXT_MESSAGE,
    )


def help_with_texts(
    account: Account, number: str, *, event_id: EventId, correlation_id: UUID, at: datetime
) -> Intent:
    """Answer a phone that asks for help, at once at any hour (NT-3)."""
    content = contents.TextHelp()
    told = _to_one_place(
        account, number, content, event_id=event_id, correlation_id=correlation_id, at=at
    )
    return replace(told, means=Means.TEXT_MESSAGE)


def _to_one_place(
    account: Account,
    address: str,
    content: Content,
    *,
    event_id: EventId,
    correlation_id: UUID,
    at: datetime,
) -> Intent:
    return Intent(
        event_id=event_id,
        message_class=MessageClass.ACCOUNT_ACTIVITY,
        template=contents.template_of(content),
        account_id=account.account_id,
        address=address,
        refusal=None,
        content=content,
        locale=account.locale,
        time_zone=account.time_zone,
        occurred_at=at,
        correlation_id=correlation_id,
    )
