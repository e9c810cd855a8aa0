"""The projection of accounts."""

from collections.abc import Collection, Mapping

from services.merge.projections.model import Account
from shared.contracts.envelope import Received
from shared.contracts.identity import ACCOUNT_CHANGED, AccountChanged, AccountState
from shared.contracts.ids import AccountId
from shared.db import Connection
from shared.messaging.snapshots import Projection

PROJECTION = Projection(name="accounts", contract=ACCOUNT_CHANGED, key="account_id")


async def keep(tx: Connection, *events: Received[AccountChanged]) -> None:
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
                "email": None,  # a replica of the release that kept it may still write one
                "time_zone": account.time_zone,
                "patient_ids": [enrolment.patient_id for enrolment in account.enrolments],
            }
            for event in events
            for account in (event.data,)
        ],
    )


async def find(
    connection: Connection, account_ids: Collection[AccountId]
) -> Mapping[AccountId, Account]:
    """Read the accounts that have been heard of."""
    rows = await connection.fetch(
        """
        SELECT a.account_id, a.version, a.state, a.security_version, a.time_zone, a.patient_ids,
            (
                SELECT merge_id FROM absorptions b WHERE b.absorbed_id = a.account_id
            ) IS NOT NULL AS absorbed
        FROM accounts a
        WHERE a.account_id = ANY ((SELECT $1::uuid[])::uuid[])
        """,
        list(account_ids),
    )
    return {
        row["account_id"]: Account(
            version=row["version"],
            state=AccountState(row["state"]),
            security_version=row["security_version"],
            time_zone=row["time_zone"],
            patient_ids=frozenset(row["patient_ids"]),
            absorbed=row["absorbed"],
        )
        for row in rows
    }
