"""OAuth clients in the database."""

from datetime import datetime

from services.identity.model import Client
from shared.db import Connection


async def add(tx: Connection, client: Client, *, now: datetime) -> None:
    """Insert a client."""
    await tx.execute(
        """
        INSERT INTO clients (id, practice_id, name, scopes, secret_digest, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        client.id,
        client.practice_id,
        client.name,
        sorted(client.scopes),
        client.secret_digest,
        now,
    )


async def find(tx: Connection, client_id: str) -> Client | None:
    """Look up by id."""
    row = await tx.fetchrow(
        "SELECT id, practice_id, name, scopes, secret_digest FROM clients WHERE id = $1", client_id
    )
    if row is None:
        return None
    return Client(
        id=row["id"],
        practice_id=row["practice_id"],
        name=row["name"],
        scopes=frozenset(row["scopes"]),
        secret_digest=row["secret_digest"],
    )
