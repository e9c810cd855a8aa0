"""RC-1: a username is sealed until its mail is written, and stands nowhere else."""

from datetime import timedelta

import msgspec
import pytest

from deploy.local.caught import FaultKind
from services.notify.sending.alarms import Cause
from services.notify.tellings.model import MessageClass
from shared.contracts.sealed import SealPurpose
from tests.builders import events
from tests.builders.events import ADDRESS
from tests.integration.notify.mail_server import MailServer
from tests.rigs.notify import Office
from tests.support.clock import FakeClock

USERNAME = "juniper.hale"
pytestmark = pytest.mark.proves("RC-1")


async def ledger(office: Office) -> str:
    """Everything that the ledger keeps."""
    rows = await office.rows("SELECT deliveries::text AS whole FROM deliveries")
    return "".join(row["whole"] for row in rows)


async def test_a_sealed_username_is_mailed_and_kept_nowhere(
    office: Office, mail_server: MailServer
) -> None:
    await office.file_reminder(events.new_account())
    before = await ledger(office)

    await office.send_all()

    (mail,) = mail_server.to(ADDRESS)
    assert USERNAME in mail.text
    assert USERNAME in mail.html
    assert USERNAME not in mail.subject
    assert USERNAME not in before + await ledger(office)
    (row,) = await office.rows("SELECT state, sealed FROM deliveries")
    assert tuple(row) == ("sent", None)


async def test_it_stays_sealed_while_it_is_tried_again(
    office: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    await office.file_reminder(events.new_account())
    mail_server.fail(FaultKind.TEMPFAIL)
    await office.send_all()
    between = await ledger(office)
    clock.advance(minutes=1)

    await office.send_all()

    assert USERNAME not in between
    assert [USERNAME in mail.text for mail in mail_server.mails] == [True]


async def test_a_newer_reminder_voids_no_older_one(office: Office, mail_server: MailServer) -> None:
    account_id = events.new_account()
    for _ in range(2):
        await office.file_reminder(account_id)

    await office.send_all()

    assert len(mail_server.to(ADDRESS)) == 2


async def test_it_is_not_sent_a_day_late(
    office: Office, mail_server: MailServer, clock: FakeClock
) -> None:
    await office.file_reminder(events.new_account(), life=timedelta(hours=24))
    clock.advance(hours=24)

    await office.send_all()

    assert mail_server.mails == []
    assert await office.ledger() == [("expired", "link_expired")]


async def test_a_seal_for_something_else_is_no_username(
    office: Office, mail_server: MailServer
) -> None:
    """Nor is a link's secret ever printed as one."""
    event_id = events.new_event()
    sealed = await office.seal("s" * 43, event_id, purpose=SealPurpose.RESET_LINK)
    reminder = events.sealed_reminder(events.new_account(), sealed, ADDRESS)
    await office.file(reminder, event_id=event_id)

    await office.send_all()

    assert mail_server.mails == []
    assert await office.ledger() == [("failed", "seal_broken")]


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
    office: Office, mail_server: MailServer, username: str, sealed: bool
) -> None:
    """Whoever got hold of recovery would otherwise write to anybody in the portal's name."""
    account_id = events.new_account()
    if sealed:
        await office.file_reminder(account_id, username=username)
    else:
        reminder = events.reminder_requested(account_id, ADDRESS)
        await office.file(msgspec.structs.replace(reminder, username=username))

    await office.send_all()

    assert mail_server.mails == []
    assert await office.ledger() == [("failed", "not_renderable")]
    raised = office.plumbing.metrics.value(
        "mail_alarms", message_class=MessageClass.ACCOUNT_ACTIVITY, cause=Cause.NOT_RENDERABLE
    )
    assert raised == 1
    (row,) = await office.rows("SELECT content ? 'username' AS kept, sealed FROM deliveries")
    assert tuple(row) == (False, None)


@pytest.mark.parametrize("username", ["x" * 50, "e\u0301" * 50, "\u30de\u30ea\u30a2\u7530\u4e2d"])
async def test_any_username_is_mailed(
    office: Office, mail_server: MailServer, username: str
) -> None:
    await office.file_reminder(events.new_account(), username=username)

    await office.send_all()

    (mail,) = mail_server.to(ADDRESS)
    assert username in mail.text
