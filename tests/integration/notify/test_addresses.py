"""What recovery and merge have to say goes to an account's own address and to no other (NT-1)."""

import pytest

from services.notify.alarms import Cause
from services.notify.model import MessageClass
from services.notify.routing import OF_OTHERS
from services.notify.verdicts import PATIENCE
from shared.contracts.identity import (
    AccountLocked,
    Activity,
    EmailVerificationRequested,
    MergeRejected,
)
from shared.contracts.ids import AccountId
from shared.contracts.merge import MergeRefused
from shared.contracts.recovery import ResetLinkRequested, UsernameReminderRequested
from tests.integration.notify.mail_server import MailServer
from tests.integration.notify.office import Office
from tests.support import notify_events as events
from tests.support.clock import FakeClock
from tests.support.notify_events import ADDRESS

FOREIGN = "victim@elsewhere.example"


def test_recovery_and_merge_are_not_believed_and_identity_is() -> None:
    assert {ResetLinkRequested, UsernameReminderRequested, MergeRefused} <= set(OF_OTHERS)
    assert not {AccountLocked, EmailVerificationRequested, MergeRejected} & set(OF_OTHERS)


async def told(office: Office, account_id: AccountId, address: str, kind: str) -> Activity:
    match kind:
        case "link":
            event_id = events.new_event()
            sealed = await office.seal("s" * 43, event_id, recipient=str(account_id))
            return events.link_requested(account_id, address, sealed)
        case "reminder":
            return events.reminder_requested(account_id, address)
        case _:
            return events.merge_refused(account_id, account_id, address)


KINDS = pytest.mark.parametrize("kind", ["link", "reminder", "merge"])


@KINDS
async def test_an_address_that_is_not_the_account_s_gets_nothing_and_is_an_alarm(
    office: Office, mail_server: MailServer, clock: FakeClock, kind: str
) -> None:
    account_id = events.new_account()
    data = await told(office, account_id, FOREIGN, kind)
    await office.know(events.account(account_id, email=ADDRESS))
    await office.file_unknown(data)

    for _ in range(20):
        await office.send_all()
        clock.advance(seconds=PATIENCE.total_seconds() / 10)

    assert mail_server.mails == []
    assert await office.ledger() == [("failed", "address_foreign")]
    raised = office.plumbing.metrics.value(
        "mail_alarms", message_class=MessageClass.ACCOUNT_ACTIVITY, cause=Cause.ADDRESS_FOREIGN
    )
    assert raised == 1


@pytest.mark.parametrize("kind", ["reminder", "merge"])
async def test_it_waits_for_the_snapshot_that_names_the_address(
    office: Office, mail_server: MailServer, clock: FakeClock, kind: str
) -> None:
    account_id = events.new_account()
    await office.file_unknown(await told(office, account_id, ADDRESS, kind))
    await office.send_all()
    assert mail_server.mails == []

    await office.know(events.account(account_id, email=ADDRESS.upper()))
    clock.advance(seconds=10)
    await office.send_all()

    assert await office.ledger() == [("sent", None)]


async def test_identity_writes_to_the_address_that_was_valid_when_it_happened(
    office: Office, mail_server: MailServer
) -> None:
    account_id = events.new_account()
    await office.know(events.account(account_id, email=ADDRESS))

    await office.file(events.locked(account_id, "given-up@mail.example"))
    await office.send_all()

    assert len(mail_server.to("given-up@mail.example")) == 1
