"""How a delivery becomes a message of its channel: the seal opened at this moment only."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, TypeVar

from services.notify.sending.channels import Mail, Text
from services.notify.sending.model import Turn
from services.notify.sending.render import Renderer
from services.notify.sending.return_paths import ReturnPaths
from services.notify.sending.unsubscribe_links import UnsubscribeLinks
from services.notify.tellings.contents import (
    NotificationNumberVerification,
    UsernameReminder,
    check_username,
)
from shared.contracts.addresses import same_mailbox
from shared.contracts.sealed import SealPurpose
from shared.trust.sealing import Opener, SealBroken

M_co = TypeVar("M_co", covariant=True)


class Writer(Protocol[M_co]):
    """Writes what one channel sends."""

    async def write(self, delivery: Turn, *, now: datetime) -> M_co:
        """Raises SealBroken, AddressInvalid, NotRenderable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secrets:
    """What stays sealed until a message is written."""

    opener: Opener

    async def of(self, delivery: Turn) -> str:
        """A secret sealed for another purpose or recipient is none of this delivery's."""
        sealed = delivery.sealed
        if sealed is None or sealed.purpose != delivery.link_purpose:
            raise SealBroken
        of_account = sealed.recipient == str(delivery.account_id)
        if not of_account and not same_mailbox(sealed.recipient, delivery.address):
            raise SealBroken
        return await self.opener.open(sealed, event_id=delivery.event_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailWriter:
    secrets: Secrets
    renderer: Renderer
    return_paths: ReturnPaths
    unsubscribe_links: UnsubscribeLinks

    async def write(self, delivery: Turn, *, now: datetime) -> Mail:
        link = None
        if delivery.link_purpose is SealPurpose.USERNAME:
            username = await self.secrets.of(delivery)
            delivery = replace(delivery, content=UsernameReminder(username=username))
        elif delivery.link_purpose is not None:
            secret = await self.secrets.of(delivery)
            link = self.renderer.portal.link(delivery.link_purpose, secret)
        elif delivery.of_practice:
            link = self.unsubscribe_links.write(delivery.id)
        if isinstance(delivery.content, UsernameReminder):
            check_username(delivery.content.username)
        return self.renderer.mail(
            delivery,
            link=link,
            address=delivery.destination,
            return_path=self.return_paths.write(delivery.id, delivery.hop),
            now=now,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TextWriter:
    secrets: Secrets
    renderer: Renderer

    async def write(self, delivery: Turn, *, now: datetime) -> Text:
        content = delivery.content
        if delivery.link_purpose is SealPurpose.NOTIFICATION_NUMBER:
            content = NotificationNumberVerification(code=await self.secrets.of(delivery))
        body = self.renderer.text(content, locale=delivery.locale, time_zone=delivery.time_zone)
        return Text(
            recipient=delivery.destination, body=body, delivery_id=delivery.id, hop=delivery.hop
        )
