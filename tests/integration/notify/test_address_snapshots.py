"""Which addresses an account has verified is told to recovery, and what that is for (RC-2)."""

import asyncio
from typing import Any

import msgspec
import pytest

from services.notify.addresses.model import MOST
from services.notify.preferences import address_snapshots
from services.notify.sending.alarms import Cause
from services.notify.sending.verdicts import PATIENCE
from shared.contracts.envelope import Envelope
from shared.contracts.notify import NOTIFICATION_ADDRESSES_CHANGED, NotificationAddressesChanged
from shared.contracts.recovery import UsernameMailedElsewhere
from shared.contracts.sealed import SealPurpose
from tests.builders import events
from tests.builders.people import Person, a_person
from tests.rigs.issuer import Issuer
from tests.rigs.notify import Office
from tests.rigs.replica import Answer
from tests.support.clock import FakeClock
from tests.support.database import Database

pytestmark = pytest.mark.proves("RC-2")
OTHER, THIRD = "other@mail.example", "third@mail.example"
Told = tuple[int, set[str]]


async def a_holder(office: Office) -> Person:
    person = a_person(email=events.ADDRESS)
    await office.know(person.snapshot(), version=person.version)
    return person


async def told(office: Office, person: Person) -> list[Told]:
    """The snapshots of her addresses, each with its version, oldest first."""
    found: list[Envelope] = await office.envelopes(NOTIFICATION_ADDRESSES_CHANGED)
    read = [
        (
            one.aggregateversion or 0,
            msgspec.json.decode(one.data, type=NotificationAddressesChanged),
        )
        for one in found
    ]
    return [
        (version, set(data.addresses))
        for version, data in read
        if data.account_id == person.account_id
    ]


async def remove(office: Office, issuer: Issuer, person: Person, address_id: Any) -> Answer:
    return await office.call(
        "POST",
        f"/notification-addresses/{address_id}/remove",
        {"reauthenticated": await office.confirmed(issuer, person)},
        token=await issuer.token(person),
    )


async def test_each_change_of_what_is_verified_is_told_whole_and_no_other(
    office: Office, issuer: Issuer
) -> None:
    person = await a_holder(office)
    await office.add_address(issuer, person, "unverified@mail.example")
    assert await told(office, person) == []

    first = await office.has_address(issuer, person, OTHER)
    await office.has_address(issuer, person, THIRD)
    assert (await remove(office, issuer, person, first)).status == 204

    assert await told(office, person) == [(2, {OTHER}), (3, {OTHER, THIRD}), (4, {THIRD})]


async def test_of_several_verified_at_once_the_newest_snapshot_has_all(
    database: Database, clock: FakeClock
) -> None:
    offices = [Office.opened(database, clock) for _ in range(2)]
    async with offices[0].served(database) as issuer, offices[1].client:
        person = await a_holder(offices[0])
        addresses = [f"other-{number}@mail.example" for number in range(MOST)]
        links = [
            (await offices[0].add_address(issuer, person, address))[1] for address in addresses
        ]
        token = await issuer.token(person)

        await asyncio.gather(
            *(
                offices[number % 2].call(
                    "POST", "/notification-addresses/verify", {"token": link}, token=token
                )
                for number, link in enumerate(links)
            )
        )

        found = sorted(await told(offices[0], person), key=lambda one: one[0])
        assert [version for version, _ in found] == [*range(2, 2 + MOST)]
        assert [len(known) for _, known in found] == [*range(1, 1 + MOST)]
        assert found[-1][1] == set(addresses)


async def test_one_verified_before_changes_were_told_is_published_as_the_first_version(
    office: Office, issuer: Issuer
) -> None:
    person = await a_holder(office)
    await office.has_address(issuer, person, OTHER)
    await office.rows("DELETE FROM address_versions")
    await office.rows("DELETE FROM outbox")

    holders = await office.rows("SELECT id FROM address_holders")
    async with office.plumbing.acts.open(office.plumbing.operator()) as act:
        await address_snapshots.announce(act, [row["id"] for row in holders])
    await office.has_address(issuer, person, THIRD)

    assert await told(office, person) == [(1, {OTHER}), (2, {OTHER, THIRD})]


async def test_after_a_merge_nothing_is_the_absorbed_account_s_any_more(
    office: Office, issuer: Issuer
) -> None:
    survivor, absorbed = await a_holder(office), await a_holder(office)
    await office.has_address(issuer, survivor, THIRD)
    await office.has_address(issuer, absorbed, OTHER)

    await office.merge(events.merged(survivor.account_id, absorbed.account_id, events.ADDRESS))

    assert (await told(office, absorbed))[-1] == (3, set())
    assert (await told(office, survivor))[-1] == (2, {THIRD})  # it chose nothing to be written to


async def remind(office: Office, person: Person, address: str) -> None:
    """Consume what recovery says of a username that goes there."""
    event_id = events.new_event()
    sealed = await office.seal(
        "juniper.hale", event_id, recipient=address, purpose=SealPurpose.USERNAME
    )
    reminder = events.sealed_reminder(person.account_id, sealed, address)
    await office.file_unknown(reminder, event_id=event_id)


async def test_a_username_is_mailed_to_a_notification_address(
    office: Office, issuer: Issuer
) -> None:
    person = await a_holder(office)
    await office.has_address(issuer, person, OTHER)

    await remind(office, person, OTHER)
    await office.send_all()

    [mail] = [mail for mail in office.mail_server.to(OTHER) if "username" in mail.subject]
    assert "juniper.hale" in mail.text
    assert office.mail_server.to(events.ADDRESS) == []


@pytest.mark.parametrize("whose", ["unverified", "another's", "removed"])
async def test_none_is_mailed_to_an_address_that_the_account_has_not_verified(
    office: Office, issuer: Issuer, whose: str
) -> None:
    """Whoever got hold of recovery would else have any username mailed anywhere."""
    person, other = await a_holder(office), await a_holder(office)
    if whose == "unverified":
        await office.add_address(issuer, person, OTHER)
    else:
        owner = other if whose == "another's" else person
        address_id = await office.has_address(issuer, owner, OTHER)
    await remind(office, person, OTHER)
    if whose == "removed":
        assert (await remove(office, issuer, person, address_id)).status == 204

    for _ in range(20):
        await office.send_all()
        office.clock.advance(seconds=PATIENCE.total_seconds() / 10)

    assert [mail for mail in office.mails if "username" in mail.subject] == []
    assert office.alarms(Cause.ADDRESS_FOREIGN) == 1


@pytest.mark.parametrize("address", [events.ADDRESS, None])
async def test_the_account_e_mail_is_told_where_it_went_and_without_one_a_notice_says_so(
    office: Office, address: str | None
) -> None:
    account_id = events.new_account()
    await office.know(events.account(account_id, email=address))
    recipients = () if address is None else (address,)

    await office.file(
        events.activity(
            UsernameMailedElsewhere, account_id, *recipients, address="j•••@elsewhere.example"
        )
    )
    await office.send_all()

    notices = await office.features.notices.notices.undismissed(account_id)
    if address is None:
        assert [notice.template for notice, _ in notices] == ["username-mailed-elsewhere"]
        assert await office.ledger() == [("failed", "no_address")]
    else:
        [mail] = office.mail_server.to(address)
        assert "j•••@elsewhere.example" in mail.text
        assert notices == []
