"""What a practice looks for is found by an index of its own, whatever PostgreSQL knows (ST-1)."""

from collections.abc import Mapping
from datetime import date
from uuid import UUID

import pytest

from services.identity.enrolment.store import handed_out
from services.identity.patients.searches import FIRST
from services.identity.patients.store import names, patients, searches
from shared.contracts.ids import PatientId, PracticeId
from tests.rigs.identity import Identity
from tests.support.clock import START
from tests.support.plans import Call, detours, indexes, plan_of

PRACTICE, PATIENT = PracticeId(UUID(int=1)), PatientId(UUID(int=2))
BORN = date(1984, 5, 3)
MANY = 5_000
FILL = """
WITH practice AS (
    INSERT INTO practices (id, version, name, contact, locale, time_zone, settings, created_at)
    SELECT gen_random_uuid(), 1, 'Elm', '+1', 'en', 'UTC', '{}', $2 FROM generate_series(1, 5)
    RETURNING id
), one AS (
    SELECT gen_random_uuid() AS id, gen_random_uuid() AS secret_id, practice.id AS practice_id,
        number
    FROM practice, generate_series(1, $1) AS number
), record AS (
    INSERT INTO patients (
        id, practice_id, version, number, last_name, first_name, birth_date, created_at, named
    )
    SELECT id, practice_id, 1, number::text, 'Hale', 'June', date '1930-01-01' + number, $2, true
    FROM one
), name AS (
    INSERT INTO patient_names (practice_id, form, patient_id)
    SELECT practice_id, 'hale' || number % 50, id FROM one
), account AS (
    INSERT INTO accounts (
        id, state, version, security_version, username, password_hash, history_salt, locale,
        time_zone, created_at
    )
    SELECT id, 'active', 1, 1, id::text, '', '', 'en', 'UTC', $2 FROM one
), enrolment AS (
    INSERT INTO enrolments (patient_id, account_id, state, enrolled_at)
    SELECT id, id, 'enrolled', $2 FROM one
), secret AS (
    INSERT INTO one_time_secrets (
        id, purpose, digest, owner, state, issued_at, expires_at, kept_until
    )
    SELECT secret_id, 'enrolment-token', sha256(secret_id::text::bytea), id, 'live', $2,
        $2 + interval '1 day', $2 + interval '2 days'
    FROM one
)
INSERT INTO handed_out (secret_id, practice_id, patient_id, staff, issued_at)
SELECT secret_id, practice_id, id, 'nurse-7', $2 FROM one
"""
CALLS: Mapping[str, Call] = {
    "by name": lambda tx: searches.by_name(tx, PRACTICE, ["hale"], None, after=FIRST, limit=50),
    "by name and date": lambda tx: searches.by_name(
        tx, PRACTICE, ["hale"], BORN, after=FIRST, limit=50
    ),
    "by date": lambda tx: searches.by_birth_date(tx, PRACTICE, BORN, after=FIRST, limit=50),
    "by number": lambda tx: searches.by_number(tx, PRACTICE, "P-1"),
    "a record": lambda tx: patients.find(tx, PRACTICE, PATIENT),
    "what is not named": lambda tx: names.hold_unnamed(tx, limit=500),
    "handed out": lambda tx: handed_out.page(tx, PRACTICE, None, after=None, limit=100, now=START),
    "handed out to one": lambda tx: handed_out.page(
        tx, PRACTICE, PATIENT, after=None, limit=100, now=START
    ),
}
#: the index that a call is made for: any other of the practice's would be read from end to end
INDEXES: Mapping[str, str] = {
    "by name": "patient_names_pkey",
    "by name and date": "patient_names_pkey",
    "by date": "patients_born",
    "by number": "patients_practice_id_number_key",
    "a record": "patients_pkey",
    "what is not named": "patients_unnamed",
    "handed out": "handed_out_practice",
    "handed out to one": "handed_out_patient",
}
#: an index that holds nothing but what is looked for: read from end to end, it is a page
ITS_OWN = {"what is not named": ["patients_unnamed"]}


@pytest.mark.proves("ST-1")
@pytest.mark.parametrize("known", ["nothing", "that-they-were-empty", "what-is-there"])
async def test_what_a_practice_looks_for_takes_no_detour(identity: Identity, known: str) -> None:
    async with identity.database.administrator() as owner:
        await owner.execute("SET search_path = identity")
        if known == "that-they-were-empty":
            await owner.execute("ANALYZE")
        await owner.execute(FILL, MANY // 5, START)
        if known == "what-is-there":
            await owner.execute("ANALYZE")

    database = identity.plumbing.database
    plans = {name: await plan_of(database, call) for name, call in CALLS.items()}

    assert {name: detours(plan) for name, plan in plans.items()} == {
        name: ITS_OWN.get(name, []) for name in CALLS
    }
    assert [name for name, plan in plans.items() if INDEXES[name] not in indexes(plan)] == []
