"""ID-8: the holder chooses the language and the time zone that she is written to in."""

import asyncio

import pytest

from tests.rigs.identity import Identity
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("ID-8")


async def change(identity: Identity, token: str, **fields: str) -> Answer:
    return await identity.call("PATCH", "/account", fields, token=token)


async def session(identity: Identity) -> str:
    return str((await identity.logged_on())["access_token"])


async def test_what_is_chosen_is_read_and_told_with_a_snapshot(identity: Identity) -> None:
    token = await session(identity)

    changed = await change(identity, token, locale="es", time_zone="America/Los_Angeles")

    chosen = {"locale": "es", "time_zone": "America/Los_Angeles"}
    assert (changed.status, changed.body) == (200, chosen)
    read = (await identity.call("GET", "/account", token=token)).body
    assert {name: read[name] for name in chosen} == chosen
    [snapshot] = await identity.events("account-changed")
    assert {name: snapshot[name] for name in chosen} == chosen


async def test_what_is_left_out_stays_and_what_is_so_already_is_not_told(
    identity: Identity,
) -> None:
    token = await session(identity)

    first = await change(identity, token, locale="es-US")
    again = await change(identity, token, locale="es-US")
    nothing = await change(identity, token)

    kept = {"locale": "es-US", "time_zone": "America/New_York"}
    assert [answer.body for answer in (first, again, nothing)] == [kept] * 3
    assert len(await identity.events("account-changed")) == 1


@pytest.mark.parametrize("locale", ["de", "en_US", "ES", "es-usa", "../es", "english"])
async def test_a_locale_that_nothing_is_written_in_changes_nothing(
    identity: Identity, locale: str
) -> None:
    token = await session(identity)

    refused = await change(identity, token, locale=locale, time_zone="Europe/Madrid")

    assert (refused.status, refused.code) == (422, "locale_not_offered")
    assert refused.body["errors"][0]["field"] == "locale"
    assert (await change(identity, token)).body["time_zone"] == "America/New_York"


@pytest.mark.parametrize("name", ["Mars/Olympus", "america/new_york", "../UTC", "Factory", "EST "])
async def test_a_time_zone_that_there_is_not_changes_nothing(identity: Identity, name: str) -> None:
    token = await session(identity)

    refused = await change(identity, token, locale="es", time_zone=name)

    assert (refused.status, refused.code) == (422, "time_zone_unknown")
    assert (await change(identity, token)).body["locale"] == "en-US"


async def test_of_two_at_once_neither_is_lost(identity: Identity, second: Identity) -> None:
    token = await session(identity)

    await asyncio.gather(
        change(identity, token, locale="es"), change(second, token, time_zone="UTC")
    )

    assert (await change(identity, token)).body == {"locale": "es", "time_zone": "UTC"}


async def test_what_happens_next_is_told_in_that_language_and_zone(identity: Identity) -> None:
    person = await identity.an_account(email="maria@mail.example")
    token = str((await identity.logged_on(person.username))["access_token"])
    await change(identity, token, locale="es", time_zone="Europe/Madrid")

    for _ in range(4):
        await identity.log_on(person.username, "Wrong-Guess-1234")
    await identity.loop("lock-notices").once()

    [told] = await identity.events("account-locked")
    assert (told["locale"], told["time_zone"]) == ("es", "Europe/Madrid")
