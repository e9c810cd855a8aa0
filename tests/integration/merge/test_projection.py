"""What merge keeps of identity's snapshots: the newest, whatever order they come in."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from itertools import permutations

import pytest
import pytest_asyncio

from services.merge.projection import Projection
from shared import db
from shared.contracts.contract import E
from shared.contracts.envelope import Received
from shared.contracts.identity import AccountChanged, AccountState, PersonChanged, PracticeChanged
from shared.contracts.ids import AccountId, EventId, PatientId, PracticeId
from shared.randomness import Randomness
from tests.support.database import Database

RANDOM = Randomness()


@pytest_asyncio.fixture
async def rows(database: Database) -> AsyncIterator[db.Database]:
    """The test's database as merge's own role."""
    opened = db.Database(database.url("merge"), application="merge")
    yield opened
    await opened.close()


def received(data: E, version: int) -> Received[E]:
    return Received(
        id=EventId(RANDOM.uuid()),
        subject="",
        time=datetime(2031, 3, 5, 9, tzinfo=UTC),
        version=version,
        correlation_id=RANDOM.uuid(),
        traceparent=None,
        data=data,
    )


@pytest.mark.parametrize("order", list(permutations((1, 2, 3))))
async def test_the_newest_account_stays_in_whatever_order_versions_come(
    rows: db.Database, order: tuple[int, ...]
) -> None:
    account_id = AccountId(RANDOM.uuid())

    async with rows.transaction() as tx:
        for version in (*order, *order):  # each of them twice
            account = AccountChanged(
                account_id=account_id,
                state=AccountState.ACTIVE,
                username=f"name.{version}",
                email=None,
                security_version=version,
                locale="en",
                time_zone="UTC",
                enrolments=(),
            )
            await Projection().keep_account(tx, received(account, version))
        kept = await tx.fetch("SELECT version, username, security_version FROM accounts")

    assert [tuple(row) for row in kept] == [(3, "name.3", 3)]


@pytest.mark.proves("MG-8")
async def test_the_newest_person_stays(rows: db.Database) -> None:
    patient_id, practice_id = PatientId(RANDOM.uuid()), PracticeId(RANDOM.uuid())

    async with rows.transaction() as tx:
        for version, last_name in ((2, "Hale"), (1, "Thorne"), (2, "Thorne")):
            person = PersonChanged(
                patient_id=patient_id,
                practice_id=practice_id,
                account_id=None,
                last_name=last_name,
                first_name="Juniper",
                birth_date=date(1988, 4, 17),
                home_phone=None,
                address=None,
            )
            await Projection().keep_person(tx, received(person, version))
        kept = await tx.fetch("SELECT version, last_name FROM persons")

    assert [tuple(row) for row in kept] == [(2, "Hale")]


async def test_the_newest_practice_stays(rows: db.Database) -> None:
    practice_id = PracticeId(RANDOM.uuid())

    async with rows.transaction() as tx:
        for version, name in ((2, "Orchard Lane"), (1, "Orchard"), (2, "Orchard")):
            practice = PracticeChanged(
                practice_id=practice_id,
                name=name,
                contact="+1 555 0100",
                locale="en",
                time_zone="UTC",
                reset_link_minutes=60,
            )
            await Projection().keep_practice(tx, received(practice, version))
        kept = await tx.fetch("SELECT version, name FROM practices")

    assert [tuple(row) for row in kept] == [(2, "Orchard Lane")]
