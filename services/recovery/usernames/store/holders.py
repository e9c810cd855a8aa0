"""Whose verified notification address a typed one is, and whom its account is about (RC-2)."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from msgspec.json import decode

from services.recovery.projections.store.accounts import LIVE
from services.recovery.usernames.model import Holder
from shared.contracts.ids import AccountId
from shared.contracts.matching import Named
from shared.db import Connection, Row


async def find(
    tx: Connection, address_digests: Collection[bytes]
) -> Mapping[bytes, Sequence[Holder]]:
    """Find the accounts that have verified each address besides their account e-mail; a family may
    share one. Records of those that they absorbed are theirs, also before identity says so.
    """
    rows = await tx.fetch(
        f"""
        SELECT wanted.digest, a.account_id, a.username, a.email, a.locale, a.time_zone,
            n.addresses[array_position(n.address_digests, wanted.digest)] AS address,
            (
                SELECT json_agg(
                    json_build_object('last_name', p.last_name, 'birth_date', p.birth_date)
                )
                FROM persons p
                WHERE p.account_id = ANY (ARRAY(
                    SELECT a.account_id
                    UNION ALL
                    SELECT m.absorbed_id FROM merges m WHERE m.survivor_id = a.account_id
                ))
            ) AS records
        FROM unnest($1::bytea[]) AS wanted (digest)
        JOIN notification_addresses n ON n.address_digests @> ARRAY[wanted.digest]
        JOIN accounts a USING (account_id)
        WHERE {LIVE} AND a.email_digest IS DISTINCT FROM wanted.digest
        ORDER BY a.account_id
        """,  # noqa: S608 - a clause of ours
        list(address_digests),
    )
    found: dict[bytes, list[Holder]] = defaultdict(list)
    for row in rows:
        found[row["digest"]].append(_holder(row))
    return found


def _holder(row: Row) -> Holder:
    return Holder(
        account_id=AccountId(row["account_id"]),
        username=row["username"],
        address=row["address"],
        email=row["email"],
        locale=row["locale"],
        time_zone=row["time_zone"],
        records=decode(row["records"] or "[]", type=tuple[Named, ...]),
    )
