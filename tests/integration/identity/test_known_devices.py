"""A known device: no alert, a count of its own, through a lock that others caused (LG-2, MF-2)."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest
import pytest_asyncio

from tests.builders.merges import Registry
from tests.rigs.identity import PASSWORD, Identity, Person, Recovery, identity_service
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("LG-2", "MF-2")
WRONG = "Wrong-Guess-1234"


@pytest_asyncio.fixture(autouse=True)
async def june(identity: Identity) -> Person:
    """Whose password is guessed at."""
    return await identity.an_account("june.hale", email="june@mail.example")


async def device_of(identity: Identity, name: str = "june.hale") -> str:
    """The secret of a device that has just become known."""
    return str((await identity.logged_on(name))["device"])


async def locked(identity: Identity, name: str = "june.hale") -> None:
    for _ in range(4):
        await identity.log_on(name, WRONG)


async def outcomes(identity: Identity) -> Counter[str]:
    """How each log-on was judged: only `wrong` and success were told."""
    rows = await identity.rows(
        "SELECT coalesce(detail, outcome) AS told FROM audit_entries WHERE action = 'log-on'"
    )
    return Counter(row["told"] for row in rows)


async def test_the_secret_is_shown_once_and_no_more_than_its_digest_is_kept(
    identity: Identity,
) -> None:
    first = await identity.logged_on("june.hale", device_name="June's phone", agent="An app")
    again = await identity.logged_on("june.hale", device=first["device"])

    assert len(first["device"]) == 43
    assert "device" not in again
    [row] = await identity.rows("SELECT * FROM devices")
    assert (row["name"], row["agent"]) == ("June's phone", "An app")
    assert first["device"] not in str(dict(row))


async def test_with_the_right_password_it_passes_a_lock_that_others_caused(
    identity: Identity,
) -> None:
    device = await device_of(identity)
    await locked(identity)

    assert (await identity.log_on("june.hale")).status == 401
    assert (await identity.log_on("june.hale", device=device)).status == 201
    assert (await identity.log_on("june.hale")).status == 401


async def test_its_own_wrong_ones_leave_the_account_s_lock_alone(identity: Identity) -> None:
    device = await device_of(identity)
    for _ in range(3):
        await identity.log_on("june.hale", WRONG, device=device)
        await identity.log_on("june.hale", WRONG)

    assert (await identity.log_on("june.hale")).status == 201
    assert (await identity.log_on("june.hale", device=device)).status == 201


async def test_four_wrong_ones_in_a_row_make_it_void_for_good(
    identity: Identity, june: Person
) -> None:
    device = await device_of(identity)
    for _ in range(4):
        await identity.log_on("june.hale", WRONG, device=device)
    await locked(identity)

    under_the_lock = await identity.log_on("june.hale", device=device)
    identity.clock.advance(minutes=20)
    new = await identity.log_on("june.hale", device=device)

    assert (under_the_lock.status, new.status) == (401, 201)
    assert new.body["device"] != device
    [event] = await identity.events("device-removed")
    assert (event["cause"], event["recipients"]) == ("wrong-passwords", ["june@mail.example"])
    [row] = await identity.rows("SELECT subject FROM audit_entries WHERE action = 'device.void'")
    assert row["subject"] == f"account:{june.id}"


@pytest.mark.parametrize("in_between", [0, 1, 2, 3])
async def test_a_right_one_begins_its_count_anew(identity: Identity, in_between: int) -> None:
    device = await device_of(identity)
    for _ in range(2):
        for _ in range(in_between):
            await identity.log_on("june.hale", WRONG, device=device)
        assert (await identity.log_on("june.hale", device=device)).status == 201


async def test_another_account_s_secret_counts_as_none_and_nobody_is_told(
    identity: Identity,
) -> None:
    await identity.an_account("pat.reed")
    pats = await device_of(identity, "pat.reed")
    await locked(identity)

    foreign = await identity.log_on("june.hale", device=pats)
    none = await identity.log_on("june.hale")
    unknown = await identity.log_on("nobody.at.all", device=pats)

    assert foreign.alike() == none.alike() == unknown.alike()
    await identity.logged_on("pat.reed", device=pats)
    rows = await identity.rows("SELECT failures FROM devices")
    assert [row["failures"] for row in rows] == [0]


@pytest.mark.parametrize(("days", "status"), [(399, 201), (400, 401)])
async def test_it_is_known_for_400_days_from_the_last_full_session(
    identity: Identity, days: int, status: int
) -> None:
    device = await device_of(identity)
    identity.clock.advance(days=300)
    await identity.logged_on("june.hale", device=device)
    identity.clock.advance(days=days)
    await locked(identity)

    assert (await identity.log_on("june.hale", device=device)).status == status


async def test_a_disabled_password_opens_nothing_there_either(
    identity: Identity, june: Person, recovery: Recovery
) -> None:
    device = await device_of(identity)
    for number in range(100):
        await identity.log_on("june.hale", WRONG)
        if number % 4 == 3:
            identity.clock.advance(minutes=20)

    assert (await identity.log_on("june.hale", device=device)).status == 401
    assert (await identity.reset(await recovery.grant(june), "Copper!Lantern-9")).status == 200
    again = await identity.log_on("june.hale", "Copper!Lantern-9", device=device)
    assert (again.status, "device" in again.body) == (201, False)


async def test_a_good_log_on_there_ends_the_run_of_a_hundred(identity: Identity) -> None:
    device = await device_of(identity)
    for _ in range(2):
        for number in range(96):
            await identity.log_on("june.hale", WRONG)
            if number % 4 == 3:
                identity.clock.advance(minutes=20)
        assert (await identity.log_on("june.hale", device=device)).status == 201


@pytest.mark.proves("V15.4.2")
async def test_of_64_parallel_guesses_with_it_four_are_told_and_four_of_the_account(
    identity: Identity, second: Identity
) -> None:
    device = await device_of(identity)

    await asyncio.gather(
        identity.log_ons("june.hale", WRONG, 32, device=device),
        second.log_ons("june.hale", WRONG, 32, device=device),
    )

    assert await outcomes(identity) == {"done": 1, "wrong": 8, "locked": 56}


async def test_a_right_guess_among_64_parallel_ones_with_a_spent_device_is_not_told(
    identity: Identity, second: Identity
) -> None:
    device = await device_of(identity)
    await locked(identity)
    for _ in range(4):
        await identity.log_on("june.hale", WRONG, device=device)

    answers = await asyncio.gather(
        second.log_ons("june.hale", WRONG, 31, device=device),
        identity.log_ons("june.hale", PASSWORD, 33, device=device),
    )

    assert {answer.status for half in answers for answer in half} == {401}


async def test_64_parallel_honest_log_ons_with_it_pass_while_others_guess(
    identity: Identity, second: Identity
) -> None:
    device = await device_of(identity)

    honest, guesses = await asyncio.gather(
        identity.log_ons("june.hale", PASSWORD, 64, device=device),
        second.log_ons("june.hale", WRONG, 64),
    )

    assert {answer.status for answer in honest} == {201}
    assert {answer.status for answer in guesses} == {401}
    assert await outcomes(identity) == {"done": 65, "wrong": 4, "locked": 60}
    assert len(await identity.rows("SELECT FROM devices")) == 1


async def test_wrong_and_right_with_one_device_side_by_side_are_counted_one_by_one(
    identity: Identity, second: Identity
) -> None:
    device = await device_of(identity)
    await locked(identity)

    right, wrong = await asyncio.gather(
        identity.log_ons("june.hale", PASSWORD, 32, device=device),
        second.log_ons("june.hale", WRONG, 32, device=device),
    )

    told = await outcomes(identity)
    passed = sum(answer.status == 201 for answer in right)
    assert {answer.status for answer in wrong} == {401}
    assert told["done"] == 1 + passed
    assert told["wrong"] <= 4 + 3 * passed + 4


@pytest_asyncio.fixture
async def three(identity: Identity, second: Identity) -> AsyncIterator[Sequence[Identity]]:
    """As many replicas of the same service."""
    async with identity_service(identity.database, identity.clock) as third:
        yield identity, second, third


async def at_each(
    replicas: Sequence[Identity], password: str, times: int, **said: str
) -> list[Answer]:
    """So many log-ons at each replica, all at once."""
    answers = await asyncio.gather(
        *(replica.log_ons("june.hale", password, times, **said) for replica in replicas)
    )
    return [answer for each in answers for answer in each]


async def guessed_by_others(replicas: Sequence[Identity], locks: int) -> None:
    """Nine at once, of which four are told before they lock; so often, one lock after the other."""
    for number in range(locks):
        replicas[0].clock.advance(minutes=20 if number else 0)
        await at_each(replicas, WRONG, 3)


async def counted(identity: Identity) -> tuple[int, int]:
    """How many wrong ones in a row the device has, and how many the password of the hundred."""
    [device] = await identity.rows("SELECT failures FROM devices")
    [lock] = await identity.rows("SELECT wrong_in_a_row FROM lockouts")
    return device["failures"], lock["wrong_in_a_row"]


@pytest.mark.proves("V15.4.2")
async def test_of_nearly_a_hundred_by_others_none_is_the_devices_nor_of_its_own_one_of_those(
    three: Sequence[Identity],
) -> None:
    identity = three[0]
    device = await device_of(identity)
    await at_each(three, WRONG, 1, device=device)

    await guessed_by_others(three, locks=24)
    before = await counted(identity)
    others = await at_each(three, PASSWORD, 1)
    own = await at_each(three, PASSWORD, 11, device=device)

    assert before == (3, 96)
    assert {answer.status for answer in others} == {401}
    assert {answer.status for answer in own} == {201}
    assert await counted(identity) == (0, 0)


@pytest.mark.proves("V15.4.2")
async def test_after_99_by_others_the_device_takes_its_fourth_and_the_password_its_hundredth(
    three: Sequence[Identity],
) -> None:
    identity = three[0]
    device = await device_of(identity)
    await at_each(three, WRONG, 1, device=device)
    await guessed_by_others(three, locks=24)
    identity.clock.advance(minutes=20)
    await at_each(three, WRONG, 1)
    assert await counted(identity) == (3, 99)

    guesses = await at_each(three, WRONG, 21, device=device)
    identity.clock.advance(minutes=20)
    right = await at_each(three, PASSWORD, 1, device=device)

    assert {answer.status for answer in (*guesses, *right)} == {401}
    assert await counted(identity) == (4, 100)
    told = await outcomes(identity)
    assert told["wrong"] == 3 + 99 + 1 + 1
    assert told["done"] == 1


@pytest.mark.proves("V15.4.3")
async def test_a_reset_amid_right_and_wrong_log_ons_with_it_waits_for_none_for_ever(
    identity: Identity, second: Identity, june: Person, recovery: Recovery
) -> None:
    device = await device_of(identity)
    grant = await recovery.grant(june)

    reset, *others = await asyncio.gather(
        identity.reset(grant, "Copper!Lantern-9", device=device),
        second.log_ons("june.hale", WRONG, 24, device=device),
        identity.log_ons("june.hale", PASSWORD, 24, device=device),
        second.log_ons("june.hale", "Copper!Lantern-9", 24, device=device),
    )

    assert reset.status == 200
    assert {answer.status for each in others for answer in each} <= {201, 401}


@pytest.mark.proves("MG-5")
async def test_a_merge_makes_the_absorbed_account_s_devices_void(
    identity: Identity, registry: Registry
) -> None:
    survivor, absorbed = await registry.two()
    device = (await registry.session(absorbed))["device"]
    await registry.merge(survivor, absorbed)

    rows = await identity.rows("SELECT account_id FROM devices WHERE voided_at IS NOT NULL")
    again = await identity.log_on(absorbed.username, device=device)

    assert [row["account_id"] for row in rows] == [absorbed.id]
    assert again.refused() == (409, "account_merged")
