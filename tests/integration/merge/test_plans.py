"""Whom to offer is looked up by indexes, whatever PostgreSQL knows and however many there are."""

from collections.abc import Mapping
from datetime import date

import pytest

from services.merge.candidates.store import candidates, skipped_offers
from services.merge.projections.store import accounts, persons
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.contracts.matching import Described
from shared.randomness import Randomness
from tests.rigs.merge import Merging
from tests.support.database import Database
from tests.support.plans import (
    PLANNED_BEFORE_ONE_IS_KEPT,
    Call,
    detours,
    indexes,
    pages_read,
    plan_of,
    times_planned,
)

RANDOM = Randomness()
ACCOUNT, OTHER = AccountId(RANDOM.uuid()), AccountId(RANDOM.uuid())
MINE = Described(
    last_name="Hale",
    first_name="June",
    birth_date=date(1984, 5, 3),
    home_phone="+1 555 0134477",
    address="12 Elm Street",
)
FILL = """
WITH one AS (
    SELECT gen_random_uuid() AS id, number FROM generate_series(1, $1) AS number
), known AS (
    INSERT INTO accounts (
        account_id, version, state, security_version, username, time_zone, patient_ids
    )
    SELECT id, 1, 'active', 1, 'june', 'UTC', ARRAY[id] FROM one
), practice AS (
    INSERT INTO practices (practice_id, version, name)
    SELECT id, 1, 'Elm' FROM one
), skipped AS (
    INSERT INTO skipped_offers (account_id, skipped_at, quiet_until)
    SELECT id, '2031-01-01', '2031-04-01' FROM one
), merge AS (
    INSERT INTO merges (merge_id, survivor_id, absorbed_id, requested_at)
    SELECT id, id, gen_random_uuid(), '2031-01-01' FROM one WHERE number % 10 = 0 RETURNING *
), absorbed AS (
    INSERT INTO absorptions (absorbed_id, survivor_id, merge_id, absorbed_at)
    SELECT absorbed_id, survivor_id, merge_id, '2031-01-01' FROM merge
), review AS (
    INSERT INTO reviews (
        merge_id, survivor_id, absorbed_id, survivor_version, absorbed_version, review_until
    )
    SELECT merge_id, survivor_id, absorbed_id, 1, 1, '2031-01-31' FROM merge
), busy AS (
    INSERT INTO busy_accounts (account_id, merge_id)
    SELECT gen_random_uuid(), merge_id FROM merge
)
INSERT INTO persons (
    patient_id, version, practice_id, account_id, last_name, first_name, birth_date, home_phone,
    address, phone_end, address_form
)
SELECT id, 1, id, id, 'Hale', 'June', date '1940-01-01' + number % 20000, '5550' || number,
    number || ' Elm Street', right('000000' || number, 6), number || 'elmstreet'
FROM one
"""
CALLS: Mapping[str, Call] = {
    "who is near": lambda tx: candidates.near(tx, [MINE], limit=100),
    "whose they are": lambda tx: candidates.usernames(tx, [ACCOUNT], of=OTHER),
    "at which practice": lambda tx: candidates.practice_names(tx, [PracticeId(RANDOM.uuid())]),
    "her own records": lambda tx: persons.describe(tx, [PatientId(RANDOM.uuid())]),
    "whose names": lambda tx: persons.find(tx, [PatientId(RANDOM.uuid())]),
    "as they are": lambda tx: accounts.find(tx, [ACCOUNT, OTHER]),
    "until when": lambda tx: skipped_offers.quiet_until(tx, ACCOUNT),
}
INDEXES: Mapping[str, set[str]] = {
    "who is near": {"persons_phone", "persons_address"},
    "whose they are": {
        *("accounts_pkey", "absorptions_pkey", "busy_accounts_pkey", "reviews_pair")
    },
    "at which practice": {"practices_pkey"},
    "her own records": {"persons_pkey"},
    "whose names": {"persons_pkey"},
    "as they are": {"accounts_pkey", "absorptions_pkey"},
    "until when": {"skipped_offers_pkey"},
}


@pytest.mark.proves("MG-8")
@pytest.mark.parametrize("known", ["nothing", "that-they-were-empty", "what-is-there"])
async def test_whom_to_offer_is_looked_up_without_a_detour(
    merging: Merging, database: Database, known: str
) -> None:
    async with database.administrator() as owner:
        await owner.execute("SET search_path = merge")
        if known == "that-they-were-empty":
            await owner.execute("ANALYZE")
        await owner.execute(FILL, 5_000)
        if known == "what-is-there":
            await owner.execute("ANALYZE")

    plans = {name: await plan_of(merging.plumbing.database, call) for name, call in CALLS.items()}

    assert {name: detours(plan) for name, plan in plans.items()} == {name: [] for name in CALLS}
    assert {name: INDEXES[name] - indexes(plan) for name, plan in plans.items()} == {
        name: set() for name in CALLS
    }


@pytest.mark.proves("MG-8")
async def test_a_look_up_is_planned_once(merging: Merging, database: Database) -> None:
    async with database.administrator() as owner:
        await owner.execute("SET search_path = merge")
        await owner.execute(FILL, 5_000)
        await owner.execute("ANALYZE")

    found = {
        name: await times_planned(merging.plumbing.database, call, times=12)
        for name, call in CALLS.items()
    }

    assert found == dict.fromkeys(CALLS, PLANNED_BEFORE_ONE_IS_KEPT)


@pytest.mark.proves("MG-8")
async def test_a_look_up_reads_no_more_pages_of_ten_times_as_many(
    merging: Merging, database: Database
) -> None:
    read = []
    for more in (5_000, 45_000):
        async with database.administrator() as owner:
            await owner.execute("SET search_path = merge")
            await owner.execute(FILL, more)
            await owner.execute("ANALYZE")
        read.append(await pages_read(merging.plumbing.database, CALLS["who is near"]))

    assert read[1] <= read[0] + 4  # another level of two indexes
