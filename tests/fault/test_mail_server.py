"""A mail server that is away, refuses, puts off, is slow or hangs up after the whole mail."""

import pytest

from deploy.client.eventually import eventually
from deploy.local.caught import FaultKind
from tests.fault.people import Person
from tests.fault.rig import Rig


async def delivery(rig: Rig, person: Person, template: str) -> tuple[str, str | None, int]:
    """Return what became of the one delivery: its state, the reason, and how many mails came."""
    [row] = await rig.books.rows(
        "SELECT id, state, reason FROM notify.deliveries WHERE account_id = $1 AND template = $2",
        person.account_id,
        template,
    )
    copies = await rig.books.copies()
    return row["state"], row["reason"], copies[f"<{row['id']}@portico.example>"]


async def test_mails_wait_for_a_mail_server_that_is_away(rig: Rig, person: Person) -> None:
    await rig.kill_catcher()
    await person.is_locked_out()
    await person.is_written_to()

    async def both_are_filed() -> None:
        count = await rig.books.value(
            "SELECT count(*) FROM notify.deliveries WHERE account_id = $1"
            " AND template IN ('account-locked', 'practice-communication')",
            person.account_id,
        )
        assert count == 2

    await eventually(both_are_filed, within=20)
    await rig.restart_catcher()

    await person.ledger.balance()
    assert await delivery(rig, person, "account-locked") == ("sent", None, 1)
    assert await delivery(rig, person, "practice-communication") == ("sent", None, 1)


@pytest.mark.parametrize(
    ("kind", "count", "seconds"),
    [
        pytest.param(FaultKind.TEMPFAIL, 3, 0.0, id="puts-off"),  # one of them twice
        pytest.param(FaultKind.SLOW, 2, 1.0, id="is-slow"),
    ],
)
async def test_a_mail_server_that_puts_off_or_is_slow_gets_each_mail_once(
    rig: Rig, person: Person, kind: FaultKind, count: int, seconds: float
) -> None:
    await rig.mails.fail(kind, count=count, seconds=seconds)
    await person.is_locked_out()
    await person.is_written_to()

    await person.ledger.balance()
    assert await delivery(rig, person, "account-locked") == ("sent", None, 1)
    assert await delivery(rig, person, "practice-communication") == ("sent", None, 1)


async def test_a_mail_refused_for_good_is_told_in_the_ledger(rig: Rig, person: Person) -> None:
    await rig.mails.fail(FaultKind.REFUSE)
    await person.is_written_to(refused=True)

    await person.ledger.balance()
    assert await delivery(rig, person, "practice-communication") == ("failed", "refused", 0)


@pytest.mark.parametrize(
    ("kind", "seconds"),
    [
        pytest.param(FaultKind.DROP_AFTER_DATA, 0.0, id="hangs-up-after-the-mail"),
        pytest.param(FaultKind.SLOW, 4.0, id="answers-too-late", marks=pytest.mark.every_path),
    ],
)
async def test_without_an_answer_account_activity_comes_again_and_the_rest_is_held(
    rig: Rig, person: Person, kind: FaultKind, seconds: float
) -> None:
    await rig.mails.fail(kind, count=2, seconds=seconds)
    await person.is_written_to()
    await person.is_locked_out()

    await person.ledger.balance()
    assert await delivery(rig, person, "account-locked") == ("sent", None, 2)
    assert await delivery(rig, person, "practice-communication") == ("unknown", "unanswered", 1)
