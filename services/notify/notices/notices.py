"""Notices in the portal: what a person is to be told and could not be mailed (NT-8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notify.notices.model import Notice, NoticeId
from services.notify.notices.store import notices
from services.notify.sending.render import Printed, Renderer
from services.notify.tellings.errors import NotRenderable
from shared.contracts.ids import AccountId
from shared.db import Database
from shared.errors import NotFound
from shared.logs import logger

PAGE = 100  # of each class

log = logger("notices")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """Only one's own, those of accounts that were merged into it among them (MG-9)."""

    database: Database
    renderer: Renderer

    async def undismissed(self, account_id: AccountId) -> Sequence[tuple[Notice, Printed]]:
        """What waits, newest first, in the language of now. One that cannot be printed hides no
        other.
        """
        async with self.database.connection() as connection:
            found = await notices.of_account(connection, account_id, limit=PAGE)
        printed = []
        for notice in found:
            try:
                words = self.renderer.notice(
                    notice.content, locale=notice.locale, time_zone=notice.time_zone
                )
            except NotRenderable as error:
                log.error("not_renderable", notice_id=notice.id, error=error.__cause__)
            else:
                printed.append((notice, words))
        return printed

    async def read(self, notice_id: NoticeId, account_id: AccountId, *, now: datetime) -> None:
        """Once or often. Raises NotFound."""
        async with self.database.connection() as connection:
            if not await notices.read(connection, notice_id, account_id, now=now):
                raise NotFound

    async def dismiss(self, notice_id: NoticeId, account_id: AccountId, *, now: datetime) -> None:
        """Once or often. Raises NotFound."""
        async with self.database.connection() as connection:
            if not await notices.dismiss(connection, notice_id, account_id, now=now):
                raise NotFound
