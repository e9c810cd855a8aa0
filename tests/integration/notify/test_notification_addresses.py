"""An account's addresses beside its account e-mail: added, verified by a mailed link (NT-2)."""

import asyncio
import re
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from services.notify.addresses.model import MOST
from tests.builders import events
from tests.builders.people import Person, a_person
from tests.rigs.issuer import Issuer
from tests.rigs.notify import Office
from tests.rigs.replica import Answer
from tests.support.clock import FakeClock
from tests.support.database import Database

OTHER = "other@mail.example"
LINK = re.compile(r"https://\S+/settings/notifications/verify#(?P<token>\S+)")


async def a_holder(office: Office) -> Person:
    person = a_person(email=events.ADDRESS)
    await office.know(person.snapshot(), version=person.version)
    return person


async def add(office: Office, issuer: Issuer, person: Person, address: str, **said: Any) -> Answer:
    grant = await office.confirmed(issuer, person)
    body = {"address": address, "reauthenticated": grant, **said}
    return await office.call(
        "POST", "/notification-addresses", body, token=await issuer.token(person)
    )


async def verify(office: Office, issuer: Issuer, person: Person, link: str) -> Answer:
    return await office.call(
        "POST",
        "/notification-addresses/verify",
        {"token": link},
        token=await issuer.token(person),
    )


async def listed(office: Office, issuer: Issuer, person: Person) -> dict[str, bool]:
    """Each address, and whether it is verified."""
    answer = await office.call("GET", "/notification-addresses", token=await issuer.token(person))
    assert answer.status == 200
    return {one["address"]: one["verified_at"] is not None for one in answer.body["addresses"]}


def links(office: Office, address: str = OTHER) -> list[str]:
    """The tokens in the mails to an address, in the order of their arrival."""
    return [
        found["token"]
        for mail in office.mail_server.to(address)
        for found in LINK.finditer(mail.text)
    ]


@pytest.mark.proves("NT-2")
async def test_an_address_is_verified_by_the_link_that_is_mailed_to_it_and_nowhere_else(
    office: Office, issuer: Issuer
) -> None:
    person = await a_holder(office)

    added = await add(office, issuer, person, OTHER)
    await office.send_all()

    assert added.status == 202
    assert (added.body["address"], added.body["verified_at"]) == (OTHER, None)
    assert office.mail_server.to(events.ADDRESS) == []
    [link] = links(office)
    assert await listed(office, issuer, person) == {OTHER: False}
    assert (await verify(office, issuer, person, link)).status == 200
    assert await listed(office, issuer, person) == {OTHER: True}


@pytest.mark.proves("NT-2")
async def test_a_link_opens_nothing_in_a_session_of_another_account_and_is_not_used_up_there(
    office: Office, issuer: Issuer
) -> None:
    person, stranger = await a_holder(office), await a_holder(office)
    _, link = await office.add_address(issuer, person)

    refused = await verify(office, issuer, stranger, link)

    assert refused.refused() == (422, "link_invalid")
    assert await listed(office, issuer, stranger) == {}
    assert (await verify(office, issuer, person, link)).status == 200


async def test_a_newer_link_voids_the_older_one_of_the_same_address_and_of_no_other(
    office: Office, issuer: Issuer
) -> None:
    person = await a_holder(office)
    _, third = await office.add_address(issuer, person, "third@mail.example")
    _, older = await office.add_address(issuer, person)
    office.clock.advance(seconds=1)
    _, newer = await office.add_address(issuer, person)

    await office.send_all()

    assert links(office) == [newer]  # the older one is not mailed late (NT-6)
    assert links(office, "third@mail.example") == [third]
    assert (await verify(office, issuer, person, older)).refused() == (422, "link_invalid")
    assert (await verify(office, issuer, person, newer)).status == 200
    assert (await verify(office, issuer, person, third)).status == 200


async def test_a_link_lives_an_hour(office: Office, issuer: Issuer) -> None:
    person = await a_holder(office)
    _, link = await office.add_address(issuer, person)

    office.clock.advance(minutes=60)

    assert (await verify(office, issuer, person, link)).refused() == (422, "link_invalid")
    assert await office.send_all() == 1
    assert await office.ledger() == [("expired", "link_expired")]


@pytest.mark.proves("NT-2")
async def test_of_sixteen_added_at_once_over_two_replicas_five_are_kept(
    database: Database, clock: FakeClock
) -> None:
    """Where as many mails may be sent: the addresses are counted by themselves."""
    offices = [Office.opened(database, clock, address_mails_an_hour="100") for _ in range(2)]
    async with offices[0].served(database) as issuer, offices[1].client:
        person = await a_holder(offices[0])
        await offices[0].make_keys()

        answers = await asyncio.gather(
            *(
                add(offices[number % 2], issuer, person, f"other-{number}@mail.example")
                for number in range(16)
            )
        )

        told = Counter(answer.refused() for answer in answers)
        assert told == {(202, ""): MOST, (409, "address_limit"): 11}
        assert len(await listed(offices[0], issuer, person)) == MOST
    for one in offices:
        await one.close()


async def test_the_account_e_mail_is_none_in_whatever_spelling(
    office: Office, issuer: Issuer
) -> None:
    person = await a_holder(office)

    refused = await add(office, issuer, person, events.ADDRESS.upper())

    assert refused.refused() == (409, "address_known")


async def test_two_accounts_have_the_same_address(office: Office, issuer: Issuer) -> None:
    """A family may share one: nothing is opened by it."""
    for person in (await a_holder(office), await a_holder(office)):
        await office.has_address(issuer, person)
        assert await listed(office, issuer, person) == {OTHER: True}


async def test_five_mails_an_hour_go_to_one_address_whoever_names_it_however_it_is_spelled(
    office: Office, issuer: Issuer
) -> None:
    for _ in range(5):
        assert (await add(office, issuer, await a_holder(office), OTHER)).status == 202

    sixth = await add(office, issuer, await a_holder(office), OTHER.upper())

    assert sixth.status == 429
    assert int(sixth.headers["Retry-After"]) == 3600


@pytest.mark.proves("NT-2")
async def test_a_removed_address_is_gone_with_its_link(office: Office, issuer: Issuer) -> None:
    person = await a_holder(office)
    address_id, link = await office.add_address(issuer, person)

    removed = await office.call(
        "POST",
        f"/notification-addresses/{address_id}/remove",
        {"reauthenticated": await office.confirmed(issuer, person)},
        token=await issuer.token(person),
    )

    assert removed.status == 204
    assert await listed(office, issuer, person) == {}
    assert (await verify(office, issuer, person, link)).refused() == (422, "link_invalid")
    await office.send_all()
    assert office.mails == []


async def test_a_refusal_spends_no_grant_and_counts_no_mail(office: Office, issuer: Issuer) -> None:
    person = await a_holder(office)
    grant = await office.confirmed(issuer, person)

    refused = await add(office, issuer, person, events.ADDRESS, reauthenticated=grant)
    again = await add(office, issuer, person, OTHER, reauthenticated=grant)

    assert (refused.status, again.status) == (409, 202)
    assert len(await office.rows("SELECT FROM limits")) == 2


async def test_no_token_and_no_address_stand_in_the_audit(office: Office, issuer: Issuer) -> None:
    person = replace(await a_holder(office), version=0)
    _, link = await office.add_address(issuer, person)
    await verify(office, issuer, person, link)

    kept = str(await office.rows("SELECT a::text AS a FROM audit_entries AS a"))

    assert "address.added" in kept
    assert OTHER not in kept
    assert link not in kept
