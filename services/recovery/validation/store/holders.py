"""Whose a typed username is, and whether a password can be set by validation (RC-6)."""

from msgspec.json import decode

from services.recovery.store.accounts import BY_RESERVED, BY_USERNAME
from services.recovery.validation.decoys import usable
from services.recovery.validation.model import Holder, Record
from shared.contracts.ids import AccountId
from shared.db import Connection, Row


def has_questions(account: str) -> str:
    """SQL for whether an account has set its five questions.

    None has any yet: the table of questions is to be joined here (RC-8).
    """
    return f"({account}.account_id IS NULL)"


OPEN = f"""
    a.state = 'active' AND NOT a.reset_by_practice AND a.email IS NULL AND NOT a.validated
    AND NOT {has_questions("a")}
    AND NOT EXISTS (SELECT FROM merges m WHERE m.absorbed_id = a.account_id)
"""
"""Of the account a: without verified e-mail and questions, its one validation not used."""


async def find(connection: Connection, name_digest: bytes) -> Holder | None:
    """Find whose username this is, or was. While it passes from one to another it is nobody's."""
    rows = await connection.fetch(
        f"""
        SELECT a.account_id, a.security_version, CASE WHEN {OPEN} THEN (
            SELECT json_agg(json_build_object(
                'patient_id', p.patient_id, 'last_name', p.last_name, 'first_name', p.first_name,
                'birth_date', p.birth_date, 'home_phone', p.home_phone, 'address', p.address
            ) ORDER BY p.patient_id)
            FROM persons p
            WHERE (
                p.account_id = a.account_id OR p.account_id IN (
                    SELECT m.absorbed_id FROM merges m WHERE m.survivor_id = a.account_id
                )
            ) AND p.home_phone IS NOT NULL AND p.address IS NOT NULL
        ) END AS records
        FROM ({BY_USERNAME} UNION {BY_RESERVED}) AS named
        JOIN accounts a USING (account_id)
        """,  # noqa: S608 - statements of ours
        [name_digest],
    )
    return _holder(rows[0]) if len(rows) == 1 else None


def _holder(row: Row) -> Holder:
    records = decode(row["records"] or "[]", type=tuple[Record, ...])
    return Holder(
        account_id=AccountId(row["account_id"]),
        security_version=row["security_version"],
        records=tuple(record for record in records if usable(record.address)),
    )
