"""The projection of accounts, and whom a log-on name or an address belongs to."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence

from services.recovery.model import AccountNames, Addressee
from shared.contracts.envelope import Received
from shared.contracts.identity import ACCOUNT_CHANGED, AccountChanged, EnrolmentState
from shared.contracts.ids import AccountId
from shared.db import Connection, Row
from shared.messaging.snapshots import Projection

PROJECTION = Projection(name="accounts", contract=ACCOUNT_CHANGED, key="account_id")

LIVE = """
    a.state = 'active'
    AND NOT EXISTS (SELECT FROM merges m WHERE m.absorbed_id = a.account_id)
"""
"""Whether an account a is somebody's: neither frozen nor absorbed, as far as has been heard."""

# ID-4: a merged username counts as the survivor's.
BY_USERNAME = """
    SELECT wanted.digest, coalesce(merged.survivor_id, named.account_id) AS account_id
    FROM unnest($1::bytea[]) AS wanted (digest)
    JOIN accounts AS named ON named.username_digest = wanted.digest
    LEFT JOIN merges AS merged ON merged.absorbed_id = named.account_id
"""
BY_RESERVED = """
    SELECT wanted.digest, account_id
    FROM unnest($1::bytea[]) AS wanted (digest)
    JOIN accounts ON reserved_digests @> ARRAY[wanted.digest] AND reserved_digests <> '{}'
"""
BY_EMAIL = """
    SELECT wanted.digest, account_id
    FROM unnest($1::bytea[]) AS wanted (digest)
    JOIN accounts ON email_digest = wanted.digest
"""


async def keep(
    tx: Connection, events: Sequence[Received[AccountChanged]], *, digest: Callable[[str], bytes]
) -> None:
    """Keep each snapshot unless one as new is kept already."""
    await PROJECTION.keep(
        tx,
        [
            {
                "version": event.version,
                "account_id": account.account_id,
                "state": account.state,
                "security_version": account.security_version,
                "username": account.username,
                "username_digest": digest(account.username),
                "email": account.email,
                "email_digest": digest(account.email) if account.email else None,
                "reserved": account.reserved,
                "reserved_digests": [digest(name) for name in account.reserved],
                "locale": account.locale,
                "time_zone": account.time_zone,
                "reset_by_practice": account.reset_by_practice,
                "frozen_in": account.frozen_in,
                "reopened": account.reopened,
                "validated": account.validated,
                "practices": [
                    enrolment.practice_id
                    for enrolment in account.enrolments
                    if enrolment.state is EnrolmentState.ENROLLED
                ],
            }
            for event in events
            for account in (event.data,)
        ],
    )


async def version_of(connection: Connection, account_id: AccountId) -> int:
    """The version an account is known at; 0: it is not."""
    version: int | None = await connection.fetchval(
        "SELECT version FROM accounts WHERE account_id = $1", account_id
    )
    return version or 0


async def count(tx: Connection) -> int:
    """How many accounts are known."""
    return int(await tx.fetchval("SELECT count(*) FROM accounts"))


async def names(
    tx: Connection, *, after: AccountId | None, limit: int, holding: bool = False
) -> tuple[AccountNames, ...]:
    """The names of so many accounts, in the order of their ids."""
    rows = await tx.fetch(
        f"""
        SELECT account_id, username, username_digest, email, email_digest, reserved,
            reserved_digests
        FROM accounts
        WHERE $1::uuid IS NULL OR account_id > $1
        ORDER BY account_id
        LIMIT $2
        {"FOR NO KEY UPDATE" if holding else ""}
        """,  # noqa: S608 - a clause of ours
        after,
        limit,
    )
    return tuple(AccountNames(**row) for row in rows)


async def re_key(tx: Connection, changed: Sequence[AccountNames]) -> None:
    """Replace the digests of accounts that are held."""
    await tx.executemany(
        """
        UPDATE accounts SET username_digest = $2, email_digest = $3, reserved_digests = $4
        WHERE account_id = $1
        """,
        [
            (each.account_id, each.username_digest, each.email_digest, each.reserved_digests)
            for each in changed
        ],
    )


async def addressees(tx: Connection, name_digests: Collection[bytes]) -> Mapping[bytes, Addressee]:
    """Find whom each log-on name belongs to: an active account with a verified e-mail, unless only
    its practice sets a password since a freeze (RC-9).

    The username of an absorbed account is the survivor's, its address only once that passed on; a
    name that was given up is its holder's while it is reserved.
    """
    named = f"{BY_USERNAME} UNION {BY_RESERVED} UNION {BY_EMAIL}"
    return await _addressees(tx, named, name_digests, for_link=True)


async def addressees_by_address(
    tx: Connection, email_digests: Collection[bytes]
) -> Mapping[bytes, Addressee]:
    """Find whose verified account e-mail each address is; a username is nobody's address."""
    return await _addressees(tx, BY_EMAIL, email_digests)


async def _addressees(
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
        WHERE {LIVE} AND NOT (a.reset_by_practice AND $2)
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
