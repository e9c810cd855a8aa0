"""Passwords count whole, cost the same for everybody, and never pile up before the threads."""

import asyncio
import os
import threading
import unicodedata
from collections.abc import Iterator

import bcrypt
import pytest

from deploy.client.eventually import eventually
from shared.errors import HashingBusy, HashUnreadable
from shared.metrics import Metrics
from shared.trust import hashing
from shared.trust.hashing import NICER, PasswordHasher

PEPPER = b"pepper" * 6
LONG = "".join(
    chr(0x1F600 + place % 60) if place % 3 else "ÅßΩж"[place % 4] for place in range(200)
)


@pytest.fixture
def hasher() -> Iterator[PasswordHasher]:
    made = PasswordHasher(pepper=PEPPER, cost=4, wait=5.0)
    yield made
    made.close()


def with_cost(cost: int, wait: float = 1.0, **other: bytes) -> PasswordHasher:
    return PasswordHasher(pepper=other.get("pepper", PEPPER), cost=cost, wait=wait, threads=1)


@pytest.mark.proves("ID-5")
async def test_the_stored_string_names_scheme_pepper_and_cost(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("Correct Horse 1!")

    empty, ours, scheme, pepper_id, kind, cost, rest = stored.split("$")
    assert (empty, ours, scheme, kind, cost) == ("", "portico", "hmac-sha384", "2b", "04")
    assert len(pepper_id) == 16
    assert len(rest) == 53


@pytest.mark.proves("ID-5", "V6.2.8")
async def test_each_of_two_hundred_code_points_counts(hasher: PasswordHasher) -> None:
    assert len(LONG) == 200
    stored = await hasher.hash(LONG)

    assert await hasher.verify(LONG, stored)
    for place in range(200):
        changed = LONG[:place] + "x" + LONG[place + 1 :]
        assert not await hasher.verify(changed, stored), place


@pytest.mark.proves("V6.2.8")
@pytest.mark.parametrize(
    ("password", "others"),
    [
        ("Secret 1!\0tail", ["Secret 1!", "Secret 1!\0", "Secret 1!\0tai", "Secret 1!tail"]),
        ("\0\0\0", ["", "\0", "\0\0\0\0"]),
        (" Secret 1! ", ["Secret 1!", " Secret 1!", "secret 1! "]),
        ("a" * 72 + "b", ["a" * 72, "a" * 72 + "c", "a" * 73]),
        ("\ud800", ["\ud801", "?", "\ufffd"]),
    ],
)
async def test_nothing_is_cut_trimmed_or_folded(
    hasher: PasswordHasher, password: str, others: list[str]
) -> None:
    stored = await hasher.hash(password)

    assert await hasher.verify(password, stored)
    for other in others:
        assert not await hasher.verify(other, stored), other


@pytest.mark.proves("V6.2.9")
async def test_sixty_four_emoji_are_a_password(hasher: PasswordHasher) -> None:
    password = "🔐" * 64

    assert await hasher.verify(password, await hasher.hash(password))
    assert not await hasher.verify("🔐" * 63, await hasher.hash(password))


async def test_two_ways_to_write_one_character_are_one_password(hasher: PasswordHasher) -> None:
    stored = await hasher.hash(unicodedata.normalize("NFD", "Zoë Ångström 1!"))

    assert await hasher.verify(unicodedata.normalize("NFC", "Zoë Ångström 1!"), stored)


async def test_equal_passwords_are_stored_differently(hasher: PasswordHasher) -> None:
    assert await hasher.hash("Secret 1!") != await hasher.hash("Secret 1!")


async def test_under_one_salt_equal_passwords_are_equal_for_the_history(
    hasher: PasswordHasher,
) -> None:
    salt = hasher.new_salt()

    assert await hasher.hash("Secret 1!", salt=salt) == await hasher.hash("Secret 1!", salt=salt)
    assert await hasher.hash("Secret 2!", salt=salt) != await hasher.hash("Secret 1!", salt=salt)


async def test_without_the_pepper_a_stored_hash_says_nothing(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("Secret 1!")

    assert not bcrypt.checkpw(b"Secret 1!", stored[stored.index("$2b$") :].encode())
    with pytest.raises(HashUnreadable):
        await with_cost(4, pepper=b"another").verify("Secret 1!", stored)


@pytest.mark.proves("ID-5", "V11.2.2")
async def test_a_hash_of_an_older_cost_verifies_and_is_outdated(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("Secret 1!")
    dearer = with_cost(5)

    assert await dearer.verify("Secret 1!", stored)
    assert dearer.outdated(stored)
    assert not dearer.outdated(await dearer.hash("Secret 1!"))


async def test_a_retired_pepper_verifies_and_is_outdated(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("Secret 1!")
    renewed = PasswordHasher(pepper=b"new", cost=4, wait=1.0, retired=(PEPPER,))

    assert await renewed.verify("Secret 1!", stored)
    assert renewed.outdated(stored)
    assert not hasher.outdated(stored)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The rounds of each bcrypt hash from now on."""
    done: list[int] = []
    hashpw, checkpw = bcrypt.hashpw, bcrypt.checkpw

    def hashed(password: bytes, salt: bytes) -> bytes:
        done.append(2 ** int(salt[4:6]))
        return hashpw(password, salt)

    def checked(password: bytes, known: bytes) -> bool:
        done.append(2 ** int(known[4:6]))
        return checkpw(password, known)

    monkeypatch.setattr(bcrypt, "hashpw", hashed)
    monkeypatch.setattr(bcrypt, "checkpw", checked)
    return done


@pytest.mark.proves("LG-1")
@pytest.mark.parametrize("stored_cost", [4, 5, 6, None])
async def test_a_hash_of_an_older_cost_takes_as_much_work_as_nobody_s(
    stored_cost: int | None, work: list[int]
) -> None:
    stored = None if stored_cost is None else await with_cost(stored_cost).hash("Secret 1!")
    now = with_cost(6)
    work.clear()

    assert not await now.verify("Secret 2!", stored)
    assert sum(work) == 2**6


@pytest.mark.proves("MF-4", "LG-1")
@pytest.mark.parametrize("salt_cost", [4, 5, 6, None])
async def test_a_salt_of_an_older_cost_takes_as_much_work_as_a_new_one(
    salt_cost: int | None, work: list[int]
) -> None:
    salt = None if salt_cost is None else with_cost(salt_cost).new_salt()
    then = None if salt_cost is None else await with_cost(salt_cost).hash("Secret 1!", salt=salt)
    now = with_cost(6)
    work.clear()

    hashed = await now.hash("Secret 1!", salt=salt)
    assert sum(work) == 2**6
    assert then in (None, hashed), "it is not found any more"


@pytest.mark.parametrize("cost", ["16", "31", "03"])
async def test_a_stored_cost_that_is_absurd_is_never_computed(
    hasher: PasswordHasher, cost: str
) -> None:
    stored = (await hasher.hash("Secret 1!")).replace("$2b$04$", f"$2b${cost}$")

    async with asyncio.timeout(1):
        with pytest.raises(HashUnreadable):
            await hasher.verify("Secret 1!", stored)


@pytest.mark.parametrize(
    ("stored", "reason"),
    [
        ("", "format"),
        ("x", "format"),
        ("$2b$04$" + "a" * 53, "format"),
        ("$portico$hmac-sha384$", "format"),
        (f"$portico$hmac-sha384${'0' * 16}$2b$04${'a' * 53}", "pepper"),
    ],
)
async def test_what_is_no_hash_of_ours_is_our_fault_and_is_counted(
    stored: str, reason: str
) -> None:
    metrics = Metrics()
    hasher = PasswordHasher(pepper=PEPPER, cost=4, wait=5.0, metrics=metrics)

    with pytest.raises(HashUnreadable):
        await hasher.verify("Secret 1!", stored)

    assert hasher.outdated(stored)
    assert metrics.value("hashing_unreadable", reason=reason) == 1


async def test_a_damaged_salt_is_our_fault_too(hasher: PasswordHasher) -> None:
    stored = await hasher.hash("Secret 1!")

    with pytest.raises(HashUnreadable):
        await hasher.verify("Secret 1!", stored[: stored.index("$2b$04$") + 7] + "z" * 53)


@pytest.mark.parametrize("longer", ["x" * 801, "\ufdfa" * 100, "\u0315\u0300" * 401])
async def test_what_is_too_long_to_be_a_password_is_compared_and_wrong(
    hasher: PasswordHasher, longer: str
) -> None:
    stored = await hasher.hash(longer)

    assert not await hasher.verify(longer, stored)
    assert not await hasher.verify("", stored)


async def test_what_is_turned_away_is_not_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[int] = []

    def formed(typed: str) -> str:
        threads.append(threading.get_ident())
        return typed

    monkeypatch.setattr(hashing, "normal_form", formed)
    hasher = with_cost(10, wait=0.5)

    outcomes = await asyncio.gather(
        *(hasher.verify("wrong", None) for _ in range(50)), return_exceptions=True
    )

    assert 0 < len(threads) == outcomes.count(False) < 50
    assert threading.get_ident() not in threads


@pytest.mark.parametrize("cost", [3, 16])
def test_a_cost_out_of_bounds_is_refused(cost: int) -> None:
    with pytest.raises(ValueError, match="cost"):
        with_cost(cost)


async def test_overload_is_turned_away_before_anything_is_awaited_and_the_rest_is_served() -> None:
    hasher = with_cost(10, wait=0.5)
    tasks = [asyncio.create_task(hasher.verify("wrong", None)) for _ in range(200)]

    await asyncio.sleep(0)
    refused = [task for task in tasks if task.done()]

    assert 150 < len(refused) < 199
    assert {type(task.exception()) for task in refused} == {HashingBusy}
    served = await asyncio.gather(*set(tasks) - set(refused), return_exceptions=True)
    assert False in served
    assert not await hasher.verify("wrong", None)


async def test_who_was_let_in_by_a_wrong_guess_is_turned_away_after_twice_the_wait() -> None:
    hasher = with_cost(12, wait=0.02)
    hasher._queue._mean = 0.0001

    outcomes = await asyncio.gather(
        *(hasher.verify("wrong", None) for _ in range(20)), return_exceptions=True
    )

    assert [type(outcome) for outcome in outcomes].count(HashingBusy) == 19


async def test_who_goes_away_while_waiting_frees_the_place() -> None:
    hasher = with_cost(10, wait=60.0)
    tasks = [asyncio.create_task(hasher.verify("wrong", None)) for _ in range(64)]
    await asyncio.sleep(0)

    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await hasher.verify("wrong", None)

    def nothing_is_unfinished() -> None:
        assert hasher._queue._unfinished == 0

    assert all(task.cancelled() for task in tasks)
    await eventually(nothing_is_unfinished)


async def test_the_event_loop_stays_awake_while_the_threads_hash() -> None:
    hasher = PasswordHasher(pepper=PEPPER, cost=10, wait=60.0)
    storm = asyncio.gather(*(hasher.verify("wrong", None) for _ in range(12)))
    turns = 0

    while not storm.done():
        await asyncio.sleep(0.001)
        turns += 1
    await storm

    assert turns > 12  # a hash on the loop itself would leave it none between two of them


async def test_the_hashing_threads_give_way_to_the_service(hasher: PasswordHasher) -> None:
    await hasher.verify("wrong", None)

    nices = {
        os.getpriority(os.PRIO_PROCESS, thread.native_id or 0)
        for thread in threading.enumerate()
        if thread.name.startswith("hashing")
    }
    assert min(19, os.getpriority(os.PRIO_PROCESS, 0) + NICER) in nices


def test_making_a_hasher_costs_no_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bcrypt, "hashpw", lambda *_: pytest.fail("a hash was computed"))

    with_cost(15)
