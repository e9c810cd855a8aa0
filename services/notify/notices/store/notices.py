"""Notices in the portal, as their account sees them (NT-8). They are written with deliveries."""

from collections.abc import Sequence
from datetime import datetime

from services.notify.notices.model import Notice, NoticeId
from services.notify.projections.store.merges import WHOSE
from services.notify.projections.store.records import SHOWN
from services.notify.tellings import contents
from services.notify.tellings.model import MessageClass
from shared.contracts.ids import AccountId
from shared.db import Connection

OWN = f"""
    n.account_id IN ({WHOSE})
    AND EXISTS (SELECT FROM deliveries AS d WHERE d.id = n.id AND {SHOWN})
"""


async def of_account(
    connection: Connection, account_id: AccountId, *, limit: int
) -> Sequence[Notice]:
    """List what was not dismissed, newest first, so many of each class (NT-1); what practices had
    to say only while the account is enrolled there (UN-1).
    """
    rows = await connection.fetch(
        f"""
        WITH whose AS ({WHOSE})
        SELECT of_one.*, a.locale, a.time_zone
        FROM unnest($3::text[]) AS one (class)
        CROSS JOIN LATERAL (
            SELECT n.id, n.class, n.template, n.content::text AS content, n.created_at, n.read_at
            FROM whose JOIN notices AS n ON n.account_id = whose.id
            JOIN deliveries AS d ON d.id = n.id
            WHERE n.class = one.class AND n.dismissed_at IS NULL AND {SHOWN}
            ORDER BY n.created_at DESC, n.id LIMIT $2
        ) AS of_one
        LEFT JOIN accounts AS a ON a.id = $1
        ORDER BY of_one.created_at DESC, of_one.id
        """,  # noqa: S608 - constants only
        account_id,
        limit,
        list(MessageClass),
    )
    return [
        Notice(
            id=NoticeId(row["id"]),
            message_class=MessageClass(row["class"]),
            template=row["template"],
            content=contents.read(row["content"]),
            created_at=row["created_at"],
            read=row["read_at"] is not None,
            locale=row["locale"],
            time_zone=row["time_zone"],
        )
        for row in rows
    ]


async def read(
    connection: Connection, notice_id: NoticeId, account_id: AccountId, *, now: datetime
) -> bool:
    """Note when it was read first. False: it is not this account's to see."""
    return await _note(connection, "read_at", notice_id, account_id, now)


async def dismiss(
    connection: Connection, notice_id: NoticeId, account_id: AccountId, *, now: datetime
) -> bool:
    """Note when it was dismissed first. False: it is not this account's to see."""
    return await _note(connection, "dismissed_at", notice_id, account_id, now)


async def _note(
    connection: Connection,
    column: str,
    notice_id: NoticeId,
    account_id: AccountId,
    now: datetime,
) -> bool:
    mine = await connection.fetchval(
        f"""
        UPDATE notices AS n SET {column} = coalesce({column}, $3)
        WHERE n.id = $2 AND {OWN}
        RETURNING true
        """,  # noqa: S608 - constants only
        account_id,
        notice_id,
        now,
    )
    return mine is not None
