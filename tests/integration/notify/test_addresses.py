"""What recovery and merge have to say goes to an account's own address and to no other (NT-1)."""

import pytest

from services.notify.sending.alarms import Cause
from services.notify.sending.verdicts import PATIENCE
from services.notify.tellings.model import MessageClass
from services.notify.tellings.routing import OF_OTHERS
from shared.contracts.identity import (
    AccountLocked,
    Activity,
    EmailVerificationRequested,
    MergeRejected,
)
from shared.contracts.ids import AccountId
from shared.contracts.merge import MergeRefused
from shared.contracts.recovery import ResetLinkRequested, UsernameReminderRequested
from shared.contracts.sealed import SealPurpose
from tests.builders import events
from tests.builders.events import ADDRESS
from tests.integration.notify.mail_server import MailServer
from tests.rigs.notify import Office
from tests.support.clock import FakeClock

FOREIGN = "victim@elsewhere.example"
LOOK_ALIKE = "\uff4auniper@mail.example"  # its NFKC form is ADDRESS
BUSY = "451 4.7.1 Greylisted, try again"


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


SPELLED = pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("June@Mail.Example", "June@mail.example"),
        ("june@b\u00fccher.example", "june@xn--bcher-kva.example"),
    ],
)
OF_KIND = {
    "verification": SealPurpose.EMAIL_VERIFICATION,
    "link": SealPurpose.RESET_LINK,
    "reminder": SealPurpose.USERNAME,
}


async def file_secret(
    office: Office, kind: str, account_id: AccountId, address: str, *, sealed_for: str | None = None
) -> None:
    """Consume an event with something sealed for an address."""
    event_id = events.new_event()
    sealed = await office.seal(
        "secretsecret", event_id, recipient=sealed_for or address, purpose=OF_KIND[kind]
    )
    match kind:
        case "verification":
            data: Activity = events.verification_requested(account_id, address, sealed)
        case "link":
            data = events.link_requested(account_id, address, sealed)
        case _:
            data = events.sealed_reminder(account_id, sealed, address)
    await office.file_unknown(data, event_id=event_id)


async def try_again(office: Office, mail_server: MailServer, clock: FakeClock) -> None:
    """Send when the server has refused the content once, for now."""
    mail_server.strict.says["DATA"] = BUSY
    await office.send_all()
    mail_server.strict.says.clear()
    clock.advance(minutes=1)
    await office.send_all()


@SPELLED
@pytest.mark.parametrize("kind", OF_KIND)
async def test_what_a_busy_server_puts_off_is_sent_however_its_address_is_spelled(
    office: Office, mail_server: MailServer, clock: FakeClock, kind: str, address: str, mailbox: str
) -> None:
    account_id = events.new_account()
    await office.know(events.account(account_id, email=address))
    await file_secret(office, kind, account_id, address)

    await try_again(office, mail_server, clock)

    assert await office.ledger() == [("sent", None)]
    assert len(mail_server.to(mailbox)) == 1
    (row,) = await office.rows("SELECT address FROM deliveries")
    assert row["address"] == address


@SPELLED
@pytest.mark.parametrize("kind", OF_KIND)
async def test_a_row_that_an_older_replica_left_in_the_server_s_spelling_is_sent(
    office: Office, mail_server: MailServer, kind: str, address: str, mailbox: str
) -> None:
    account_id = events.new_account()
    await office.know(events.account(account_id, email=address))
    await file_secret(office, kind, account_id, address)
    await office.rows("UPDATE deliveries SET address = $1 RETURNING id", mailbox)

    await office.send_all()

    assert await office.ledger() == [("sent", None)]


@pytest.mark.parametrize("kind", OF_KIND)
async def test_a_secret_sealed_for_a_look_alike_is_not_this_delivery_s(
    office: Office, mail_server: MailServer, kind: str
) -> None:
    account_id = events.new_account()
    await office.know(events.account(account_id, email=ADDRESS))
    await file_secret(office, kind, account_id, ADDRESS, sealed_for=LOOK_ALIKE)

    await office.send_all()

    assert mail_server.mails == []
    assert await office.ledger() == [("failed", "seal_broken")]


@pytest.mark.parametrize("kind", ["link", "reminder"])
async def test_of_two_spellings_of_an_address_the_account_s_own_gets_the_mail(
    office: Office, mail_server: MailServer, kind: str
) -> None:
    """Equal for logging on, and yet another mailbox: who got hold of recovery may own that one."""
    account_id = events.new_account()
    await office.know(events.account(account_id, email=ADDRESS))
    await file_secret(office, kind, account_id, LOOK_ALIKE)

    await office.send_all()

    assert mail_server.to(LOOK_ALIKE) == []
    assert len(mail_server.to(ADDRESS)) == 1


@pytest.mark.proves("NT-5")
@pytest.mark.parametrize(
    ("claimed", "verified", "told_state"),
    [
        ("June@Mail.Example", "June@Mail.Example", "sent"),
        ("june@b\u00fccher.example", "june@b\u00fccher.example", "sent"),
        ("june@b\u00fccher.example", "June@xn--bcher-kva.example", "sent"),
        ("june@b\u00fccher.example", "june@bucher.example", "queued"),
        ("june@b\u00fccher.example", None, "queued"),
    ],
)
async def test_the_ledger_tells_of_a_claimed_address_once_it_is_the_account_s_however_spelled(
    office: Office,
    mail_server: MailServer,
    clock: FakeClock,
    claimed: str,
    verified: str | None,
    told_state: str,
) -> None:
    account_id = events.new_account()
    await file_secret(office, "verification", account_id, claimed)
    await try_again(office, mail_server, clock)
    assert await office.ledger() == [("sent", None)]

    await office.know(events.account(account_id, email=verified))

    (entry,) = await office.features.ledger.reading.of_account(account_id)
    assert entry.state == told_state
