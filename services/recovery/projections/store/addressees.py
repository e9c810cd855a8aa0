"""Whom a mail goes to, by a log-on name or an address: her verified account e-mail (RC-1, RC-3)."""

from collections import defaultdict
from collections.abc import Collection, Mapping

from services.recovery.projections.model import Addressee
from services.recovery.projections.store.accounts import (
    BY_RESERVED,
    BY_USERNAME,
    LIVE,
    NO_QUESTIONS,
)
from shared.db import Connection, Row

ONLY_BY_PRACTICE = f"""
    (a.reset_by_practice OR a.validated AND a.practices <> '{{}}' AND {NO_QUESTIONS}
        AND NOT EXISTS (
            SELECT FROM unnest(a.practices) AS enrolled (practice_id)
            JOIN practices p USING (practice_id)
            WHERE p.settings ->> 'security_questions' = 'false'
        ))
"""
"""Whether nothing but a practice's token opens an account a: as identity says, since a freeze
(RC-9) or while a validation waits for an account e-mail, and while it waits for five questions
(RC-7).
"""

BY_EMAIL = """
    SELECT wanted.digest, account_id
    FROM unnest($1::bytea[]) AS wanted (digest)
    JOIN accounts ON email_digest = wanted.digest
"""


async def by_name(tx: Connection, name_digests: Collection[bytes]) -> Mapping[bytes, Addressee]:
    """Find whom each log-on name belongs to: an active account with a verified e-mail, unless only
    its practice sets a password (RC-7, RC-9).

    The username of an absorbed account is the survivor's, its address only once that passed on; a
    name that was given up is its holder's while it is reserved.
    """
    named = f"{BY_USERNAME} UNION {BY_RESERVED} UNION {BY_EMAIL}"
    return await _found(tx, named, name_digests, for_link=True)


async def by_email(tx: Connection, email_digests: Collection[bytes]) -> Mapping[bytes, Addressee]:
    """Find whose verified account e-mail each address is; a username is nobody's address."""
    return await _found(tx, BY_EMAIL, email_digests)


async def _found(
    tx: Connection, named: str, digests: Collection[bytes], *, for_link: bool = False
) -> Mapping[bytes, Addressee]:
    """Find one active account for each name; an absorbed one is none, whatever is heard of it.

    A name that two accounts go by for the moment (it passed from one to the other, and only one of
    the two snapshots is here) is nobody's until the other arrives.
    """
    rows = await tx.fetch(
        f"""
        SELECT named.digest, a.account_id, a.username, a.email, a.security_version, a.locale,
            a.time_zone,
            ARRAY(
                SELECT (p.settings ->> 'reset_link_minutes')::integer
                FROM unnest(a.practices) AS enrolled (practice_id)
                LEFT JOIN practices p USING (practice_id)
            ) AS practice_minutes
        FROM ({named}) AS named
        JOIN accounts a USING (account_id)
        WHERE {LIVE} AND NOT ($2 AND {ONLY_BY_PRACTICE})
        """,  # noqa: S608 - statements of ours
        list(digests),
        for_link,
    )
    by_name: dict[bytes, list[Row]] = defaultdict(list)
    for row in rows:
        by_name[row["digest"]].append(row)
    return {
        digest: _addressee(found[0])
        for digest, found in by_name.items()
        if len(found) == 1 and found[0]["email"] is not None
    }


def _addressee(row: Row) -> Addressee:
    return Addressee(
        account_id=row["account_id"],
        username=row["username"],
        email=row["email"],
        security_version=row["security_version"],
        locale=row["locale"],
        time_zone=row["time_zone"],
        practice_minutes=tuple(row["practice_minutes"]),
    )
