"""Whose e-mails a delivery is one of: the ledger's row with the record that it was for (NT-7)."""

from services.notify.ledger.model import DeliveryId
from services.notify.preferences.model import offered
from services.notify.unsubscriptions.model import Subscription
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.contracts.notify import Topic
from shared.db import Connection

# The record is of the account that was written to, or of the one that absorbed it: while a merge is
# on its way, of both. Of an account that got it otherwise the link says nothing.
OF_DELIVERY = """
    SELECT known.account_id, d.practice_id, d.patient_id, d.topic, practices.name,
        practices.channels
    FROM deliveries AS d
    JOIN practices ON practices.id = d.practice_id
    LEFT JOIN merged_accounts AS merged ON merged.absorbed_id = d.account_id
    JOIN patient_records AS known
        ON known.patient_id = d.patient_id AND known.practice_id = d.practice_id
        AND known.account_id IN (d.account_id, merged.survivor_id)
    WHERE d.id = $1 AND NOT EXISTS (
        SELECT FROM patient_records AS theirs JOIN accounts ON accounts.id = theirs.account_id
        WHERE theirs.patient_id = d.patient_id AND theirs.practice_id = d.practice_id
          AND theirs.state = 'enrolled' AND accounts.state <> 'merged'
          AND theirs.account_id <> d.account_id
          AND theirs.account_id IS DISTINCT FROM merged.survivor_id
          AND NOT EXISTS (
              SELECT FROM accounts WHERE id = d.account_id AND state = 'merged'
          )
    )
    ORDER BY known.account_id = d.account_id LIMIT 1
"""


async def find(
    connection: Connection, delivery_id: DeliveryId, *, texts: bool
) -> Subscription | None:
    """Return what a delivery's link stands for. None: nothing, or nothing any more."""
    return await _found(connection, OF_DELIVERY, delivery_id, texts=texts)


async def hold(tx: Connection, delivery_id: DeliveryId, *, texts: bool) -> Subscription | None:
    """The same, and hold its record until commit, as who chooses for it does."""
    statement = f"{OF_DELIVERY} FOR NO KEY UPDATE OF known"
    return await _found(tx, statement, delivery_id, texts=texts)


async def _found(
    connection: Connection, statement: str, delivery_id: DeliveryId, *, texts: bool
) -> Subscription | None:
    row = await connection.fetchrow(statement, delivery_id)
    if row is None:
        return None
    return Subscription(
        practice_id=PracticeId(row["practice_id"]),
        practice_name=row["name"],
        offers=offered(row["channels"], texts=texts),
        patient_id=PatientId(row["patient_id"]),
        topic=Topic(row["topic"]),
        account_id=AccountId(row["account_id"]),
    )
