"""Devices as their holder looks them over: listed, renamed, revoked; a lost reply (MF-2, SE-1)."""

import asyncio
from collections import Counter
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio

from tests.rigs.identity import Identity, Person
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("MF-2")
PHONE = {"device_name": "June's phone", "agent": "Firefox on Android"}


@pytest_asyncio.fixture(autouse=True)
async def june(identity: Identity) -> Person:
    """Whose devices they are."""
    return await identity.an_account("june.hale", email="june@mail.example")


async def listed(identity: Identity, token: str) -> list[dict[str, Any]]:
    answer = await identity.call("GET", "/account/devices", token=token)
    assert answer.status == 200
    return list(answer.body["devices"])


async def rename(identity: Identity, token: str, device_id: str, name: str) -> Answer:
    path = f"/account/devices/{device_id}"
    return await identity.call("PATCH", path, {"name": name}, token=token)


async def revoke(identity: Identity, token: str, device_id: str) -> Answer:
    return await identity.call("DELETE", f"/account/devices/{device_id}", token=token)


async def test_they_are_listed_with_the_one_used_last_first(identity: Identity) -> None:
    phone = await identity.logged_on("june.hale", **PHONE)
    identity.clock.advance(minutes=1)
    laptop = await identity.logged_on("june.hale")
    identity.clock.advance(minutes=1)
    again = await identity.logged_on("june.hale", device=phone["device"], agent="Firefox 160")

    first, last = await listed(identity, again["access_token"])

    assert (first["name"], first["agent"]) == ("June's phone", "Firefox 160")
    assert (first["current"], first["trusted_until"]) == (True, None)
    assert first["made_at"] < last["made_at"] < first["used_at"]
    assert (last["name"], last["agent"], last["current"]) == (None, None, False)
    assert [each["current"] for each in await listed(identity, laptop["access_token"])] == [
        False,
        True,
    ]


async def test_its_name_is_its_holder_s_from_then_on_in_the_sessions_too(
    identity: Identity,
) -> None:
    session = await identity.logged_on("june.hale", **PHONE)
    token = session["access_token"]
    [device] = await listed(identity, token)

    renamed = await rename(identity, token, device["device_id"], "Grandma's tablet")
    await identity.logged_on("june.hale", device=session["device"], device_name="Anything")

    assert renamed.status == 204
    [device] = await listed(identity, token)
    assert device["name"] == "Grandma's tablet"
    sessions = (await identity.call("GET", "/sessions", token=token)).body["sessions"]
    assert {each["device_name"] for each in sessions} == {"Grandma's tablet"}


async def test_a_revoked_one_is_new_its_sessions_end_and_its_holder_is_told(
    identity: Identity,
) -> None:
    phone = await identity.logged_on("june.hale", **PHONE)
    laptop = await identity.logged_on("june.hale")
    token = laptop["access_token"]
    device_id = next(
        each["device_id"]
        for each in await listed(identity, phone["access_token"])
        if each["current"]
    )

    first, again = [await revoke(identity, token, device_id) for _ in range(2)]

    assert (first.status, again.status) == (204, 404)
    assert [each["current"] for each in await listed(identity, token)] == [True]
    assert (await identity.refresh(phone["refresh_token"])).code == "refresh_invalid"
    assert (await rename(identity, token, device_id, "Mine")).status == 404
    new = await identity.logged_on("june.hale", device=phone["device"])
    assert new["device"] != phone["device"]
    [event] = await identity.events("device-removed")
    assert (event["cause"], event["recipients"]) == ("holder", ["june@mail.example"])
    [row] = await identity.rows("SELECT ended_by FROM sessions WHERE ended_at IS NOT NULL")
    assert row["ended_by"] == "device-revoked"


async def test_the_session_that_revokes_its_own_goes_on(identity: Identity) -> None:
    session = await identity.logged_on("june.hale")
    token = session["access_token"]
    [device] = await listed(identity, token)

    assert (await revoke(identity, token, device["device_id"])).status == 204

    assert await listed(identity, token) == []


async def test_another_s_device_is_as_unknown_as_none(identity: Identity) -> None:
    pat = await identity.an_account("pat.reed")
    pats = await identity.logged_on(pat.username)
    [device] = await listed(identity, pats["access_token"])
    token = (await identity.logged_on("june.hale"))["access_token"]

    for device_id in (device["device_id"], str(UUID(int=7))):
        assert (await rename(identity, token, device_id, "Mine")).status == 404
        assert (await revoke(identity, token, device_id)).status == 404
    assert len(await listed(identity, pats["access_token"])) == 1


async def test_of_64_who_rename_and_revoke_at_once_nobody_brings_it_back(
    identity: Identity, second: Identity
) -> None:
    phone = await identity.logged_on("june.hale")
    identity.clock.advance(seconds=1)
    token = (await identity.logged_on("june.hale"))["access_token"]
    device_id = (await listed(identity, token))[-1]["device_id"]

    answers = await asyncio.gather(
        *(rename(identity, token, device_id, f"Name {number}") for number in range(32)),
        *(revoke(second, token, device_id) for _ in range(32)),
    )

    told = Counter(answer.status for answer in answers[32:])
    assert told == {204: 1, 404: 31}
    assert {answer.status for answer in answers[:32]} <= {204, 404}
    assert [each["current"] for each in await listed(identity, token)] == [True]
    assert len(await identity.events("device-removed")) == 1
    assert (await identity.refresh(phone["refresh_token"])).status == 401


async def test_two_log_ons_at_once_with_one_device_are_one_device(
    identity: Identity, second: Identity
) -> None:
    device = (await identity.logged_on("june.hale"))["device"]

    answers = [
        *await asyncio.gather(
            *(
                replica.log_on("june.hale", device=device, agent=f"Agent {number}")
                for number, replica in enumerate((identity, second) * 8)
            )
        )
    ]

    assert {answer.status for answer in answers} == {201}
    assert not any("device" in answer.body for answer in answers)
    assert len(await identity.rows("SELECT FROM devices")) == 1


@pytest.mark.proves("V14.2.7")
async def test_past_fifty_the_one_unused_longest_goes_and_what_is_over_is_swept(
    identity: Identity,
) -> None:
    first = (await identity.logged_on("june.hale"))["device"]
    for _ in range(50):
        identity.clock.advance(seconds=1)
        last = await identity.logged_on("june.hale")

    assert len(await listed(identity, last["access_token"])) == 50
    assert "device" in await identity.logged_on("june.hale", device=first)
    identity.clock.advance(days=400, minutes=2)
    await identity.loop("device-sweeper").once()
    assert await identity.rows("SELECT FROM devices") == []


class TestLostReply:
    """SE-1: a used refresh token whose successor was never used."""

    pytestmark = pytest.mark.proves("SE-1")

    @pytest.mark.parametrize("seconds", [30, 14 * 60])
    async def test_is_answered_with_it_where_the_device_s_secret_comes_along(
        self, identity: Identity, seconds: int
    ) -> None:
        session = await identity.logged_on("june.hale")
        token, device = session["refresh_token"], session["device"]
        lost = (await identity.refresh(token, device=device)).body["refresh_token"]
        identity.clock.advance(seconds=seconds)

        answers = [await identity.refresh(token, device=device) for _ in range(2)]

        assert {answer.body["refresh_token"] for answer in answers} == {lost}
        assert (await identity.refresh(lost)).status == 200

    async def test_is_reuse_without_it(self, identity: Identity) -> None:
        session = await identity.logged_on("june.hale")
        token = session["refresh_token"]
        lost = (await identity.refresh(token)).body["refresh_token"]
        identity.clock.advance(seconds=30)

        assert (await identity.refresh(token)).code == "refresh_invalid"
        assert (await identity.refresh(lost)).code == "refresh_invalid"

    async def test_is_reuse_with_another_device_s(self, identity: Identity) -> None:
        session, other = [await identity.logged_on("june.hale") for _ in range(2)]
        token = session["refresh_token"]
        await identity.refresh(token)
        identity.clock.advance(seconds=30)

        assert (await identity.refresh(token, device=other["device"])).status == 401
        assert (await identity.refresh(token, device=session["device"])).status == 401

    async def test_is_reuse_once_the_successor_was_used(self, identity: Identity) -> None:
        session = await identity.logged_on("june.hale")
        token, device = session["refresh_token"], session["device"]
        successor = (await identity.refresh(token)).body["refresh_token"]
        identity.clock.advance(seconds=10)
        newest = (await identity.refresh(successor)).body["refresh_token"]
        identity.clock.advance(seconds=20)

        assert (await identity.refresh(token, device=device)).code == "refresh_invalid"
        assert (await identity.refresh(newest)).code == "refresh_invalid"

    async def test_is_reuse_with_a_device_that_is_void(self, identity: Identity) -> None:
        session = await identity.logged_on("june.hale")
        token, device = session["refresh_token"], session["device"]
        [listing] = await listed(identity, session["access_token"])
        await revoke(identity, session["access_token"], listing["device_id"])
        await identity.refresh(token)
        identity.clock.advance(seconds=30)

        assert (await identity.refresh(token, device=device)).code == "refresh_invalid"

    async def test_to_64_at_once_is_one_successor(
        self, identity: Identity, second: Identity
    ) -> None:
        session = await identity.logged_on("june.hale")
        token, device = session["refresh_token"], session["device"]
        lost = (await identity.refresh(token)).body["refresh_token"]
        identity.clock.advance(seconds=31)

        answers = await asyncio.gather(
            *(replica.refresh(token, device=device) for replica in (identity, second) * 32)
        )

        assert {answer.body["refresh_token"] for answer in answers} == {lost}
