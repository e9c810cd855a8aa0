"""What goes along as rows, where a record stands for another or an account for another (MG-5)."""

from collections.abc import Collection, Sequence

from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.db import Connection


async def leave(
    tx: Connection,
    practice_id: PracticeId,
    patient_ids: Sequence[PatientId],
    *,
    to_patient_id: PatientId,
) -> None:
    """Give what was chosen for the first of these that has anything to another record of the
    practice that has nothing. Who chooses for that one just now is before or after.
    """
    await tx.execute(
        """
        SELECT FROM patient_records WHERE patient_id = $1 AND practice_id = $2
        ORDER BY account_id FOR NO KEY UPDATE
        """,
        to_patient_id,
        practice_id,
    )
    await tx.execute(
        """
        UPDATE notification_preferences SET patient_id = $3
        WHERE practice_id = $1 AND patient_id = (
            SELECT chosen.patient_id
            FROM unnest($2::uuid[]) WITH ORDINALITY AS given_up (patient_id, place)
            JOIN notification_preferences AS chosen USING (patient_id)
            WHERE chosen.practice_id = $1
            ORDER BY given_up.place
            LIMIT 1
        ) AND NOT EXISTS (
            SELECT FROM notification_preferences WHERE practice_id = $1 AND patient_id = $3
        )
        """,
        practice_id,
        list(patient_ids),
        to_patient_id,
    )


async def take_over(
    tx: Connection, *, survivor_id: AccountId, absorbed_id: AccountId
) -> Collection[AccountId]:
    """Give the survivor those that a practice writes to, and forget the others: preferences follow
    their practices (MG-5). They may be more than five then, and one of them there twice. Return
    whose addresses are others now.

    One that is chosen for just now is held, or holds: then this is tried again.
    """
    moved = await tx.fetch(
        """
        UPDATE notification_addresses AS known SET account_id = coalesce(
            (SELECT survivor_id FROM merged_accounts WHERE absorbed_id = $1), $1
        )
        WHERE account_id = $2 AND EXISTS (
            SELECT FROM notification_preferences WHERE address_id = known.id
        )
        RETURNING account_id
        """,
        survivor_id,
        absorbed_id,
    )
    forgotten = await tx.fetch(
        "DELETE FROM notification_addresses WHERE account_id = $1 RETURNING account_id", absorbed_id
    )
    changed = {AccountId(row["account_id"]) for row in (*moved, *forgotten)}
    return changed | {absorbed_id} if changed else changed
