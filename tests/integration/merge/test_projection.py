"""What merge keeps of identity's snapshots: the newest, whatever order they come in."""

from collections.abc import AsyncIterator
from itertools import permutations

import pytest
import pytest_asyncio

from services.merge.projection import Projection
from shared import db
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.randomness import Randomness
from tests.builders import events
from tests.support.database import Database

RANDOM = Randomness()


@pytest_asyncio.fixture
async def rows(database: Database) -> AsyncIterator[db.Database]:
    """The test's database as merge's own role."""
    opened = db.Database(database.url("merge"), application="merge")
    yield opened
    await opened.close()


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
async def test_the_newest_account_stays_in_whatever_order_versions_come(
    rows: db.Database, order: tuple[int, ...]
) -> None:
    account_id = AccountId(RANDOM.uuid())

    async with rows.transaction() as tx:
        for version in (*order, *order):  # each of them twice
            account = events.account(
                account_id, username=f"name.{version}", security_version=version
            )
            await Projection().keep_account(tx, events.received(account, version=version))
        kept = await tx.fetch("SELECT version, username, security_version FROM accounts")

    assert [tuple(row) for row in kept] == [(3, "name.3", 3)]


@pytest.mark.proves("MG-8")
async def test_the_newest_person_stays(rows: db.Database) -> None:
    patient_id, practice_id = PatientId(RANDOM.uuid()), PracticeId(RANDOM.uuid())

    async with rows.transaction() as tx:
        for version, last_name in ((2, "Hale"), (1, "Thorne"), (2, "Thorne")):
            person = events.person(practice_id, patient_id, last_name=last_name)
            await Projection().keep_person(tx, events.received(person, version=version))
        kept = await tx.fetch("SELECT version, last_name FROM persons")

    assert [tuple(row) for row in kept] == [(2, "Hale")]


async def test_the_newest_practice_stays(rows: db.Database) -> None:
    practice_id = PracticeId(RANDOM.uuid())

    async with rows.transaction() as tx:
        for version, name in ((2, "Orchard Lane"), (1, "Orchard"), (2, "Orchard")):
            practice = events.practice(practice_id, name)
            await Projection().keep_practice(tx, events.received(practice, version=version))
        kept = await tx.fetch("SELECT version, name FROM practices")

    assert [tuple(row) for row in kept] == [(2, "Orchard Lane")]
