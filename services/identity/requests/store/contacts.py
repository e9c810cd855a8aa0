"""Where those who ask are reached: every address and phone that came with a request (EN-4)."""

from collections.abc import Sequence
from datetime import datetime

from services.identity.requests.model import MOST_CONTACTS, Contact, RequestId
from shared.db import Connection


async def keep(tx: Connection, request_id: RequestId, contact: Contact, *, now: datetime) -> bool:
    """Keep a contact beside those before it, once. False where there are too many of others.

    Call it with the request held.
    """
    await tx.execute(
        """
        INSERT INTO enrolment_request_contacts (
            request_id, place, home_phone, address, email, locale, asked_at
        )
        SELECT $1, count(*) + 1, $2::text, $3::text, $4::text, $5, $6
        FROM enrolment_request_contacts WHERE request_id = $1
        HAVING count(*) < $7 AND NOT coalesce(
            bool_or(
                (home_phone, address, email) IS NOT DISTINCT FROM ($2::text, $3::text, $4::text)
            ),
            false
        )
        """,
        request_id,
        contact.home_phone,
        contact.address,
        contact.email,
        contact.locale,
        now,
        MOST_CONTACTS,
    )
    return any(
        (one.home_phone, one.address, one.email)
        == (contact.home_phone, contact.address, contact.email)
        for one in await read(tx, request_id)
    )


async def read(connection: Connection, request_id: RequestId) -> Sequence[Contact]:
    """Read them, as they came."""
    rows = await connection.fetch(
        """
        SELECT home_phone, address, email, locale FROM enrolment_request_contacts
        WHERE request_id = $1
        ORDER BY place
        """,
        request_id,
    )
    return [Contact(**row) for row in rows]
