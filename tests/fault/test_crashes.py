"""Kill -9 of each service at each crash point: nothing is lost, nothing happens twice."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

import pytest

from tests.fault.ledger import Ledger
from tests.fault.paths import ALL, Case, is_chosen
from tests.fault.people import Person
from tests.fault.points import MAILED_TWICE, PUBLISHED_TIMES, Point
from tests.fault.rig import Rig
from tests.fault.seams import SESSIONS

CASES = [
    pytest.param(case, id=case.id, marks=() if is_chosen(case) else pytest.mark.every_path)
    for case in ALL
]


@pytest.mark.parametrize("case", CASES)
async def test_a_service_killed_on_the_way_loses_nothing_and_does_nothing_twice(
    rig: Rig, ledger: Ledger, case: Case
) -> None:
    person = rig.person(ledger)
    await case.hop.given(person)
    await rig.books.settled()
    before = dict(rig.books.tap.copies)

    rig.trap(case.victim).arm(case.snare)
    async with asyncio.TaskGroup() as group:
        group.create_task(case.hop.act(person))
        await rig.dies(case.victim, case.snare)
        await rig.restart(case.victim)

    await ledger.balance()
    was_published_as_the_point_says(rig, case, before)
    await was_mailed_as_the_point_says(rig, case, person)


def was_published_as_the_point_says(rig: Rig, case: Case, before: Mapping[UUID, int]) -> None:
    """The kill was where it is said to be: that shows on the bus, but for the sessions' stream."""
    tap = rig.books.tap
    copies = [
        count
        for event_id, count in tap.copies.items()
        if event_id not in before and tap.events[event_id].routing_key == case.snare.event
    ]
    if case.snare.point in PUBLISHED_TIMES and case.snare.event != SESSIONS:
        assert max(copies) in PUBLISHED_TIMES[case.snare.point]


async def was_mailed_as_the_point_says(rig: Rig, case: Case, person: Person) -> None:
    """And so it does at the mail server; that no mail came too often is in the ledger."""
    if case.snare.template is None:
        return
    accounts = [one.account_id for one in (person, person.other) if one]
    rows = await rig.books.rows(
        "SELECT id, class, state FROM notify.deliveries"
        " WHERE (account_id = ANY ($1) OR account_id IS NULL AND address = $3) AND template = $2",
        accounts,
        case.snare.template,
        person.address,  # of who has no account yet
    )
    held = rows[0]["class"] == "practice-communication" and case.snare.point in MAILED_TWICE
    unsent = {"failed"} if case.hop.elsewhere else set()  # the row of the account's own address
    assert {row["state"] for row in rows} == {"unknown" if held else "sent"} | unsent
    if case.snare.point is Point.ANSWERED and not held:
        arrived = await rig.books.copies()
        sent = [row["id"] for row in rows if row["state"] not in unsent]
        assert sum(arrived[f"<{one}@portico.example>"] for one in sent) > len(sent)
