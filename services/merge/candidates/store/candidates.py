"""MG-8: whoever may be the same person, found by date of birth with phone or address."""

from collections.abc import Collection, Mapping, Sequence

from services.merge.candidates.model import Lookalike
from shared.contracts.ids import AccountId, PracticeId
from shared.contracts.matching import Described, address_form, phone_end
from shared.db import Connection

COLUMNS = "account_id, practice_id, last_name, first_name, birth_date, home_phone, address"


async def near(
    connection: Connection, records: Sequence[Described], *, limit: int
) -> Sequence[Lookalike]:
    """List records of accounts that share date of birth and phone, or date of birth and address,
    with one of these: at most so many for each and either, so that a date and a number that
    thousands were given cost no more than those of a household.
    """
    rows = await connection.fetch(
        f"""
        WITH own AS (
            SELECT birth_date AS born, phone_end, address_form
            FROM unnest((SELECT $1::date[]), $2::text[], $3::text[])
                AS own (birth_date, phone_end, address_form)
        )
        SELECT {COLUMNS} FROM own CROSS JOIN LATERAL (
            SELECT {COLUMNS} FROM persons
            WHERE persons.birth_date = own.born AND persons.phone_end = own.phone_end
                AND account_id IS NOT NULL
            LIMIT $4
        ) AS by_phone
        UNION
        SELECT {COLUMNS} FROM own CROSS JOIN LATERAL (
            SELECT {COLUMNS} FROM persons
            WHERE persons.birth_date = own.born AND persons.address_form = own.address_form
                AND account_id IS NOT NULL
            LIMIT $4
        ) AS by_address
        """,  # noqa: S608 - columns of ours
        [record.birth_date for record in records],
        [phone_end(record.home_phone) for record in records],
        [address_form(record.address) for record in records],
        limit,
    )
    return [
        Lookalike(
            account_id=row["account_id"],
            practice_id=row["practice_id"],
            described=Described(
                last_name=row["last_name"],
                first_name=row["first_name"],
                birth_date=row["birth_date"],
                home_phone=row["home_phone"],
                address=row["address"],
            ),
        )
        for row in rows
    ]


async def usernames(
    connection: Connection, account_ids: Collection[AccountId], *, of: AccountId
) -> Mapping[AccountId, str]:
    """Read the names of those that can be merged with this one: active, not absorbed, in no merge,
    and not under review with it, as two are whose records have been corrected since.

    What must not be there is asked for each by its key: joined, it would be read whole.
    """
    rows = await connection.fetch(
        """
        SELECT account_id, username FROM accounts
        WHERE account_id = ANY ((SELECT $1::uuid[])::uuid[]) AND state = 'active'
            AND (
                SELECT merge_id FROM absorptions WHERE absorbed_id = accounts.account_id
            ) IS NULL
            AND (
                SELECT merge_id FROM busy_accounts b WHERE b.account_id = accounts.account_id
            ) IS NULL
            AND (
                SELECT merge_id FROM reviews
                WHERE least(survivor_id, absorbed_id) = least(accounts.account_id, $2::uuid)
                    AND greatest(survivor_id, absorbed_id) = greatest(accounts.account_id, $2::uuid)
                    AND ended_at IS NULL
            ) IS NULL
        """,
        list(account_ids),
        of,
    )
    return {row["account_id"]: row["username"] for row in rows}


async def practice_names(
    connection: Connection, practice_ids: Collection[PracticeId]
) -> Mapping[PracticeId, str]:
    """Read the names of practices that have been heard of."""
    rows = await connection.fetch(
        """
        SELECT practice_id, name FROM practices
        WHERE practice_id = ANY ((SELECT $1::uuid[])::uuid[])
        """,
        list(practice_ids),
    )
    return {row["practice_id"]: row["name"] for row in rows}
