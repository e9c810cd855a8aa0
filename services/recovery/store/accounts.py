"""The projection of accounts, and whom a log-on name belongs to."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from services.recovery.model import Holder
from shared.contracts.identity import AccountChanged, EnrolmentState
from shared.db import Connection, Row
from shared.messaging import snapshots


async def keep(
    tx: Connection,
    account: AccountChanged,
    *,
    version: int,
    username_digest: bytes,
    email_digest: bytes | None,
) -> None:
    """Keep this snapshot unless one as new is kept already."""
    await snapshots.keep(
        tx,
        "accounts",
        "account_id",
        version=version,
        account_id=account.account_id,
        state=account.state,
        security_version=account.security_version,
        username=account.username,
        username_digest=username_digest,
        email=account.email,
        email_digest=email_digest,
        locale=account.locale,
        time_zone=account.time_zone,
        practices=[
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
