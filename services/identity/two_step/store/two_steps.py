"""Two-step verification in the database: each statement decides its own race (MF-1, MF-3)."""

from collections.abc import Sequence
from datetime import datetime

from services.identity.two_step.model import CodesSalt, KeptSecret, Pending, TwoStep
from shared.contracts.identity import TwoStepMode
from shared.contracts.ids import AccountId, SessionId
from shared.db import Connection, Row


async def find(tx: Connection, account_id: AccountId) -> TwoStep | None:
    """How an account stands with it; None: it never began."""
    row = await tx.fetchrow(
        """
        SELECT t.*, (
            SELECT count(*) FROM recovery_codes c
            WHERE c.account_id = t.account_id AND c.used_at IS NULL
        ) AS codes_left, (
            SELECT count(*) FROM passkeys p
            WHERE p.account_id = t.account_id AND p.ended_at IS NULL AND p.suspended_at IS NULL
        ) AS passkeys
        FROM two_steps t WHERE t.account_id = $1
        """,
        account_id,
    )
    return _two_step(row) if row else None


async def only_of(tx: Connection, account_id: AccountId, *, not_of: AccountId) -> bool:
    """Whether the one account has two-step on, and the other does not (MG-5)."""
    return bool(
        await tx.fetchval(
            """
            SELECT coalesce(array_agg(account_id), '{}') = ARRAY[$1::uuid] FROM two_steps
            WHERE account_id IN ($1, $2) AND on_since IS NOT NULL
            """,
            account_id,
            not_of,
        )
    )


async def hold(tx: Connection, account_id: AccountId) -> None:
    """Let nobody else change the row until this transaction is over; there may be none."""
    await tx.execute("SELECT FROM two_steps WHERE account_id = $1 FOR UPDATE", account_id)


async def begin(tx: Connection, account_id: AccountId, pending: Pending) -> None:
    """Keep the secret of an app that is to be set up, in place of one that was not."""
    await tx.execute(
        """
        INSERT INTO two_steps (account_id, pending_sealed, pending_session, pending_until)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (account_id) DO UPDATE SET
            pending_sealed = excluded.pending_sealed,
            pending_session = excluded.pending_session,
            pending_until = excluded.pending_until
        """,
        account_id,
        pending.sealed,
        pending.session_id,
        pending.until,
    )


async def confirm(
    tx: Connection, account_id: AccountId, pending: Pending, *, step: int, now: datetime
) -> bool:
    """Let the app that was set up be the account's, its first code used up. False: it is over."""
    confirmed = await tx.fetchval(
        """
        UPDATE two_steps SET
            on_since = coalesce(on_since, $5), app_sealed = pending_sealed, last_step = $4,
            pending_sealed = NULL, pending_session = NULL, pending_until = NULL
        WHERE account_id = $1 AND pending_sealed = $2 AND pending_session = $3
          AND pending_until > $5
        RETURNING account_id
        """,
        account_id,
        pending.sealed,
        pending.session_id,
        step,
        now,
    )
    return confirmed is not None


async def turn_on(tx: Connection, account_id: AccountId, *, now: datetime) -> bool:
    """Let it be on by passkeys alone, if one counts. False: it was on, or none does."""
    turned_on = await tx.fetchval(
        """
        INSERT INTO two_steps AS t (account_id, on_since)
        SELECT $1, $2 WHERE EXISTS (
            SELECT FROM passkeys
            WHERE account_id = $1 AND ended_at IS NULL AND suspended_at IS NULL
        )
        ON CONFLICT (account_id) DO UPDATE SET on_since = excluded.on_since
        WHERE t.on_since IS NULL
        RETURNING true
        """,
        account_id,
        now,
    )
    return turned_on is not None


async def take_step(tx: Connection, account_id: AccountId, step: int, *, now: datetime) -> bool:
    """Use a step up, and with it all before: of A, B and A again the last is refused."""
    taken = await tx.fetchval(
        """
        UPDATE two_steps SET last_step = $2
        WHERE account_id = $1 AND last_step < $2
          AND (locked_until IS NULL OR locked_until <= $3)
        RETURNING account_id
        """,
        account_id,
        step,
        now,
    )
    return taken is not None


async def lock(tx: Connection, account_id: AccountId, *, until: datetime) -> None:
    """Take no code until then."""
    await tx.execute(
        "UPDATE two_steps SET locked_until = $2 WHERE account_id = $1", account_id, until
    )


async def set_mode(tx: Connection, account_id: AccountId, mode: TwoStepMode) -> bool:
    """Choose when it is asked for. False: it was so before."""
    changed = await tx.fetchval(
        """
        UPDATE two_steps SET mode = $2
        WHERE account_id = $1 AND on_since IS NOT NULL AND mode <> $2
        RETURNING true
        """,
        account_id,
        mode,
    )
    return changed is not None


async def secrets(tx: Connection) -> tuple[KeptSecret, ...]:
    """Every app's secret, those that are being set up too."""
    rows = await tx.fetch(
        """
        SELECT account_id, sealed
        FROM two_steps, unnest(ARRAY[app_sealed, pending_sealed]) AS sealed
        WHERE sealed IS NOT NULL
        """
    )
    return tuple(
        KeptSecret(account_id=AccountId(row["account_id"]), sealed=row["sealed"]) for row in rows
    )


async def seal_again(tx: Connection, before: Sequence[KeptSecret], after: Sequence[bytes]) -> None:
    """Replace each by the same under another key, where it stands yet."""
    for column in ("app_sealed", "pending_sealed"):
        await tx.execute(
            f"""
            UPDATE two_steps AS t SET {column} = renewed.after
            FROM unnest($1::uuid[], $2::bytea[], $3::bytea[]) AS renewed (account_id, before, after)
            WHERE t.account_id = renewed.account_id AND t.{column} = renewed.before
            """,  # noqa: S608 - columns of ours
            [each.account_id for each in before],
            [each.sealed for each in before],
            list(after),
        )


async def turn_off(tx: Connection, account_id: AccountId) -> bool:
    """Forget app, codes and lock, and what is being set up. False: two-step was not on."""
    was_on = await tx.fetchval(
        "DELETE FROM two_steps WHERE account_id = $1 RETURNING on_since IS NOT NULL", account_id
    )
    return bool(was_on)


def _two_step(row: Row) -> TwoStep:
    pending = None
    if row["pending_sealed"] is not None:
        pending = Pending(
            sealed=row["pending_sealed"],
            session_id=SessionId(row["pending_session"]),
            until=row["pending_until"],
        )
    salt = None
    if row["codes_salt"] is not None:
        salt = CodesSalt(salt=row["codes_salt"], pepper_id=row["codes_pepper"])
    return TwoStep(
        account_id=AccountId(row["account_id"]),
        on_since=row["on_since"],
        app_sealed=row["app_sealed"],
        pending=pending,
        codes_salt=salt,
        codes_left=row["codes_left"],
        passkeys=row["passkeys"],
        locked_until=row["locked_until"],
        mode=TwoStepMode(row["mode"]),
    )
