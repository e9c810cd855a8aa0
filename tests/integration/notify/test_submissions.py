"""Submissions that come together share a transaction, and nothing else (NT-9)."""

import asyncio
from collections import Counter

import pytest

from services.notify.communications.errors import ReferenceReused
from services.notify.communications.model import Communication
from services.notify.communications.submissions import Submissions
from shared.contracts.ids import PracticeId
from shared.contracts.notify import Topic
from shared.errors import DatabaseBusy
from tests.builders import events
from tests.builders.patients import a_patient
from tests.rigs.notify import Office

WAITING = "SELECT count(*) FROM communications WHERE due_at IS NOT NULL"
AUDITED = "SELECT outcome, detail, practice, correlation_id FROM audit_entries"


@pytest.mark.proves("NT-9")
async def test_of_submissions_that_come_together_each_is_told_its_own_outcome(
    office: Office,
) -> None:
    patient, elsewhere = await a_patient(office), PracticeId(events.RANDOMNESS.uuid())
    first = await patient.is_submitted("first")

    told = await asyncio.gather(
        patient.is_submitted("alone"),  # goes at once; the others meanwhile become a group
        patient.is_submitted("new"),
        patient.is_submitted("first"),
        patient.is_submitted("first", topic=Topic.STATEMENT),
        patient.is_submitted("foreign", practice_id=elsewhere),
        patient.is_submitted("newer"),
        return_exceptions=True,
    )

    alone, new, again, reused, foreign, newer = told
    assert again == first
    assert len({first, alone, new, foreign, newer}) == 5
    assert isinstance(reused, ReferenceReused)
    assert (await office.rows(WAITING))[0]["count"] == 5
    rows = await office.rows(AUDITED)
    assert Counter((row["outcome"], row["detail"]) for row in rows) == {
        ("done", "message"): 5,
        ("refused", "reference_reused"): 1,
    }
    assert Counter(row["practice"] for row in rows)[str(elsewhere)] == 1
    assert len({row["correlation_id"] for row in rows}) == len(rows)  # each its own story


@pytest.mark.proves("NT-9")
async def test_two_replicas_that_are_sent_the_same_in_another_order_take_it_once(
    office: Office,
) -> None:
    patient, by = await a_patient(office), office.plumbing.operator()
    replicas = [Submissions(acts=office.plumbing.acts) for _ in range(2)]
    sent = [
        Communication(
            practice_id=patient.practice_id,
            patient_id=patient.patient_id,
            topic=Topic.MESSAGE,
            reference=f"visit-{number}",
        )
        for number in range(60)
    ]

    here, there = await asyncio.gather(
        asyncio.gather(*(replicas[0].submit(one, by=by) for one in sent)),
        asyncio.gather(*(replicas[1].submit(one, by=by) for one in reversed(sent))),
    )

    assert here == there[::-1]
    assert (await office.rows(WAITING))[0]["count"] == len(sent)
    assert len(await office.rows(AUDITED)) == len(sent)


async def test_past_the_bound_a_submission_is_turned_away(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = await a_patient(office)
    monkeypatch.setattr("shared.group_commit.WAITING", 2)

    told = await asyncio.gather(
        *(patient.is_submitted(str(number)) for number in range(5)), return_exceptions=True
    )

    turned_away = [one for one in told if isinstance(one, DatabaseBusy)]
    assert len(turned_away) == 3
    assert (await office.rows(WAITING))[0]["count"] == 2
