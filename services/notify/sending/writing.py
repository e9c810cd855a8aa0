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
from shared.contracts.sealed import Sealed, SealPurpose
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
        return await self._open(delivery, delivery.sealed, delivery.link_purpose)

    async def not_me(self, delivery: Turn, *, now: datetime) -> str | None:
        """The secret of the link beside what is told (RC-9). What is told goes without it where it
        opens nothing, or cannot be opened.
        """
        sealed = delivery.not_me(now)
        if sealed is None:
            return None
        try:
            return await self._open(delivery, sealed, SealPurpose.NOT_ME)
        except SealBroken:
            return None

    async def _open(
        self, delivery: Turn, sealed: Sealed | None, purpose: SealPurpose | None
    ) -> str:
        if sealed is None or sealed.purpose != purpose:
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
        link: str | None = None
        if delivery.link_purpose is SealPurpose.USERNAME:
            username = await self.secrets.of(delivery)
            delivery = replace(delivery, content=UsernameReminder(username=username))
        elif delivery.link_purpose is not None:
            link = self.renderer.portal.link(delivery.link_purpose, await self.secrets.of(delivery))
        elif delivery.of_practice:
            link = self.unsubscribe_links.write(delivery.id)
        elif secret := await self.secrets.not_me(delivery, now=now):
            link = self.renderer.portal.link(SealPurpose.NOT_ME, secret)
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
        content, link = delivery.content, None
        if delivery.link_purpose is SealPurpose.NOTIFICATION_NUMBER:
            content = NotificationNumberVerification(code=await self.secrets.of(delivery))
        elif secret := await self.secrets.not_me(delivery, now=now):
            link = self.renderer.portal.link(SealPurpose.NOT_ME, secret)
        body = self.renderer.text(
            content, locale=delivery.locale, time_zone=delivery.time_zone, link=link
        )
        return Text(
            recipient=delivery.destination,
            body=body,
            delivery_id=delivery.id,
            hop=delivery.hop,
            attempt=delivery.attempts,
        )
