"""Reset tokens with the accounts they are bound to, as far as recovery has heard (RC-5)."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from services.recovery.grants.model import Proven
from services.recovery.practice_tokens.model import (
    RESET_TOKEN,
    GivenResetToken,
    HandedOver,
    Holder,
    Token,
)
from services.recovery.projections.store.accounts import BY_RESERVED, BY_USERNAME, LIVE
from shared.contracts.envelope import Received
from shared.contracts.identity import AccountChanged, AccountState, EnrolmentState, ResetRoute
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.contracts.practice_settings import PracticeSettings
from shared.db import Connection


async def belongs(tx: Connection, patient_id: PatientId, practice_id: PracticeId) -> bool:
    """Whether it is a record of this practice's."""
    found = await tx.fetchval(
        "SELECT true FROM persons WHERE patient_id = $1 AND practice_id = $2",
        patient_id,
        practice_id,
    )
    return found is not None


async def holder(tx: Connection, practice_id: PracticeId, patient_id: PatientId) -> Holder | None:
    """Find the account of a practice's record, if it is enrolled there; a merged one's survivor."""
    row = await tx.fetchrow(
        """
        SELECT a.account_id, a.state, a.security_version, a.email, a.locale, a.time_zone,
            at.name, at.contact, at.settings::text
        FROM persons p
        LEFT JOIN merges m ON m.absorbed_id = p.account_id
        JOIN accounts a ON a.account_id = coalesce(m.survivor_id, p.account_id)
        JOIN practices at ON at.practice_id = p.practice_id
        WHERE p.patient_id = $2 AND p.practice_id = $1 AND p.practice_id = ANY(a.practices)
        """,
        practice_id,
        patient_id,
    )
    if row is None:
        return None
    return Holder(
        account_id=AccountId(row["account_id"]),
        state=AccountState(row["state"]),
        security_version=row["security_version"],
        email=row["email"],
        locale=row["locale"],
        time_zone=row["time_zone"],
        practice_name=row["name"],
        practice_contact=row["contact"],
        settings=msgspec.json.decode(row["settings"], type=PracticeSettings),
    )


async def note(
    tx: Connection,
    secret_id: UUID,
    *,
    practice_id: PracticeId,
    staff: str | None,
    hashed: str,
) -> None:
    """Keep what a token is compared with, and who gave it; it goes when its secret is swept."""
    await tx.execute(
        """
        INSERT INTO practice_tokens (secret_id, practice_id, staff, hash)
        VALUES ($1, $2, $3, $4)
        """,
        secret_id,
        practice_id,
        staff,
        hashed,
    )


async def find_live(
    connection: Connection, name_digest: bytes, *, now: datetime, holding: bool = False
) -> Token | None:
    """Find the live token of whose username this is, or was; `holding` it until commit.

    The practice that gave it must still have her. A change of credentials or a merge that has been
    heard of voids it; one that has not is refused at identity, by the security version in the
    grant. A name that two go by for the moment is nobody's.
    """
    rows = await connection.fetch(
        f"""
        SELECT s.id, s.digest, s.security_version, s.expires_at, t.hash, a.account_id, a.username
        FROM ({BY_USERNAME} UNION {BY_RESERVED}) AS named
        JOIN accounts a USING (account_id)
        JOIN one_time_secrets s ON s.owner = a.account_id
        JOIN practice_tokens t ON t.secret_id = s.id
        WHERE s.purpose = $2 AND s.state = 'live' AND s.expires_at > $3
          AND {LIVE} AND a.security_version <= s.security_version
          AND t.practice_id = ANY(a.practices)
        {"FOR NO KEY UPDATE OF s" if holding else ""}
        """,  # noqa: S608 - statements of ours
        [name_digest],
        RESET_TOKEN.name,
        now,
    )
    if len(rows) != 1:
        return None
    [row] = rows
    return Token(
        digest=row["digest"],
        hash=row["hash"],
        proven=Proven(
            id=row["id"],
            route=ResetRoute.PRACTICE_TOKEN,
            account_id=AccountId(row["account_id"]),
            username=row["username"],
            security_version=row["security_version"],
            expires_at=row["expires_at"],
        ),
    )


async def void_of_left(tx: Connection, events: Sequence[Received[AccountChanged]]) -> None:
    """Void what a practice gave that has un-enrolled her since, for good: it opens nothing either
    once she is enrolled there again (UN-1).

    Each of the snapshots counts, not the newest alone, since she may be enrolled again by that one;
    and none for what was given after it. Who holds a token at this moment is waited for: were it
    passed over, a wrong guess would keep it.
    """
    told = [
        {
            "account_id": event.data.account_id,
            "at": event.time,
            "practices": [
                enrolment.practice_id
                for enrolment in event.data.enrolments
                if enrolment.state is EnrolmentState.ENROLLED
            ],
        }
        for event in events
    ]
    await tx.execute(
        """
        UPDATE one_time_secrets AS s SET state = 'void', ended_at = left_at.at
        FROM (
            SELECT s.id, told.at
            FROM json_to_recordset($2::text::json)
                AS told (account_id uuid, at timestamptz, practices uuid[])
            JOIN one_time_secrets s ON s.owner = told.account_id
            JOIN practice_tokens t ON t.secret_id = s.id
            WHERE s.purpose = $1 AND s.state = 'live' AND s.issued_at <= told.at
              AND t.practice_id <> ALL (told.practices)
            ORDER BY s.id
            FOR UPDATE OF s
        ) AS left_at
        WHERE s.id = left_at.id AND s.state = 'live'
        """,
        RESET_TOKEN.name,
        msgspec.json.encode(told).decode(),
    )


async def given(
    connection: Connection, practice_id: PracticeId, patient_id: PatientId, *, now: datetime
) -> Sequence[GivenResetToken]:
    """Find what this practice gave its patient and still opens her account, as far as is heard."""
    rows = await connection.fetch(
        f"""
        SELECT s.sent_to, t.staff, s.issued_at, s.expires_at
        FROM persons p
        LEFT JOIN merges m ON m.absorbed_id = p.account_id
        JOIN accounts a ON a.account_id = coalesce(m.survivor_id, p.account_id)
        JOIN one_time_secrets s ON s.owner = a.account_id
        JOIN practice_tokens t ON t.secret_id = s.id
        WHERE p.patient_id = $3 AND p.practice_id = $2 AND t.practice_id = $2
          AND s.purpose = $1 AND s.state = 'live' AND s.expires_at > $4
          AND {LIVE} AND a.security_version <= s.security_version AND $2 = ANY(a.practices)
        """,  # noqa: S608 - a clause of ours
        RESET_TOKEN.name,
        practice_id,
        patient_id,
        now,
    )
    return [
        GivenResetToken(
            handed_over=HandedOver(row["sent_to"]),
            staff_id=row["staff"],
            issued_at=row["issued_at"],
            expires_at=row["expires_at"],
        )
        for row in rows
    ]


async def is_of_practice(tx: Connection, account_id: AccountId, practice_id: PracticeId) -> bool:
    """Whether the account's live token is this practice's, which is held until commit."""
    found = await tx.fetchval(
        """
        SELECT true
        FROM one_time_secrets s JOIN practice_tokens t ON t.secret_id = s.id
        WHERE s.purpose = $1 AND s.owner = $2 AND s.state = 'live' AND t.practice_id = $3
        FOR NO KEY UPDATE OF s
        """,
        RESET_TOKEN.name,
        account_id,
        practice_id,
    )
    return found is not None


async def count_under_other_peppers(connection: Connection, known: tuple[str, ...]) -> int:
    """How many live tokens name none of these peppers."""
    count: int = await connection.fetchval(
        """
        SELECT count(*)
        FROM practice_tokens t JOIN one_time_secrets s ON s.id = t.secret_id
        WHERE s.state = 'live' AND split_part(t.hash, '$', 4) <> ALL ($1)
        """,
        list(known),
    )
    return count
