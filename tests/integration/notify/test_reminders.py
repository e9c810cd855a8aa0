"""RC-1: a username is sealed until its mail is written, and stands nowhere else."""

import msgspec
import pytest

from deploy.local.caught import FaultKind
from services.notify.sending.alarms import Cause
from tests.builders import events
from tests.builders.events import ADDRESS
from tests.rigs.notify import Office

USERNAME = "juniper.hale"
pytestmark = pytest.mark.proves("RC-1")


async def ledger(office: Office) -> str:
    """Everything that the ledger keeps."""
    rows = await office.rows("SELECT deliveries::text AS whole FROM deliveries")
    return "".join(row["whole"] for row in rows)


async def test_a_sealed_username_is_mailed_also_at_a_second_try_and_kept_nowhere(
    office: Office,
) -> None:
    await office.file_reminder(events.new_account())
    kept = await ledger(office)
    office.mail_server.fail(FaultKind.TEMPFAIL)
    await office.send_all()
    kept += await ledger(office)
    office.clock.advance(minutes=1)

    await office.send_all()

    (mail,) = office.mail_server.to(ADDRESS)
    assert USERNAME in mail.text
    assert USERNAME in mail.html
    assert USERNAME not in mail.subject
    assert USERNAME not in kept + await ledger(office)
    (row,) = await office.rows("SELECT state, sealed FROM deliveries")
    assert tuple(row) == ("sent", None)


async def test_a_newer_reminder_voids_no_older_one(office: Office) -> None:
    account_id = events.new_account()
    for _ in range(2):
        await office.file_reminder(account_id)

    await office.send_all()

    assert len(office.mail_server.to(ADDRESS)) == 2


NO_USERNAMES = [
    "x" * 51,
    "x" * 100_000,
    "\ufdfa" * 50,
    "your password has leaked, call +1 555 0100",
    "juniper\nhale",
    "juniper\u202ehale",
    "",
]


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("username", NO_USERNAMES, ids=lambda name: ascii(name[:9]))
async def test_what_can_be_no_username_is_not_mailed_as_one_and_is_an_alarm(
    office: Office, username: str, sealed: bool
) -> None:
    """Whoever got hold of recovery would otherwise write to anybody in the portal's name."""
    account_id = events.new_account()
    if sealed:
        await office.file_reminder(account_id, username=username)
    else:
        reminder = events.reminder_requested(account_id, ADDRESS)
        await office.file(msgspec.structs.replace(reminder, username=username))

    await office.send_all()

    assert office.mails == []
    assert await office.ledger() == [("failed", "not_renderable")]
    assert office.alarms(Cause.NOT_RENDERABLE) == 1
    (row,) = await office.rows("SELECT content ? 'username' AS kept, sealed FROM deliveries")
    assert tuple(row) == (False, None)


@pytest.mark.parametrize("username", ["x" * 50, "e\u0301" * 50, "\u30de\u30ea\u30a2\u7530\u4e2d"])
async def test_any_username_is_mailed(office: Office, username: str) -> None:
    await office.file_reminder(events.new_account(), username=username)

    await office.send_all()

    (mail,) = office.mail_server.to(ADDRESS)
    assert username in mail.text
