"""Where sessions stand, read as everything is in this second (LG-3, SE-4)."""

from collections.abc import Sequence

from msgspec.json import decode

from services.identity.sessions.model import Shown
from services.identity.sessions.reach import AskedStep, GateName, SeenPractice, Sight, Standing
from services.identity.sessions.store.lives import takes
from shared.contracts.ids import SessionId
from shared.db import Connection, Row

CURRENT_TERMS = "SELECT version FROM terms ORDER BY place DESC LIMIT 1"
STANDING = """
    a.version AS account_version, s.second_step_due, s.terms_due, s.skipped,
    a.new_password_due,
    NOT a.questions_set AND NOT EXISTS (
        SELECT FROM enrolments e
        JOIN patients p ON p.id = e.patient_id
        JOIN practices c ON c.id = p.practice_id
        WHERE e.account_id = a.id AND e.state = 'enrolled'
          AND c.settings ->> 'security_questions' = 'false'
    ) AS questions_due,
    a.validated_at IS NOT NULL AND NOT a.email_waived AS email_required,
    NOT a.two_step_answered AND NOT EXISTS (
        SELECT FROM two_steps t WHERE t.account_id = a.id AND t.on_since IS NOT NULL
    ) AS two_step_offered,
    EXISTS (
        SELECT FROM enrolments e WHERE e.account_id = a.id AND e.state = 'enrolled'
    ) AS enrolled,
    EXISTS (
        SELECT FROM account_emails e WHERE e.account_id = a.id AND e.state = 'verified'
    ) AS email_verified,
    EXISTS (
        SELECT FROM session_disclaimers d WHERE d.session_id = s.id AND d.answer IS NULL
    ) AS disclaimers_due,
    CASE WHEN s.second_step_due THEN (
        SELECT json_build_object('mode', t.mode, 'means', array_remove(ARRAY[
            CASE WHEN t.app_sealed IS NOT NULL THEN 'app' END,
            CASE WHEN EXISTS (
                SELECT FROM passkeys p WHERE p.account_id = a.id AND p.ended_at IS NULL
                  AND (p.suspended_at IS NULL OR s.begun_by @> '{password-reset}')
            ) THEN 'passkey' END,
            CASE WHEN EXISTS (
                SELECT FROM recovery_codes c WHERE c.account_id = a.id AND c.used_at IS NULL
            ) THEN 'recovery-code' END
        ], NULL))
        FROM two_steps t WHERE t.account_id = a.id
    ) END AS step,
    s.begun_by && '{password,password-reset,password-change}' AND EXISTS (
        SELECT FROM passkeys p
        WHERE p.account_id = a.id AND p.ended_at IS NULL AND p.suspended_at IS NOT NULL
    ) AS passkeys_to_keep
"""
"""Of the session s and its account a."""
PRACTICES = """
    coalesce((
        SELECT json_agg(json_build_object(
            'practice_id', c.id, 'name', c.name, 'patient_id', p.id, 'state', e.state,
            'answer', CASE WHEN d.version IS NOT NULL
                THEN coalesce(d.answer, 'unanswered') END
        ) ORDER BY c.name, e.enrolled_at, p.id)
        FROM enrolments e
        JOIN patients p ON p.id = e.patient_id
        JOIN practices c ON c.id = p.practice_id
        LEFT JOIN session_disclaimers d ON d.session_id = s.id AND d.practice_id = c.id
        WHERE e.account_id = a.id
    ), '[]') AS practices
"""
"""The same, practice by practice."""


async def of_session(tx: Connection, session_id: SessionId) -> Standing:
    """Where a session stands that is there."""
    row = await tx.fetchrow(
        f"SELECT {STANDING} FROM sessions s JOIN accounts a ON a.id = s.account_id "  # noqa: S608 - columns of ours
        "WHERE s.id = $1",
        session_id,
    )
    assert row is not None, "a session is deleted hours after its last token"  # noqa: S101
    return standing(row)


async def look(tx: Connection, shown: Sequence[Shown]) -> Sequence[Sight | None]:
    """What each token's session sees in this second; None where it takes none of that moment."""
    rows = await tx.fetch(
        f"""
        SELECT shown.place, seen.*
        FROM unnest($1::uuid[], $2::timestamptz[], $3::timestamptz[])
            WITH ORDINALITY AS shown (id, issued_at, now, place)
        CROSS JOIN LATERAL (
            SELECT {STANDING}, {PRACTICES}
            FROM sessions s JOIN accounts a ON a.id = s.account_id
            WHERE s.id = shown.id AND {takes("shown.issued_at", "shown.now")}
            LIMIT 1
        ) AS seen
        """,  # noqa: S608 - columns of ours
        [each.session_id for each in shown],
        [each.issued_at for each in shown],
        [each.now for each in shown],
    )
    seen = {row["place"]: sight(row) for row in rows}
    return [seen.get(place) for place in range(1, len(shown) + 1)]


async def sight_of(tx: Connection, session_id: SessionId) -> Sight:
    """What a session sees that is there."""
    row = await tx.fetchrow(
        f"SELECT {STANDING}, {PRACTICES} "  # noqa: S608 - columns of ours
        "FROM sessions s JOIN accounts a ON a.id = s.account_id WHERE s.id = $1",
        session_id,
    )
    assert row is not None, "a session is deleted hours after its last token"  # noqa: S101
    return sight(row)


async def count_wrong_code(tx: Connection, session_id: SessionId) -> int:
    """Count a wrong code given in a session that waits for one; return how many there were (MF-3).

    0: it waits for none, and a wrong code ends nothing.
    """
    counted: int | None = await tx.fetchval(
        """
        UPDATE sessions SET wrong_codes = wrong_codes + 1
        WHERE id = $1 AND second_step_due AND ended_at IS NULL
        RETURNING wrong_codes
        """,
        session_id,
    )
    return counted or 0


async def skip(tx: Connection, session_id: SessionId, gate: GateName) -> None:
    """Remember that an offer was declined in this session, however often it is."""
    await tx.execute(
        """
        UPDATE sessions SET skipped = array_append(skipped, $2)
        WHERE id = $1 AND NOT skipped @> ARRAY[$2]
        """,
        session_id,
        gate,
    )


def standing(row: Row) -> Standing:
    """Read the columns of STANDING."""
    return Standing(
        account_version=row["account_version"],
        enrolled=row["enrolled"],
        second_step_due=row["second_step_due"],
        new_password_due=row["new_password_due"],
        terms_due=row["terms_due"],
        questions_due=row["questions_due"],
        email_verified=row["email_verified"],
        email_required=row["email_required"],
        two_step_offered=row["two_step_offered"],
        passkeys_to_keep=row["passkeys_to_keep"],
        disclaimers_due=row["disclaimers_due"],
        skipped=frozenset(row["skipped"]),
        step=decode(row["step"], type=AskedStep) if row["step"] else None,
    )


def sight(row: Row) -> Sight:
    """Read the columns of STANDING and PRACTICES."""
    return Sight(
        standing=standing(row),
        practices=decode(row["practices"], type=tuple[SeenPractice, ...]),
    )
