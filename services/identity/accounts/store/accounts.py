"""Accounts in the database. Each change others may see adds one to the version, in one UPDATE.

One piece: whoever reads an account reads all of its columns.
"""

from datetime import datetime

from services.identity.accounts.model import (
    Absorbed,
    Account,
    AccountEmail,
    AccountEnrolment,
    AccountView,
    Credentials,
    EmailState,
    HeldAccount,
    NewAccount,
)
from shared.contracts.identity import AccountState, EnrolmentState
from shared.contracts.ids import AccountId
from shared.db import Connection, Row

_ACCOUNT = """
    id, state, version, security_version, username, locale, time_zone, email_waived,
    reset_by_practice, questions_set, frozen_in, reopened, validated_at
"""
_CREDENTIALS = """
    a.id, a.state, a.security_version, a.password_hash, a.history_salt
"""


async def add(tx: Connection, account: NewAccount) -> None:
    """Insert an active account at version 1."""
    await tx.execute(
        """
        INSERT INTO accounts (
            id, state, version, security_version, username, password_hash, history_salt,
            locale, time_zone, created_at
        )
        VALUES ($1, 'active', 1, 1, $2, $3, $4, $5, $6, $7)
        """,
        account.id,
        account.username,
        account.password_hash,
        account.history_salt,
        account.locale,
        account.time_zone,
        account.created_at,
    )


async def view(tx: Connection, account_id: AccountId) -> AccountView | None:
    """Look up the account with its addresses, enrolments and reserved names."""
    found = await tx.fetchrow(
        f"""
        SELECT {_ACCOUNT}, ARRAY(
            SELECT name_key FROM log_on_names
            WHERE account_id = accounts.id AND kind = 'reserved' ORDER BY name_key
        ) AS reserved, (
            SELECT t.version FROM terms_acceptances t WHERE t.account_id = accounts.id
            ORDER BY t.accepted_at DESC, t.version DESC LIMIT 1
        ) AS terms_version
        FROM accounts WHERE id = $1
        """,  # noqa: S608 - columns of ours
        account_id,
    )
    if found is None:
        return None
    emails = await tx.fetch(
        "SELECT address, state FROM account_emails WHERE account_id = $1 ORDER BY state DESC",
        account_id,
    )
    enrolments = await tx.fetch(
        """
        SELECT c.id, c.name, c.contact, e.patient_id, e.state,
            c.settings ->> 'security_questions' IS DISTINCT FROM 'false' AS asks_questions,
            num_nulls(p.home_phone, p.address) = 0 AS can_validate
        FROM enrolments e
        JOIN patients p ON p.id = e.patient_id
        JOIN practices c ON c.id = p.practice_id
        WHERE e.account_id = $1
        ORDER BY e.enrolled_at, e.patient_id
        """,
        account_id,
    )
    return AccountView(
        account=_account(found),
        reserved=tuple(found["reserved"]),
        terms_version=found["terms_version"],
        emails=tuple(
            AccountEmail(address=row["address"], state=EmailState(row["state"])) for row in emails
        ),
        enrolments=tuple(
            AccountEnrolment(
                practice_id=row["id"],
                practice_name=row["name"],
                practice_contact=row["contact"],
                patient_id=row["patient_id"],
                state=EnrolmentState(row["state"]),
                asks_questions=row["asks_questions"],
                can_validate=row["can_validate"],
            )
            for row in enrolments
        ),
    )


async def credentials(tx: Connection, account_id: AccountId) -> Credentials | None:
    """What a password is compared with, by account."""
    row = await tx.fetchrow(
        f"SELECT {_CREDENTIALS}, true AS opens "  # noqa: S608 - columns of ours
        "FROM accounts a WHERE a.id = $1",
        account_id,
    )
    return _credentials(row) if row else None


async def credentials_by_name(tx: Connection, name_key: str) -> Credentials | None:
    """What a password is compared with, by a name (ID-4).

    A merged name still stands for the account it was of, whose holder is told where to log on; a
    reserved one for its holder's, whom guesses are counted on.
    """
    row = await tx.fetchrow(
        f"""
        SELECT {_CREDENTIALS}, n.kind <> 'reserved' AS opens
        FROM log_on_names n JOIN accounts a ON a.id = coalesce(n.absorbed_id, n.account_id)
        WHERE n.name_key = $1
        """,  # noqa: S608 - columns of ours
        name_key,
    )
    return _credentials(row) if row else None


async def rename(tx: Connection, account_id: AccountId, username: str) -> None:
    """Replace the username of an account that is held, whose names have been settled."""
    await tx.execute("UPDATE accounts SET username = $2 WHERE id = $1", account_id, username)


async def place(
    tx: Connection, account_id: AccountId, *, locale: str | None, time_zone: str | None
) -> bool:
    """Set how its holder is written to; False where it was so already."""
    changed = await tx.fetchval(
        """
        UPDATE accounts SET locale = coalesce($2, locale), time_zone = coalesce($3, time_zone)
        WHERE id = $1 AND (locale <> $2 OR time_zone <> $3)
        RETURNING true
        """,
        account_id,
        locale,
        time_zone,
    )
    return changed is not None


async def waive_email(tx: Connection, account_id: AccountId, *, waived: bool) -> None:
    """Note whether an account e-mail is not to be required of its holder (RC-6)."""
    await tx.execute("UPDATE accounts SET email_waived = $2 WHERE id = $1", account_id, waived)


async def answer_two_step(tx: Connection, account_id: AccountId) -> None:
    """Offer two-step no more: it was declined, or taken up (LG-3)."""
    await tx.execute("UPDATE accounts SET two_step_answered = true WHERE id = $1", account_id)


async def require_new_password(tx: Connection, account_id: AccountId) -> None:
    """Have each log-on ask for a new password until one is set (ID-3)."""
    await tx.execute("UPDATE accounts SET new_password_due = true WHERE id = $1", account_id)


async def change(tx: Connection, account_id: AccountId) -> None:
    """Count a change that others may see, and hold the row until commit."""
    await tx.execute("UPDATE accounts SET version = version + 1 WHERE id = $1", account_id)


async def hold(tx: Connection, account_id: AccountId) -> None:
    """Hold the account's row until commit, so that what is counted for it is counted exactly."""
    await tx.execute("SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE", account_id)


async def hold_if_unchanged(
    tx: Connection, account_id: AccountId, *, security_version: int, proven: bool
) -> HeldAccount | Absorbed | None:
    """Hold an account whose credentials are still those that were compared.

    A reset or a merge waits for this transaction or has won already. Where nothing was proven the
    statement is the same and holds nothing. A frozen account is as good as unproven (RC-9).
    """
    row = await tx.fetchrow(
        """
        SELECT id, state, version FROM accounts
        WHERE id = $1 AND security_version = $2 AND state IN ('active', 'merged') AND $3
        FOR NO KEY UPDATE
        """,
        account_id,
        security_version,
        proven,
    )
    if row is None:
        return None
    if AccountState(row["state"]) is AccountState.MERGED:
        return Absorbed(account_id=row["id"])
    return HeldAccount(account_id=row["id"], version=row["version"])


async def survivor(tx: Connection, absorbed_id: AccountId) -> Account:
    """The account that a merged one is part of now."""
    row = await tx.fetchrow(
        f"""
        SELECT {_ACCOUNT} FROM accounts
        WHERE id = (SELECT merged_into FROM accounts WHERE id = $1)
        """,  # noqa: S608 - columns of ours
        absorbed_id,
    )
    assert row is not None, "a merged account names its survivor"  # noqa: S101
    return _account(row)


async def set_password(
    tx: Connection,
    account_id: AccountId,
    password_hash: str,
    *,
    security_version: int,
    by_practice: bool = False,
    validated_at: datetime | None = None,
) -> int | None:
    """Replace the password where no credential has changed since; return the security version.

    After a freeze nothing but a practice's token does (RC-9). By validation, which is now where its
    time is given, it is done once, and only while there is neither a verified account e-mail nor
    five questions (RC-6). The account is held before: an e-mail that is being verified is seen.
    """
    version: int | None = await tx.fetchval(
        """
        UPDATE accounts
        SET password_hash = $2, security_version = security_version + 1, version = version + 1,
            reset_by_practice = false, new_password_due = false,
            validated_at = coalesce(validated_at, $5)
        WHERE id = $1 AND security_version = $3 AND state = 'active'
          AND (NOT reset_by_practice OR $4)
          AND ($5::timestamptz IS NULL OR validated_at IS NULL AND NOT questions_set
              AND NOT EXISTS (
                  SELECT FROM account_emails e
                  WHERE e.account_id = accounts.id AND e.state = 'verified'
              ))
        RETURNING security_version
        """,
        account_id,
        password_hash,
        security_version,
        by_practice,
        validated_at,
    )
    return version


async def is_current(tx: Connection, account_id: AccountId, *, security_version: int) -> bool:
    """Whether no credential of an active account has changed since."""
    return bool(
        await tx.fetchval(
            """
            SELECT true FROM accounts
            WHERE id = $1 AND security_version = $2 AND state = 'active' AND NOT reset_by_practice
            """,
            account_id,
            security_version,
        )
    )


async def change_credential(tx: Connection, account_id: AccountId) -> None:
    """Void every link, grant and proof made before: call it with the account held."""
    await tx.execute(
        "UPDATE accounts SET security_version = security_version + 1 WHERE id = $1", account_id
    )


def _account(row: Row) -> Account:
    return Account(
        id=row["id"],
        state=AccountState(row["state"]),
        version=row["version"],
        security_version=row["security_version"],
        username=row["username"],
        locale=row["locale"],
        time_zone=row["time_zone"],
        email_waived=row["email_waived"],
        reset_by_practice=row["reset_by_practice"],
        questions_set=row["questions_set"],
        frozen_in=row["frozen_in"],
        reopened=row["reopened"],
        validated_at=row["validated_at"],
    )


def _credentials(row: Row) -> Credentials:
    return Credentials(
        account_id=row["id"],
        state=AccountState(row["state"]),
        security_version=row["security_version"],
        password_hash=row["password_hash"],
        history_salt=row["history_salt"],
        opens=row["opens"],
    )
