"""Whose a typed username is, and whether a password can be set by validation (RC-6)."""

from msgspec.json import decode, encode

from services.recovery.projections.store.accounts import (
    BY_RESERVED,
    BY_USERNAME,
    LIVE,
    NO_QUESTIONS,
)
from services.recovery.validation.model import NOBODY, Holder, Record
from shared.contracts.ids import AccountId
from shared.db import Connection, Row

OPEN = f"""
    {LIVE} AND NOT a.reset_by_practice AND a.email IS NULL AND NOT a.validated AND {NO_QUESTIONS}
"""
"""Of the account a: without verified e-mail and questions, its one validation not used."""


NOBODYS = encode([NOBODY]).decode()  # is read where there is none


async def find(connection: Connection, name_digest: bytes) -> Holder | None:
    """Find whose username this is, or was. While it passes from one to another it is nobody's.

    Where there is nobody, or the way is shut, nobody's records are looked for in the same steps.
    """
    rows = await connection.fetch(
        f"""
        SELECT one.account_id, one.security_version, (
            SELECT json_agg(json_build_object(
                'patient_id', p.patient_id, 'last_name', p.last_name, 'first_name', p.first_name,
                'birth_date', p.birth_date, 'home_phone', p.home_phone, 'address', p.address
            ) ORDER BY p.patient_id)
            FROM persons p
            WHERE p.account_id = ANY (ARRAY(
                SELECT coalesce(one.way_open, $2::uuid)
                UNION ALL
                SELECT m.absorbed_id FROM merges m
                WHERE m.survivor_id = coalesce(one.way_open, $2::uuid)
            )) AND p.home_phone IS NOT NULL AND p.address IS NOT NULL
        ) AS records
        FROM (VALUES (true)) AS always
        LEFT JOIN (
            SELECT a.account_id, a.security_version,
                CASE WHEN {OPEN} THEN a.account_id END AS way_open
            FROM ({BY_USERNAME} UNION {BY_RESERVED}) AS named
            JOIN accounts a USING (account_id)
        ) AS one ON true
        """,  # noqa: S608 - statements of ours
        [name_digest],
        NOBODY.patient_id,
    )
    found = [_holder(row) for row in rows]
    return found[0] if len(found) == 1 else None


async def forget_unread(tx: Connection, *, limit: int) -> int:
    """Drop what validation alone reads of whom it is shut to: who has used it, and who has an
    account e-mail. Where a freeze takes that away, identity tells its records again (RC-9).
    """
    rows = await tx.fetch(
        """
        UPDATE persons SET first_name = NULL, home_phone = NULL, address = NULL
        WHERE patient_id IN (
            SELECT p.patient_id
            FROM persons p
            LEFT JOIN merges m ON m.absorbed_id = p.account_id
            JOIN accounts a ON a.account_id = coalesce(m.survivor_id, p.account_id)
            WHERE p.first_name IS NOT NULL AND (a.validated OR a.email IS NOT NULL)
            LIMIT $1
            FOR UPDATE OF p SKIP LOCKED
        )
        RETURNING patient_id
        """,
        limit,
    )
    return len(rows)


def _holder(row: Row) -> Holder | None:
    records = decode(row["records"] or NOBODYS, type=tuple[Record, ...])
    if row["account_id"] is None:
        return None
    return Holder(
        account_id=AccountId(row["account_id"]),
        security_version=row["security_version"],
        records=records if row["records"] else (),
    )
