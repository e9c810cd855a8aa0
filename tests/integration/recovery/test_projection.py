"""What recovery keeps of identity's snapshots: the newest, whatever order they come in."""

import asyncio
from itertools import permutations

import msgspec
import pytest

from shared.contracts.ids import PatientId, PracticeId
from shared.randomness import Randomness
from tests.builders import events
from tests.rigs.recovery import Recovery, a_practice, an_account

VERSIONS = (1, 2, 3)


@pytest.mark.parametrize("order", list(permutations(VERSIONS)))
async def test_the_newest_account_stays_in_whatever_order_versions_come(
    recovery: Recovery, order: tuple[int, ...]
) -> None:
    first = an_account(username="name.1")

    for version in (*order, *order):  # each of them twice
        account = an_account(account_id=first.account_id, username=f"name.{version}", email=None)
        await recovery.knows(account, version=version)

    [row] = await recovery.rows("SELECT version, username, email FROM accounts")
    assert tuple(row) == (3, "name.3", None)


async def test_parallel_snapshots_leave_the_newest(recovery: Recovery) -> None:
    first = an_account()

    await asyncio.gather(
        *(
            recovery.knows(
                an_account(account_id=first.account_id, username=f"name.{version}"),
                version=version,
            )
            for version in range(1, 33)
        )
    )

    [row] = await recovery.rows("SELECT version, username FROM accounts")
    assert tuple(row) == (32, "name.32")


async def test_an_account_is_found_by_its_newest_names_only(recovery: Recovery) -> None:
    account = an_account(username="maiden.name", email="old@mail.example")
    await recovery.knows(account)
    await recovery.knows(
        an_account(account_id=account.account_id, username="married.name", email="new@mail.example")
    )

    for name in ("maiden.name", "old@mail.example"):
        await recovery.ask(name)
    await recovery.tick()
    by_old_names = await recovery.mails()
    mail = await recovery.asks_and_is_mailed("married.name")

    assert by_old_names == []
    assert mail.data.recipients == ("new@mail.example",)


async def test_the_newest_practice_stays(recovery: Recovery) -> None:
    practice = a_practice(minutes=30)
    older = a_practice(minutes=90, practice_id=practice.practice_id)

    await recovery.knows_practice(practice, version=2)
    await recovery.knows_practice(older, version=1)
    await recovery.knows_practice(older, version=2)

    [row] = await recovery.rows("SELECT version, settings ->> 'reset_link_minutes' FROM practices")
    assert tuple(row) == (2, "30")


async def test_a_practice_told_by_a_release_without_a_record_of_settings_is_kept(
    recovery: Recovery,
) -> None:
    await recovery.knows_practice(msgspec.structs.replace(a_practice(minutes=45), settings=None))

    [row] = await recovery.rows("SELECT settings ->> 'reset_link_minutes' FROM practices")
    assert tuple(row) == ("45",)


async def test_the_newest_person_stays(recovery: Recovery) -> None:
    patient_id, practice_id = PatientId(Randomness().uuid()), PracticeId(Randomness().uuid())

    for version, last_name in ((2, "Hale"), (1, "Thorne"), (2, "Thorne")):
        person = events.person(practice_id, patient_id, last_name=last_name)
        await recovery.hear(recovery.features.projection.keep_person, person, version=version)

    [row] = await recovery.rows("SELECT version, last_name FROM persons")
    assert tuple(row) == (2, "Hale")
