"""OAuth clients in the database."""

from datetime import datetime

from services.identity.practices.model import Client
from shared.contracts.scopes import Role
from shared.db import Connection, Row

COLUMNS = (
    "id, role, practice_id, name, narrowed_to, secret_digest, former_digest, former_until, "
    "revoked_at"
)


async def add(tx: Connection, client: Client, *, now: datetime) -> None:
    """Insert a client."""
    await tx.execute(
        """
        INSERT INTO clients (id, role, practice_id, name, secret_digest, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        client.id,
        client.role,
        client.practice_id,
        client.name,
        client.secret_digest,
        now,
    )


async def find(tx: Connection, client_id: str) -> Client | None:
    """Look up by id, revoked ones too."""
    row = await tx.fetchrow(f"SELECT {COLUMNS} FROM clients WHERE id = $1", client_id)  # noqa: S608 - columns of ours
    return _client(row) if row else None


async def list_all(tx: Connection) -> tuple[Client, ...]:
    """The oldest first."""
    rows = await tx.fetch(f"SELECT {COLUMNS} FROM clients ORDER BY created_at, id")  # noqa: S608 - columns of ours
    return tuple(_client(row) for row in rows)


async def rotate(
    tx: Connection,
    client_id: str,
    *,
    secret_digest: bytes,
    former_until: datetime | None,
    presented: bytes | None,
) -> Client | None:
    """Put the new secret in; the one before is kept until then, or not at all.

    With one presented, only in its place: of many at once, one rotates.
    """
    row = await tx.fetchrow(
        f"""
        UPDATE clients
        SET secret_digest = $2, former_until = $3,
            former_digest = CASE WHEN $3::timestamptz IS NOT NULL THEN secret_digest END
        WHERE id = $1 AND revoked_at IS NULL AND ($4::bytea IS NULL OR secret_digest = $4)
        RETURNING {COLUMNS}
        """,  # noqa: S608 - columns of ours
        client_id,
        secret_digest,
        former_until,
        presented,
    )
    return _client(row) if row else None


async def revoke(
    tx: Connection, client_id: str, *, now: datetime, presented: bytes | None = None
) -> Client | None:
    """Once, and for good; with a secret presented, only where it is the client's of now."""
    row = await tx.fetchrow(
        f"""
        UPDATE clients SET revoked_at = $2, former_digest = NULL, former_until = NULL
        WHERE id = $1 AND revoked_at IS NULL AND ($3::bytea IS NULL OR secret_digest = $3)
        RETURNING {COLUMNS}
        """,  # noqa: S608 - columns of ours
        client_id,
        now,
        presented,
    )
    return _client(row) if row else None


async def revoked_since(tx: Connection, since: datetime) -> frozenset[str]:
    """The ids of those revoked after it."""
    rows = await tx.fetch("SELECT id FROM clients WHERE revoked_at > $1", since)
    return frozenset(row["id"] for row in rows)


def _client(row: Row) -> Client:
    return Client(
        id=row["id"],
        role=Role(row["role"]),
        practice_id=row["practice_id"],
        name=row["name"],
        secret_digest=row["secret_digest"],
        narrowed_to=None if row["narrowed_to"] is None else frozenset(row["narrowed_to"]),
        former_digest=row["former_digest"],
        former_until=row["former_until"],
        revoked_at=row["revoked_at"],
    )
