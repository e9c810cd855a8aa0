"""Devices in the database: made, believed, and void (MF-2). A row of an account is written with the
account held, but for the one statement that counts a log-on (LG-2).
"""

from datetime import datetime

from services.identity.devices.model import KNOWN_FOR, MOST, TRUSTED_FOR, Arrival, Device
from services.identity.sessions.model import Described, DeviceId
from services.identity.sessions.store.lives import known, trusted
from shared.contracts.ids import AccountId
from shared.db import Connection


async def hold(
    tx: Connection,
    account_id: AccountId,
    digest: bytes | None,
    device_id: DeviceId | None,
    *,
    now: datetime,
) -> Arrival | None:
    """Hold a known device of this account, by its secret or, without one, its id; None: it is none
    of its.

    Before the lock of the account's password, as a log-on does, so that two never deadlock.
    """
    row = await tx.fetchrow(
        f"""
        SELECT d.id, {trusted("$3")} AS trusted FROM devices d
        WHERE (d.digest = $2 OR $2::bytea IS NULL AND d.id = $4)
          AND d.account_id = $1 AND {known("$3")}
        FOR NO KEY UPDATE
        """,  # noqa: S608 - conditions of ours
        account_id,
        digest,
        now,
        device_id,
    )
    if row is None:
        return None
    return Arrival(id=DeviceId(row["id"]), known=True, trusted=row["trusted"])


async def make(
    tx: Connection,
    account_id: AccountId,
    device_id: DeviceId,
    digest: bytes,
    described: Described,
    *,
    now: datetime,
) -> None:
    """Keep a device on which the first full session begins; past MOST the one unused longest goes.

    One that a log-on counts on at this moment is left for the next time.
    """
    await tx.execute(
        """
        WITH most AS (
            SELECT id FROM devices WHERE account_id = $2
            ORDER BY used_at DESC, id OFFSET $8 - 1
        ), gone AS (
            DELETE FROM devices WHERE id IN (
                SELECT id FROM devices WHERE id IN (SELECT id FROM most)
                FOR UPDATE SKIP LOCKED
            )
        )
        INSERT INTO devices (id, account_id, digest, name, agent, made_at, used_at, known_until)
        VALUES ($1, $2, $3, $4, $5, $6, $6, $6::timestamptz + $7::interval)
        """,
        device_id,
        account_id,
        digest,
        described.device_name,
        described.agent,
        now,
        KNOWN_FOR,
        MOST,
    )


async def use(tx: Connection, device_id: DeviceId, described: Described, *, now: datetime) -> None:
    """Note that another full session begins on one that is known, and held."""
    await tx.execute(
        """
        UPDATE devices
        SET used_at = $2, known_until = $2::timestamptz + $3::interval, agent = coalesce($4, agent)
        WHERE id = $1
        """,
        device_id,
        now,
        KNOWN_FOR,
        described.agent,
    )


async def trust(tx: Connection, device_id: DeviceId, *, now: datetime) -> datetime | None:
    """Trust one until the time that is returned; None: two-step is not on for new devices only."""
    until: datetime | None = await tx.fetchval(
        """
        UPDATE devices AS d
        SET trusted_until = $2::timestamptz + $3::interval, trusted_version = a.security_version
        FROM accounts a JOIN two_steps t ON t.account_id = a.id
        WHERE d.id = $1 AND a.id = d.account_id
          AND t.on_since IS NOT NULL AND t.mode = 'new-devices'
        RETURNING d.trusted_until
        """,
        device_id,
        now,
        TRUSTED_FOR,
    )
    return until


async def list_known(tx: Connection, account_id: AccountId, *, now: datetime) -> tuple[Device, ...]:
    """An account's known devices, the one used last first."""
    rows = await tx.fetch(
        f"""
        SELECT d.id, d.name, d.agent, d.made_at, d.used_at,
            CASE WHEN {trusted("$2")} THEN d.trusted_until END AS trusted_until
        FROM devices d WHERE d.account_id = $1 AND {known("$2")}
        ORDER BY d.used_at DESC, d.id
        """,  # noqa: S608 - conditions of ours
        account_id,
        now,
    )
    return tuple(Device(**row) for row in rows)


async def rename(
    tx: Connection, account_id: AccountId, device_id: DeviceId, name: str, *, now: datetime
) -> bool:
    """Call a known device so. False: there is none of this id."""
    renamed = await tx.fetchval(
        f"""
        UPDATE devices AS d SET name = $3
        WHERE d.id = $2 AND d.account_id = $1 AND {known("$4")}
        RETURNING true
        """,  # noqa: S608 - a condition of ours
        account_id,
        device_id,
        name,
        now,
    )
    return renamed is not None


async def void(
    tx: Connection, account_id: AccountId, device_id: DeviceId, *, now: datetime
) -> bool:
    """Make a known device void. False: there is none of this id."""
    voided = await tx.fetchval(
        f"""
        UPDATE devices AS d SET voided_at = $3, known_until = $3
        WHERE d.id = $2 AND d.account_id = $1 AND {known("$3")}
        RETURNING true
        """,  # noqa: S608 - a condition of ours
        account_id,
        device_id,
        now,
    )
    return voided is not None


async def void_all(tx: Connection, account_id: AccountId, *, now: datetime) -> None:
    """Make every device void: known no more, and not trusted (RC-9, MG-5)."""
    await tx.execute(
        """
        UPDATE devices SET voided_at = $2, known_until = least(known_until, $2)
        WHERE account_id = $1 AND voided_at IS NULL
        """,
        account_id,
        now,
    )


async def void_trust(tx: Connection, account_id: AccountId) -> None:
    """Trust none any more; they stay known. What changes a credential need not call it."""
    await tx.execute(
        """
        UPDATE devices SET trusted_until = NULL, trusted_version = NULL
        WHERE account_id = $1 AND trusted_until IS NOT NULL
        """,
        account_id,
    )


async def keep_trust(tx: Connection, account_id: AccountId) -> None:
    """Let trust outlive the change of credentials that comes next, which adds one to the account's
    security version (MF-9). The account is held.
    """
    await tx.execute(
        """
        UPDATE devices AS d SET trusted_version = a.security_version + 1
        FROM accounts a
        WHERE a.id = $1 AND d.account_id = $1 AND d.trusted_version = a.security_version
        """,
        account_id,
    )


async def sweep(tx: Connection, *, before: datetime, limit: int) -> int:
    """Forget what is known no more, past locked ones."""
    rows = await tx.fetch(
        """
        DELETE FROM devices WHERE id IN (
            SELECT id FROM devices WHERE known_until <= $1
            ORDER BY known_until LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        RETURNING id
        """,
        before,
        limit,
    )
    return len(rows)
