"""The projection of accounts, and whom a log-on name belongs to."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from services.recovery.model import Holder
from shared.contracts.identity import AccountChanged, EnrolmentState
from shared.db import Connection, Row


async def keep(
    tx: Connection,
    account: AccountChanged,
    *,
    version: int,
    username_digest: bytes,
    email_digest: bytes | None,
) -> None:
    """Keep this snapshot unless one as new is kept already."""
    await tx.execute(
        """
        INSERT INTO accounts AS kept (
            account_id, version, state, security_version, username, username_digest,
            email, email_digest, locale, time_zone, practices
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (account_id) DO UPDATE
        SET version = excluded.version,
            state = excluded.state,
            security_version = excluded.security_version,
            username = excluded.username,
            username_digest = excluded.username_digest,
            email = excluded.email,
            email_digest = excluded.email_digest,
            locale = excluded.locale,
            time_zone = excluded.time_zone,
            practices = excluded.practices
        WHERE kept.version < excluded.version
        """,
        account.account_id,
        version,
        account.state,
        account.security_version,
        account.username,
        username_digest,
        account.email,
        email_digest,
        account.locale,
        account.time_zone,
        [
            enrolment.practice_id
            for enrolment in account.enrolments
            if enrolment.state is EnrolmentState.ENROLLED
        ],
    )


async def holders(tx: Connection, name_digests: Collection[bytes]) -> Mapping[bytes, Holder]:
    """Find whom each name belongs to: an active account with a verified e-mail.

    A name that two accounts go by for the moment (it passed from one to the other, and only one of
    the two snapshots is here) is nobody's until the other arrives.
    """
    rows = await tx.fetch(
        """
        WITH named AS (
            SELECT wanted.digest, a.account_id
            FROM unnest($1::bytea[]) AS wanted (digest)
            JOIN accounts a ON a.username_digest = wanted.digest
            UNION
            SELECT wanted.digest, a.account_id
            FROM unnest($1::bytea[]) AS wanted (digest)
            JOIN accounts a ON a.email_digest = wanted.digest
        )
        SELECT named.digest, a.account_id, a.email, a.security_version, a.locale, a.time_zone,
            ARRAY(
                SELECT p.reset_link_minutes
                FROM unnest(a.practices) AS enrolled (practice_id)
                LEFT JOIN practices p USING (practice_id)
            ) AS practice_minutes
        FROM named
        JOIN accounts a USING (account_id)
        WHERE a.state = 'active'
        """,
        list(name_digests),
    )
    by_name: dict[bytes, list[Row]] = defaultdict(list)
    for row in rows:
        by_name[row["digest"]].append(row)
    return {
        digest: _holder(found[0])
        for digest, found in by_name.items()
        if len(found) == 1 and found[0]["email"] is not None
    }


def _holder(row: Row) -> Holder:
    return Holder(
        account_id=row["account_id"],
        email=row["email"],
        security_version=row["security_version"],
        locale=row["locale"],
        time_zone=row["time_zone"],
        practice_minutes=tuple(row["practice_minutes"]),
    )
