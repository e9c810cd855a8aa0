"""A log-on that its holder would want to know of: told once, by mail (SE-2)."""

from collections.abc import Sequence
from typing import Any

import pytest
import pytest_asyncio

from tests.builders.freezes import THIEF_S
from tests.builders.passkeys import a_holder
from tests.builders.two_step import WRONG_CODE, TwoStepper, turned_on
from tests.integration.identity.test_trusted_devices import for_new_devices, trusted
from tests.rigs.identity import Identity, Person, Recovery

pytestmark = pytest.mark.proves("SE-2")
WRONG = "Wrong-Guess-1234"


@pytest_asyncio.fixture(autouse=True)
async def june(identity: Identity) -> Person:
    """Who is told."""
    return await identity.an_account("june.hale", email="june@mail.example")


async def told(identity: Identity) -> Sequence[str]:
    return [event["cause"] for event in await identity.events("unusual-log-on")]


async def test_the_very_first_log_on_is_told_to_nobody(identity: Identity) -> None:
    await identity.logged_on("june.hale")

    assert await told(identity) == []


async def test_the_first_log_on_from_a_new_device_is_told(identity: Identity, june: Person) -> None:
    device = (await identity.logged_on("june.hale"))["device"]
    await identity.logged_on("june.hale", device=device)
    assert await told(identity) == []

    new = await identity.logged_on("june.hale")
    await identity.logged_on("june.hale", device=new["device"])

    [event] = await identity.events("unusual-log-on")
    assert (event["cause"], event["recipients"]) == ("new-device", ["june@mail.example"])
    assert event["account_id"] == str(june.id)


@pytest.mark.parametrize(("failures", "alerts"), [(2, []), (3, ["after-failures"])])
async def test_success_after_three_failures_is_told(
    identity: Identity, failures: int, alerts: list[str]
) -> None:
    for _ in range(failures):
        await identity.log_on("june.hale", WRONG)
    await identity.logged_on("june.hale")
    await identity.logged_on("june.hale")

    assert await told(identity) == [*alerts, "new-device"]


async def test_success_after_a_lock_is_told(identity: Identity) -> None:
    for _ in range(4):
        await identity.log_on("june.hale", WRONG)
    identity.clock.advance(minutes=20)

    await identity.logged_on("june.hale")

    assert await told(identity) == ["after-failures"]


async def test_failures_before_a_lock_and_after_it_are_in_a_row(identity: Identity) -> None:
    for _ in range(4):
        await identity.log_on("june.hale", WRONG)
    identity.clock.advance(minutes=20)
    await identity.log_on("june.hale", WRONG)

    await identity.logged_on("june.hale")

    assert await told(identity) == ["after-failures"]


async def test_success_after_three_failures_on_a_known_device_is_told(identity: Identity) -> None:
    device = (await identity.logged_on("june.hale"))["device"]
    for _ in range(3):
        await identity.log_on("june.hale", WRONG, device=device)
    await identity.logged_on("june.hale", device=device)
    await identity.logged_on("june.hale", device=device)

    assert await told(identity) == ["after-failures"]


async def test_what_others_guess_is_no_failure_of_a_known_device(identity: Identity) -> None:
    device = (await identity.logged_on("june.hale"))["device"]
    for _ in range(4):
        await identity.log_on("june.hale", WRONG)

    await identity.logged_on("june.hale", device=device)

    assert await told(identity) == []


@pytest.mark.parametrize(("days", "alerts"), [(364, []), (365, ["long-absence"])])
async def test_the_first_log_on_in_12_months_is_told(
    identity: Identity, days: int, alerts: list[str]
) -> None:
    device = (await identity.logged_on("june.hale"))["device"]
    identity.clock.advance(days=days)

    await identity.logged_on("june.hale", device=device)

    assert await told(identity) == alerts


async def test_one_log_on_is_told_once_and_of_several_reasons_the_gravest(
    identity: Identity,
) -> None:
    await identity.logged_on("june.hale")
    identity.clock.advance(days=500)
    for _ in range(3):
        await identity.log_on("june.hale", WRONG)

    await identity.logged_on("june.hale")

    assert await told(identity) == ["after-failures"]


@pytest.mark.parametrize(
    ("passwords", "codes", "alerts"),
    [(0, 0, ["new-device"]), (1, 1, ["new-device"]), (1, 2, ["after-failures"])],
)
async def test_with_two_step_it_is_told_once_the_code_was_given(
    identity: Identity, june: Person, passwords: int, codes: int, alerts: list[str]
) -> None:
    stepper = await turned_on(identity, june)
    for _ in range(passwords):
        await identity.log_on("june.hale", WRONG)
    half = await stepper.log_on()
    for _ in range(codes):
        await stepper.step(half["access_token"], WRONG_CODE)
    assert await told(identity) == []

    await stepper.step(half["access_token"], stepper.codes[0])

    assert await told(identity) == alerts


async def test_wrong_codes_of_a_log_on_that_was_left_count_at_the_next(
    identity: Identity, june: Person
) -> None:
    stepper = await turned_on(identity, june)
    first = await stepper.log_on()
    done = await stepper.step(first["access_token"], await stepper.next_code())
    seen = await told(identity)
    for wrong in (2, 1):
        identity.clock.advance(seconds=1)
        left = await identity.logged_on("june.hale", device=done.body["device"])
        for _ in range(wrong):
            await stepper.step(left["access_token"], WRONG_CODE)
    half = await identity.logged_on("june.hale", device=done.body["device"])

    await stepper.step(half["access_token"], await stepper.next_code(), device=done.body["device"])
    half = await identity.logged_on("june.hale", device=done.body["device"])
    await stepper.step(half["access_token"], await stepper.next_code(), device=done.body["device"])

    assert await told(identity) == [*seen, "after-failures"]


async def left_waiting(identity: Identity, stepper: TwoStepper, wrong: int) -> None:
    """Somebody else has the password, and no code."""
    half = await identity.logged_on("june.hale")
    for _ in range(wrong):
        await stepper.step(half["access_token"], WRONG_CODE)


@pytest.mark.proves("MF-2")
async def test_wrong_codes_of_somebody_else_are_told_at_a_trusted_device_too(
    identity: Identity, june: Person
) -> None:
    stepper = await for_new_devices(identity, june)
    device = (await trusted(stepper))["device"]
    seen = await told(identity)
    for wrong in (2, 1):
        await left_waiting(identity, stepper, wrong)

    spared = await identity.logged_on("june.hale", device=device)
    await identity.logged_on("june.hale", device=device)

    assert spared["scope"] == "full"
    assert await told(identity) == [*seen, "after-failures"]


@pytest.mark.proves("MF-7")
async def test_wrong_codes_of_somebody_else_are_told_at_a_log_on_by_passkey_too(
    identity: Identity, june: Person
) -> None:
    holder = await a_holder(identity, june)
    await holder.made()
    device = (await holder.log_on()).body["device"]
    stepper = await turned_on(identity, june)
    seen = await told(identity)
    await left_waiting(identity, stepper, 3)

    for _ in range(2):
        assert (await holder.log_on(device=device)).status == 201

    assert await told(identity) == [*seen, "after-failures"]


async def test_however_many_fail_the_next_one_logs_on(identity: Identity, june: Person) -> None:
    """Nobody waits for a code so often that the number no longer fits."""
    stepper = await turned_on(identity, june)
    await identity.rows("UPDATE accounts SET failures = 32767")
    for _ in range(3):
        await identity.log_on("june.hale", WRONG)
    await left_waiting(identity, stepper, 1)
    half = await stepper.log_on()

    done = await stepper.step(half["access_token"], await stepper.next_code())

    assert done.status == 201
    assert await told(identity) == ["after-failures"]
    assert [row["failures"] for row in await identity.rows("SELECT failures FROM accounts")] == [0]


@pytest.mark.proves("RC-10")
@pytest.mark.parametrize(("wrong", "alerts"), [(2, []), (3, ["after-failures"])])
async def test_of_a_reset_that_waits_for_a_code_failures_alone_are_told_as_well(
    identity: Identity, june: Person, recovery: Recovery, wrong: int, alerts: list[str]
) -> None:
    stepper = await turned_on(identity, june)
    await left_waiting(identity, stepper, wrong)
    reset = await identity.reset(
        await recovery.grant(june, security_version=2), "Silver!Lantern-10"
    )

    done = await stepper.step(reset.body["access_token"], await stepper.next_code())

    assert (done.status, len(done.body["device"])) == (201, 43)
    assert await told(identity) == alerts


@pytest.mark.proves("ID-7")
async def test_a_changed_password_leaves_failures_to_be_told_at_the_next_log_on(
    identity: Identity, june: Person
) -> None:
    stepper = await turned_on(identity, june)
    token = await stepper.logged_on()
    grant = await stepper.proof(token, "password")
    seen = await told(identity)
    await left_waiting(identity, stepper, 3)
    body = {"new_password": THIEF_S, "reauthenticated": grant}
    assert (await identity.call("PUT", "/account/password", body, token=token)).status == 200
    assert await told(identity) == seen

    half = await identity.logged_on("june.hale", THIEF_S)
    await stepper.step(half["access_token"], await stepper.next_code())

    assert await told(identity) == [*seen, "after-failures"]


async def test_of_a_reset_and_a_changed_password_no_more_is_told_than_they_are(
    identity: Identity, june: Person, recovery: Recovery
) -> None:
    session: dict[str, Any] = await identity.logged_on("june.hale")
    token = session["access_token"]
    grant = await identity.call(
        "POST",
        "/account/reauthenticate",
        {"password": june.password, "verb": "password"},
        token=token,
    )
    body = {"new_password": "Copper!Lantern-9", "reauthenticated": grant.body["grant"]}
    assert (await identity.call("PUT", "/account/password", body, token=token)).status == 200
    reset = await identity.reset(
        await recovery.grant(june, security_version=2), "Silver!Lantern-10"
    )

    assert (reset.status, len(reset.body["device"])) == (200, 43)
    assert await told(identity) == []
