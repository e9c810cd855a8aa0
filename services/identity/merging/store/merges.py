"""Merges in the database: decided once, and what each account leaves to the other (MG-5)."""

from collections.abc import Collection
from datetime import datetime

from shared import locks
from shared.contracts.identity import MergeRefusal, ReviewRefusal
from shared.contracts.ids import AccountId, MergeId
from shared.db import Connection


async def line_up(tx: Connection) -> bool:
    """Let one transaction at a time decide merges, over all replicas.

    True where this one may wait for accounts. False where it has decided some merges already: then
    it holds records, names and sessions, and must wait for none.
    What a savepoint takes back is forgotten here as well.
    """
    before: str | None = await tx.fetchval(
        """
        WITH before AS MATERIALIZED (SELECT current_setting('portico.merging', true) AS merging)
        SELECT merging, set_config('portico.merging', 'on', true) FROM before
        """
    )
    await locks.hold(tx, "merges")
    return before != "on"


async def begin(
    tx: Connection,
    merge_id: MergeId,
    *,
    survivor_id: AccountId,
    absorbed_id: AccountId,
    now: datetime,
) -> bool:
    """Take the merge to decide it. False where it was decided before."""
    taken = await tx.fetchval(
        """
        INSERT INTO merges (id, survivor_id, absorbed_id, decided_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (id) DO NOTHING
        RETURNING id
        """,
        merge_id,
        survivor_id,
        absorbed_id,
        now,
    )
    return taken is not None


async def refuse(tx: Connection, merge_id: MergeId, refusal: MergeRefusal | ReviewRefusal) -> None:
    """Note why nothing was merged."""
    await tx.execute("UPDATE merges SET refusal = $2 WHERE id = $1", merge_id, refusal)


async def hold(tx: Connection, account_ids: Collection[AccountId], *, wait: bool) -> set[AccountId]:
    """Hold these accounts, and those they absorbed before, in the order of their ids.

    Without waiting, the statement fails where another transaction holds one.
    """
    rows = await tx.fetch(
        f"""
        SELECT id FROM accounts
        WHERE id = ANY($1) OR merged_into = ANY($1)
        ORDER BY id
        FOR NO KEY UPDATE {"" if wait else "NOWAIT"}
        """,  # noqa: S608 - columns of ours
        account_ids,
    )
    return {AccountId(row["id"]) for row in rows}


async def absorb(tx: Connection, absorbed_id: AccountId, survivor_id: AccountId) -> None:
    """End the account for good, with all that its credentials vouched for; flatten the chain."""
    await tx.execute(
        """
        UPDATE accounts
        SET state = 'merged', merged_into = $2,
            version = version + 1, security_version = security_version + 1
        WHERE id = $1
        """,
        absorbed_id,
        survivor_id,
    )
    await tx.execute(
        "UPDATE accounts SET merged_into = $2 WHERE merged_into = $1", absorbed_id, survivor_id
    )


async def leave_names(
    tx: Connection, absorbed_id: AccountId, survivor_id: AccountId, *, now: datetime
) -> None:
    """Every name counts as the survivor's; the username goes on only as a merged one (ID-4), and
    an address that was replaced is never the survivor's to have back. Each is the survivor's since
    now, so that a freeze by an earlier link takes an address away (RC-9).
    """
    await tx.execute(
        """
        UPDATE log_on_names
        SET account_id = $2, address = NULL, created_at = $3,
            kind = CASE WHEN kind = 'username' THEN 'merged' ELSE kind END,
            absorbed_id = CASE WHEN kind = 'username' THEN $1 ELSE absorbed_id END
        WHERE account_id = $1
        """,
        absorbed_id,
        survivor_id,
        now,
    )


async def leave_email(tx: Connection, absorbed_id: AccountId, survivor_id: AccountId) -> None:
    """The verified address becomes the survivor's, who has none; what it had claimed is over."""
    await tx.execute(
        "DELETE FROM account_emails WHERE account_id = ANY($1) AND state = 'claimed'",
        [absorbed_id, survivor_id],
    )
    await tx.execute(
        "UPDATE account_emails SET account_id = $2 WHERE account_id = $1",
        absorbed_id,
        survivor_id,
    )


async def leave_waiver(tx: Connection, absorbed_id: AccountId, survivor_id: AccountId) -> None:
    """A practice's word that she has no e-mail goes on."""
    await tx.execute(
        """
        UPDATE accounts SET email_waived = true
        WHERE id = $2 AND (SELECT email_waived FROM accounts WHERE id = $1)
        """,
        absorbed_id,
        survivor_id,
    )


async def leave_validation(tx: Connection, absorbed_id: AccountId, survivor_id: AccountId) -> None:
    """What either has used of the one validation is used (RC-6)."""
    await tx.execute(
        """
        UPDATE accounts
        SET validated_at = greatest(validated_at, absorbed.at)
        FROM (SELECT validated_at AS at FROM accounts WHERE id = $1) AS absorbed
        WHERE id = $2
        """,
        absorbed_id,
        survivor_id,
    )


async def free_email(tx: Connection, absorbed_id: AccountId) -> None:
    """Whoever can read its mail may verify the address, the survivor too."""
    await tx.execute("DELETE FROM account_emails WHERE account_id = $1", absorbed_id)
    await tx.execute(
        "DELETE FROM log_on_names WHERE account_id = $1 AND kind = 'email'", absorbed_id
    )
