"""The projection of accounts, and the clauses by which every way back finds one."""

from collections.abc import Callable, Sequence

from services.recovery.projections.model import AccountNames
from shared.contracts.envelope import Received
from shared.contracts.identity import ACCOUNT_CHANGED, AccountChanged, EnrolmentState
from shared.contracts.ids import AccountId
from shared.db import Connection
from shared.messaging.snapshots import Projection

PROJECTION = Projection(name="accounts", contract=ACCOUNT_CHANGED, key="account_id")

LIVE = """
    a.state = 'active'
    AND NOT EXISTS (SELECT FROM merges m WHERE m.absorbed_id = a.account_id)
"""
"""Whether an account a is somebody's: neither frozen nor absorbed, as far as has been heard."""

NO_QUESTIONS = """
    NOT EXISTS (
        SELECT FROM security_questions q
        WHERE q.account_id = a.account_id AND q.account_version >= a.frozen_in
    )
"""
"""Whether an account a has none of the five that no freeze has dropped."""

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
