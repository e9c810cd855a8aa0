"""An account's mobile numbers: added, and verified by a code in a text message (NT-3)."""

import asyncio
import re
from collections import Counter
from typing import Any

import pytest

from services.notify.addresses.model import CODE_TRIES, MOST_NUMBERS
from tests.builders.people import Person, a_person
from tests.rigs.issuer import Issuer
from tests.rigs.notify import NUMBER, Office
from tests.rigs.replica import Answer
from tests.rigs.texts import Provider
from tests.support.clock import FakeClock
from tests.support.database import Database

CODE = re.compile(r"\b[0-9]{6}\b")
WRONG = "000000"


async def a_holder(office: Office) -> Person:
    person = a_person(email=None)
    await office.know(person.snapshot(), version=person.version)
    return person


async def add(office: Office, issuer: Issuer, person: Person, number: str, **said: Any) -> Answer:
    grant = await office.confirmed(issuer, person)
    body = {"number": number, "reauthenticated": grant, **said}
    return await office.call(
        "POST", "/notification-numbers", body, token=await issuer.token(person)
    )


async def verify(
    office: Office, issuer: Issuer, person: Person, address_id: object, code: str
) -> Answer:
    return await office.call(
        "POST",
        f"/notification-numbers/{address_id}/verify",
        {"code": code},
        token=await issuer.token(person),
    )


async def listed(office: Office, issuer: Issuer, person: Person) -> dict[str, bool]:
    """Each address and number, and whether it is verified."""
    answer = await office.call("GET", "/notification-addresses", token=await issuer.token(person))
    return {one["address"]: one["verified_at"] is not None for one in answer.body["addresses"]}


@pytest.mark.proves("NT-3", "NT-2")
async def test_a_number_is_verified_by_the_code_that_is_sent_to_it_at_any_hour(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    person = await a_holder(office)

    added = await add(office, issuer, person, "+1 (213) 555-0147")
    await office.send_all()

    assert added.status == 202
    assert (added.body["kind"], added.body["address"]) == ("phone", NUMBER)
    [text] = provider.to(NUMBER)
    [code] = CODE.findall(text.body)
    assert await listed(office, issuer, person) == {NUMBER: False}
    assert (await verify(office, issuer, person, added.body["address_id"], code)).status == 204
    assert await listed(office, issuer, person) == {NUMBER: True}
    assert await office.ledger() == [("sent", None)]
    shown = await office.call("GET", "/deliveries", token=await issuer.token(person))
    assert [one["state"] for one in shown.body["deliveries"]] == ["sent"]


@pytest.mark.parametrize(
    "number", ["213 555 0147", "+1 800 555 0199", "+44 20 7946 0958", "+1 555 0100", "call me"]
)
async def test_what_no_text_message_can_be_sent_to_is_refused(
    office: Office, issuer: Issuer, number: str
) -> None:
    refused = await add(office, issuer, await a_holder(office), number)

    assert refused.refused() == (422, "number_malformed")


@pytest.mark.proves("NT-3")
async def test_a_code_lives_ten_minutes_and_is_not_sent_late(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    person = await a_holder(office)
    address_id, code = await office.add_number(issuer, person)

    office.clock.advance(minutes=10)

    assert (await verify(office, issuer, person, address_id, code)).refused() == (
        422,
        "code_invalid",
    )
    await office.send_all()
    assert provider.to() == []
    assert await office.ledger() == [("expired", "link_expired")]


@pytest.mark.proves("NT-3")
async def test_of_sixty_four_guesses_at_once_five_are_compared(
    office: Office, issuer: Issuer
) -> None:
    person = await a_holder(office)
    address_id, code = await office.add_number(issuer, person)
    guesses = [f"{number:06}" for number in range(64) if f"{number:06}" != code]

    told = await asyncio.gather(
        *(verify(office, issuer, person, address_id, guess) for guess in guesses)
    )

    assert Counter(answer.refused() for answer in told) == {(422, "code_invalid"): len(guesses)}
    [row] = await office.rows("SELECT tries_left FROM number_codes")
    assert row["tries_left"] == 0
    assert (await verify(office, issuer, person, address_id, code)).status == 422


@pytest.mark.proves("NT-3")
async def test_the_fifth_try_may_be_right(office: Office, issuer: Issuer) -> None:
    person = await a_holder(office)
    address_id, code = await office.add_number(issuer, person)
    for _ in range(CODE_TRIES - 1):
        await verify(office, issuer, person, address_id, WRONG if code != WRONG else "000001")

    assert (await verify(office, issuer, person, address_id, code)).status == 204


@pytest.mark.proves("NT-3")
async def test_three_codes_an_hour_go_to_a_number_whoever_names_it(
    office: Office, issuer: Issuer
) -> None:
    for _ in range(3):
        assert (await add(office, issuer, await a_holder(office), NUMBER)).status == 202

    fourth = await add(office, issuer, await a_holder(office), NUMBER)

    assert fourth.status == 429
    assert int(fourth.headers["Retry-After"]) == 3600


async def test_a_newer_code_takes_the_place_of_the_older_one(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    person = await a_holder(office)
    address_id, older = await office.add_number(issuer, person)
    office.clock.advance(seconds=1)
    _, newer = await office.add_number(issuer, person)

    await office.send_all()

    assert [CODE.findall(text.body) for text in provider.to(NUMBER)] == [[newer]]
    assert (await verify(office, issuer, person, address_id, older)).status == 422
    assert (await verify(office, issuer, person, address_id, newer)).status == 204


async def test_a_code_opens_nothing_in_a_session_of_another_account(
    office: Office, issuer: Issuer
) -> None:
    person, stranger = await a_holder(office), await a_holder(office)
    address_id, code = await office.add_number(issuer, person)

    assert (await verify(office, issuer, stranger, address_id, code)).status == 404
    assert (await verify(office, issuer, person, address_id, code)).status == 204


@pytest.mark.proves("NT-2")
async def test_an_account_has_three_numbers_beside_its_addresses(
    office: Office, issuer: Issuer
) -> None:
    person = await a_holder(office)
    await office.add_address(issuer, person)
    for number in range(MOST_NUMBERS):
        await office.add_number(issuer, person, f"+1213555014{number}")

    assert (await add(office, issuer, person, NUMBER)).refused() == (409, "address_limit")


async def test_a_removed_number_is_gone_with_its_code(
    office: Office, issuer: Issuer, provider: Provider
) -> None:
    person = await a_holder(office)
    address_id, code = await office.add_number(issuer, person)

    removed = await office.call(
        "POST",
        f"/notification-addresses/{address_id}/remove",
        {"reauthenticated": await office.confirmed(issuer, person)},
        token=await issuer.token(person),
    )

    assert removed.status == 204
    assert (await verify(office, issuer, person, address_id, code)).status == 404
    await office.send_all()
    assert provider.to() == []


async def test_where_there_is_no_provider_no_number_is_taken(
    database: Database, clock: FakeClock
) -> None:
    office = Office.opened(database, clock, texts_url="", texts_from="", texts_hooks_url="")
    async with office.served(database) as issuer:
        refused = await add(office, issuer, await a_holder(office), NUMBER)
    await office.close()

    assert refused.refused() == (409, "texts_not_offered")


async def test_no_code_and_no_number_stand_in_audit_or_ledger_in_clear(
    office: Office, issuer: Issuer
) -> None:
    person = await a_holder(office)
    address_id, code = await office.add_number(issuer, person)
    await office.send_all()
    await verify(office, issuer, person, address_id, code)

    audited = str(await office.rows("SELECT a::text AS a FROM audit_entries AS a"))
    filed = str(await office.rows("SELECT content::text, sealed::text FROM deliveries"))
    shown = await office.call("GET", "/deliveries", token=await issuer.token(person))

    assert "number.added" in audited
    assert NUMBER not in audited + str(shown.body)
    assert code not in filed + str(shown.body)
