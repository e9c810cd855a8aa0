"""The terms in the database: published versions, and who accepted which (EN-9)."""

from collections.abc import Mapping
from datetime import datetime

from msgspec.json import decode, encode

from services.identity.log_on.model import PublishedTerms
from services.identity.sessions.store.standings import CURRENT_TERMS
from shared.contracts.ids import AccountId
from shared.db import Connection, Row


async def publish(tx: Connection, version: str, texts: Mapping[str, str], *, now: datetime) -> bool:
    """Make it the current version. False: this version, or its place, is somebody's already.

    Two who publish at once want the same place: the second waits for the first, and gets none.
    """
    published = await tx.fetchval(
        """
        INSERT INTO terms (version, place, texts, published_at)
        SELECT $1, coalesce(max(place), 0) + 1, $2::text::jsonb, $3 FROM terms
        ON CONFLICT DO NOTHING
        RETURNING version
        """,
        version,
        encode(texts).decode(),
        now,
    )
    return published is not None


async def find(tx: Connection, version: str) -> PublishedTerms | None:
    """A version, whether or not it is the current one."""
    return _published(
        await tx.fetchrow("SELECT version, texts FROM terms WHERE version = $1", version)
    )


async def current(tx: Connection) -> PublishedTerms | None:
    """The version that is to be accepted; None: none was published yet."""
    return _published(
        await tx.fetchrow("SELECT version, texts FROM terms ORDER BY place DESC LIMIT 1")
    )


async def accept(tx: Connection, account_id: AccountId, version: str, *, now: datetime) -> bool:
    """Keep that this version was accepted, and when; the first time counts.

    False: it is not the current one, and nothing was accepted.
    """
    accepted = await tx.fetchval(
        f"""
        INSERT INTO terms_acceptances AS kept (account_id, version, accepted_at)
        SELECT $1, $2, $3 WHERE $2 = ({CURRENT_TERMS})
        ON CONFLICT (account_id, version) DO UPDATE SET accepted_at = kept.accepted_at
        RETURNING version
        """,
        account_id,
        version,
        now,
    )
    return accepted is not None


def _published(row: Row | None) -> PublishedTerms | None:
    if row is None:
        return None
    return PublishedTerms(version=row["version"], texts=decode(row["texts"], type=dict[str, str]))
