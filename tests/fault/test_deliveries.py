"""Deliveries duplicated and reordered: what consumers keep converges, and nobody is told twice."""

from collections.abc import Iterable, Sequence
from functools import partial
from hashlib import sha256

from deploy.client.eventually import eventually
from tests.fault import validating
from tests.fault.ledger import Ledger
from tests.fault.people import live
from tests.fault.rig import Rig
from tests.fault.tap import Published

TIMES = 3
LATEST = 300  # events: all of this test's, and of those before it


async def test_everything_again_three_times_and_in_another_order_changes_nothing(
    rig: Rig, ledger: Ledger
) -> None:
    person, validated, behind = (rig.person(ledger) for _ in range(3))
    await live(person)
    await person.is_locked_out()
    await validating.has_picked_her_address(validated)
    await validating.sets_her_password(validated)
    await ledger.balance()
    kept, mails = await rig.books.projections(), await rig.books.copies()

    latest = list(rig.books.tap.events.values())[-LATEST:]
    await rig.books.forget([event.event_id for event in latest])
    await rig.books.tap.publish(shuffled(person.mark, latest * TIMES))
    await live(behind)  # in each queue behind all of that: once it is heard, so is the rest

    await ledger.balance()
    now = await rig.books.projections()
    for table, rows in kept.items():
        assert [row for row in rows if row not in now[table]] == [], table
    assert (await rig.books.copies()) & mails == mails


async def test_snapshots_that_come_in_the_wrong_order_converge(rig: Rig, ledger: Ledger) -> None:
    person = rig.person(ledger)
    for service in ("recovery", "merge"):
        rig.kill(service)
    await person.comes()
    await rig.books.published_all("identity")

    waiting = [
        event
        for queue in ("recovery.accounts", "merge.accounts")
        for event in await rig.books.tap.take_over(queue)
    ]
    assert is_out_of_order(waiting)
    for service in ("recovery", "merge"):
        await rig.restart(service)
    for event in dict.fromkeys(reversed(waiting)):  # none in one batch with the next
        await rig.books.tap.publish([event])
        await eventually(partial(rig.books.have_taken, event.event_id, ("recovery", "merge")))

    await ledger.balance()
    await person.asks_for_a_link()
    await person.resets()
    await ledger.balance()


def is_out_of_order(waiting: Sequence[Published]) -> bool:
    """Turned round, an account's second version came before its first."""
    keys = [event.routing_key for event in waiting]
    return keys.count("identity.account-changed.v1") == 4  # two versions, in two queues


def shuffled(seed: str, events: Iterable[Published]) -> list[Published]:
    """Put them in an order that the seed decides."""
    numbered = enumerate(events)
    return [event for _, event in sorted(numbered, key=lambda one: place(seed, one[0]))]


def place(seed: str, number: int) -> bytes:
    return sha256(f"{seed} {number}".encode()).digest()
