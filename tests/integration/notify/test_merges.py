"""Two accounts become one: told to both, everything the survivor's, nothing late (MG-6, MG-9)."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise, permutations

import pytest
import pytest_asyncio

from services.notify.ledger.errors import MergeUnderWay
from shared.contracts.identity import AccountsMerged, AccountState, EnrolmentState
from shared.contracts.ids import AccountId, EventId
from tests.builders import events
from tests.builders.patients import Patient, a_patient
from tests.rigs.notify import Office, a_round
from tests.support.clock import START

SURVIVOR, ABSORBED = "survivor@mail.example", "absorbed@mail.example"
APPLIED = "notify.merge-applied.v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Two:
    """Two accounts, the second enrolled somewhere, and what identity says when it merges them."""

    office: Office
    patient: Patient  # of the second account
    survivor: AccountId
    event: AccountsMerged

    @property
    def absorbed(self) -> AccountId:
        return self.patient.account_id

    async def tell_survivor(
        self, version: int = 5, state: EnrolmentState = EnrolmentState.ENROLLED
    ) -> None:
        """Its snapshot: the other's practice stands under it."""
        await self.patient.changes(version, state, account_id=self.survivor, email=SURVIVOR)

    async def tell_absorbed(self) -> None:
        """Its snapshot: it is gone."""
        gone = events.account(self.absorbed, email=None, state=AccountState.MERGED)
        await self.office.know(gone, version=2)

    async def tell_merge(self) -> None:
        await self.office.merge(self.event)

    async def remind(self) -> EventId:
        """Somebody asked for the username of the account that is gone."""
        return await self.office.file(events.reminder_requested(self.absorbed, ABSORBED))

    async def late(self) -> None:
        """Snapshots from before the merge, told once more."""
        await self.patient.changes(1, email=ABSORBED)
        await self.office.know(events.account(self.survivor, email=SURVIVOR), version=4)

    async def written_to(self) -> list[tuple[str, ...]]:
        """Let the couriers go; whom their practice's mails reached."""
        await self.office.send_all()
        return [mail.envelope_to for mail in self.office.mails if "Elm Street" in mail.text]

    async def notices(self) -> list[str]:
        """What waits for the survivor in the portal, by its template."""
        found = await self.office.features.notices.notices.undismissed(self.survivor)
        return sorted(notice.template for notice, _ in found)


@pytest_asyncio.fixture
async def two(office: Office) -> Two:
    """Both are known, nothing is merged."""
    patient, survivor = await a_patient(office, email=ABSORBED), events.new_account()
    await office.know(events.account(survivor, email=SURVIVOR), version=4)
    event = events.merged(survivor, patient.account_id, SURVIVOR, ABSORBED)
    return Two(office=office, patient=patient, survivor=survivor, event=event)


async def answers(office: Office) -> int:
    rows = await office.rows("SELECT 1 FROM outbox WHERE routing_key = $1", APPLIED)
    return len(rows)


async def pairs(office: Office) -> set[tuple[AccountId, AccountId]]:
    rows = await office.rows("SELECT absorbed_id, survivor_id FROM merged_accounts")
    return {(row["absorbed_id"], row["survivor_id"]) for row in rows}


@pytest.mark.proves("MG-6")
async def test_a_merge_is_told_to_both_addresses_and_answered(two: Two) -> None:
    await two.tell_merge()
    await two.office.send_all()

    reached = sorted(address for mail in two.office.mails for address in mail.envelope_to)
    assert reached == [ABSORBED, SURVIVOR]
    (row,) = await two.office.rows(
        "SELECT convert_from(body, 'UTF8')::jsonb AS body FROM outbox WHERE routing_key = $1",
        APPLIED,
    )
    assert str(two.event.merge_id) in row["body"]
    assert f'"subject": "{two.survivor}"' in row["body"]


@pytest.mark.proves("MG-9")
async def test_a_merge_told_again_has_no_second_effect_though_the_inbox_has_forgotten_it(
    two: Two, twin: Office
) -> None:
    event_id = await two.office.merge(two.event)

    await asyncio.gather(
        *(office.merge(two.event, event_id=event_id) for office in (two.office, twin) * 4)
    )
    await two.office.merge(two.event)  # as another event
    await two.office.send_all()

    assert len(two.office.mails) == 2
    assert await answers(two.office) == 1


@pytest.mark.proves("MG-9")
@pytest.mark.parametrize("order", list(permutations(range(3))))
async def test_chained_merges_end_at_the_last_survivor_in_whatever_order_they_are_told(
    office: Office, order: tuple[int, ...]
) -> None:
    first, second, third, last = (events.new_account() for _ in range(4))
    chain = [(second, first), (third, second), (last, third)]

    for number in order:
        survivor, absorbed = chain[number]
        await office.merge(events.merged(survivor, absorbed))

    assert await pairs(office) == {(first, last), (second, last), (third, last)}


async def test_merges_told_to_two_replicas_are_flattened(office: Office, twin: Office) -> None:
    chain = [events.new_account() for _ in range(9)]
    merges = [events.merged(survivor, absorbed) for absorbed, survivor in pairwise(chain)]

    await asyncio.gather(
        *((office, twin)[number % 2].merge(merge) for number, merge in enumerate(merges))
    )

    assert await pairs(office) == {(absorbed, chain[-1]) for absorbed in chain[:-1]}


@pytest.mark.proves("MG-9")
async def test_what_still_arrives_for_the_absorbed_account_is_the_survivor_s(two: Two) -> None:
    for addresses in ((ABSORBED,), ()):
        await two.office.file(events.locked(two.absorbed, *addresses))
    await two.tell_merge()
    for addresses in ((ABSORBED,), ()):
        await two.office.file(events.password_reset(two.absorbed, *addresses))

    seen = await two.office.features.ledger.reading.of_account(two.survivor)

    templates = ("account-locked", "accounts-merged", "password-reset")
    assert Counter(entry.template for entry in seen) == dict.fromkeys(templates, 2)
    assert await two.notices() == ["account-locked", "password-reset"]
    rows = await two.office.rows(
        "SELECT DISTINCT account_id FROM deliveries WHERE template = 'password-reset'"
    )
    assert [row["account_id"] for row in rows] == [two.survivor]


async def test_an_event_told_again_after_the_merge_is_no_second_notice(two: Two) -> None:
    data = events.locked(two.absorbed)
    event_id = await two.office.file(data)
    await two.tell_merge()

    await two.office.file(data, event_id=event_id)

    assert await two.notices() == ["account-locked"]


async def test_a_person_sees_the_newest_hundred_of_both_accounts(two: Two) -> None:
    await two.office.file(events.locked(two.survivor, SURVIVOR))
    two.office.clock.advance(minutes=1)
    for _ in range(100):
        await two.office.file(events.locked(two.absorbed, ABSORBED))
    two.office.clock.advance(minutes=1)
    await two.tell_merge()

    seen = await two.office.features.ledger.reading.of_account(two.survivor)

    assert [entry.template for entry in seen] == ["accounts-merged"] * 2 + ["account-locked"] * 98
    assert all(entry.address == "a***@mail.example" for entry in seen[2:])


async def test_links_of_the_absorbed_account_are_dropped_with_their_secrets(two: Two) -> None:
    await two.office.file_link(two.absorbed, address=ABSORBED, at=START)

    await two.tell_merge()

    (row,) = await two.office.rows(
        "SELECT state, reason, sealed FROM deliveries WHERE link_purpose IS NOT NULL"
    )
    assert tuple(row) == ("cancelled", "account_merged", None)
    await two.office.send_all()
    assert len(two.office.mails) == 2  # the word of the merge


@pytest.mark.parametrize("late", [False, True])
async def test_a_username_of_the_absorbed_account_is_dropped_at_once_never_sent_late(
    two: Two, late: bool
) -> None:
    steps = [two.tell_merge, two.remind]
    for step in steps if late else reversed(steps):
        await step()

    (row,) = await two.office.rows(
        "SELECT state, reason, content::text FROM deliveries WHERE template = 'username-reminder'"
    )
    assert (row["state"], row["reason"]) == ("cancelled", "account_merged")
    assert "juniper.hale" not in row["content"]
    await two.office.send_all()
    assert len(two.office.mails) == 2  # the word of the merge


@pytest.mark.parametrize("secret", ["username-reminder", "reset-link"])
async def test_a_secret_filed_beside_the_merge_is_dropped_at_its_turn(
    two: Two, secret: str
) -> None:
    await two.tell_merge()
    if secret == "reset-link":
        await two.office.file_link(two.survivor, address=SURVIVOR)
    else:
        await two.office.file(events.reminder_requested(two.survivor, ABSORBED))
    query = "UPDATE deliveries SET account_id = $1 WHERE template = $2 RETURNING id"
    assert len(await two.office.rows(query, two.absorbed, secret)) == 1

    await two.office.send_all()

    assert len(two.office.mails) == 2  # the word of the merge
    assert ("cancelled", "account_merged") in await two.office.ledger()


@pytest.mark.proves("UN-1")
async def test_what_the_absorbed_account_s_practice_sent_is_seen_while_the_survivor_is_enrolled(
    two: Two,
) -> None:
    await two.patient.is_written_to()
    await two.tell_merge()

    async def seen() -> list[str]:
        found = await two.office.features.ledger.reading.of_account(two.survivor)
        return [entry.template for entry in found if entry.communication]

    await two.tell_survivor()
    assert await seen() == ["practice-communication"]
    await two.tell_survivor(6, EnrolmentState.UNENROLLED)
    assert await seen() == []


async def test_a_late_link_of_the_absorbed_account_is_not_mailed_and_voids_none_of_the_survivor_s(
    two: Two,
) -> None:
    await two.office.file_link(two.survivor, address=SURVIVOR, secret="s" * 43, at=START)
    await two.tell_merge()
    later = START + timedelta(minutes=1)
    await two.office.file_link(two.absorbed, address=ABSORBED, secret="a" * 43, at=later)
    await two.office.file(events.password_reset(two.absorbed, ABSORBED, at=later))

    await two.office.send_all()

    links = [mail for mail in two.office.mails if "#" in mail.text]
    assert [mail.envelope_to for mail in links] == [(SURVIVOR,)]
    assert "s" * 43 in links[0].text
    rows = await two.office.rows("SELECT sealed FROM deliveries WHERE sealed IS NOT NULL")
    assert rows == []


Step = Callable[[Two], Awaitable[None]]
STEPS: tuple[Step, ...] = (Two.tell_survivor, Two.tell_absorbed, Two.tell_merge)


@pytest.mark.proves("MG-9")
@pytest.mark.parametrize("order", list(permutations(STEPS)), ids=lambda order: order[0].__name__)
async def test_a_queued_communication_goes_to_the_survivor_once_whatever_is_told_first(
    two: Two, order: tuple[Step, ...]
) -> None:
    await two.patient.is_written_to()

    for step in order:
        await step(two)
        await step(two)  # told twice
        if step is not order[-1]:
            await two.office.send_all()
            two.office.clock.advance(minutes=1)
    await two.late()

    assert await two.written_to() == [(SURVIVOR,)]
    rows = await two.office.rows("SELECT state FROM deliveries WHERE practice_id IS NOT NULL")
    assert [row["state"] for row in rows] == ["sent"]


@pytest.mark.parametrize("order", list(permutations(STEPS)), ids=lambda order: order[0].__name__)
async def test_a_communication_that_arrives_amid_a_merge_waits_and_goes_to_the_survivor(
    two: Two, order: tuple[Step, ...]
) -> None:
    for step in order[:2]:
        await step(two)
    filed = False
    with suppress(MergeUnderWay):  # tried again later
        await two.patient.is_written_to()
        filed = True
    await a_round(two.office.communications)
    await order[2](two)
    if not filed:
        await two.patient.is_written_to()

    assert await two.written_to() == [(SURVIVOR,)]
    rows = await two.office.rows("SELECT account_id FROM deliveries WHERE practice_id IS NOT NULL")
    assert [row["account_id"] for row in rows] == [two.survivor]


async def test_who_had_no_address_before_the_merge_is_mailed_not_noticed_after_it(two: Two) -> None:
    await two.patient.changes(2, email=None)
    await two.tell_merge()

    with pytest.raises(MergeUnderWay):  # tried again later
        await two.patient.is_written_to()
    await two.tell_survivor()
    await two.patient.is_written_to()

    assert await two.written_to() == [(SURVIVOR,)]
    assert await two.notices() == []


async def test_a_survivor_that_gets_the_absorbed_address_is_mailed_not_noticed(two: Two) -> None:
    await two.office.know(events.account(two.survivor, email=None), version=4)
    await two.patient.is_written_to()
    await two.tell_merge()
    await two.office.send_all()
    await two.patient.changes(5, account_id=two.survivor, email=ABSORBED)
    two.office.clock.advance(minutes=1)

    assert await two.written_to() == [(ABSORBED,)]
    assert await two.notices() == []


async def test_an_older_snapshot_of_the_absorbed_account_revives_nothing(two: Two) -> None:
    await two.office.forget_accounts()
    await two.tell_merge()
    await two.tell_survivor()
    await two.late()

    await two.patient.is_written_to()

    assert await two.written_to() == [(SURVIVOR,)]


async def test_un_enrolled_after_the_merge_nothing_is_written_any_more(two: Two) -> None:
    await two.patient.is_written_to()
    await two.tell_merge()
    await two.tell_survivor(6, EnrolmentState.UNENROLLED)

    await two.office.send_all()

    rows = await two.office.rows(
        "SELECT state, reason FROM deliveries WHERE practice_id IS NOT NULL"
    )
    assert [tuple(row) for row in rows] == [("cancelled", "not_enrolled")]


async def test_a_merge_whose_snapshot_never_comes_is_given_up_after_three_days(two: Two) -> None:
    await two.patient.is_written_to()
    await two.tell_merge()
    await two.office.send_all()
    two.office.clock.advance(hours=72)

    await two.office.send_all()

    assert ("failed", "gave_up") in await two.office.ledger()
