"""What recovery and merge have to say goes to an account's own address and to no other (NT-1)."""

import pytest

from services.notify.sending.alarms import Cause
from services.notify.sending.verdicts import PATIENCE
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
from tests.rigs.notify import Office

FOREIGN = "victim@elsewhere.example"
LOOK_ALIKE = "\uff4auniper@mail.example"  # its NFKC form is ADDRESS
BUSY = "451 4.7.1 Greylisted, try again"


def test_recovery_and_merge_are_not_believed_and_identity_is() -> None:
    assert {ResetLinkRequested, UsernameReminderRequested, MergeRefused} <= set(OF_OTHERS)
    assert not {AccountLocked, EmailVerificationRequested, MergeRejected} & set(OF_OTHERS)


async def known(office: Office, email: str = ADDRESS) -> AccountId:
    """An account that notify has heard of, and its verified address."""
    account_id = events.new_account()
    await office.know(events.account(account_id, email=email))
    return account_id


async def test_identity_writes_to_the_address_that_was_valid_at_the_time(office: Office) -> None:
    account_id = await known(office)

    await office.file(events.locked(account_id, "given-up@mail.example"))
    await office.send_all()

    assert len(office.mail_server.to("given-up@mail.example")) == 1


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


async def file_for(
    office: Office, kind: str, account_id: AccountId, address: str, *, sealed_for: str | None = None
) -> None:
    """Consume an event for an address, mostly with something sealed for it."""
    event_id = events.new_event()
    if kind == "merge":
        await office.file_unknown(events.merge_refused(account_id, account_id, address))
        return
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


@pytest.mark.parametrize("kind", ["link", "reminder", "merge"])
async def test_an_address_that_is_not_the_account_s_gets_nothing_and_is_an_alarm(
    office: Office, kind: str
) -> None:
    account_id = await known(office)
    await file_for(office, kind, account_id, FOREIGN)

    for _ in range(20):
        await office.send_all()
        office.clock.advance(seconds=PATIENCE.total_seconds() / 10)

    assert office.mails == []
    assert await office.ledger() == [("failed", "address_foreign")]
    assert office.alarms(Cause.ADDRESS_FOREIGN) == 1


@pytest.mark.parametrize("kind", ["reminder", "merge"])
async def test_it_waits_for_the_snapshot_that_names_the_address(office: Office, kind: str) -> None:
    account_id = events.new_account()
    await file_for(office, kind, account_id, ADDRESS)
    await office.send_all()
    assert office.mails == []

    await office.know(events.account(account_id, email=ADDRESS.upper()))
    office.clock.advance(seconds=10)
    await office.send_all()

    assert await office.ledger() == [("sent", None)]


async def try_again(office: Office) -> None:
    """Send when the server has refused the content once, for now."""
    office.mail_server.strict.says["DATA"] = BUSY
    await office.send_all()
    office.mail_server.strict.says.clear()
    office.clock.advance(minutes=1)
    await office.send_all()


@SPELLED
@pytest.mark.parametrize("kind", OF_KIND)
async def test_what_a_busy_server_puts_off_is_sent_however_its_address_is_spelled(
    office: Office, kind: str, address: str, mailbox: str
) -> None:
    account_id = await known(office, address)
    await file_for(office, kind, account_id, address)

    await try_again(office)

    assert await office.ledger() == [("sent", None)]
    assert len(office.mail_server.to(mailbox)) == 1
    (row,) = await office.rows("SELECT address FROM deliveries")
    assert row["address"] == address


@SPELLED
@pytest.mark.parametrize("kind", OF_KIND)
async def test_a_row_that_an_older_replica_left_in_the_server_s_spelling_is_sent(
    office: Office, kind: str, address: str, mailbox: str
) -> None:
    account_id = await known(office, address)
    await file_for(office, kind, account_id, address)
    await office.rows("UPDATE deliveries SET address = $1 RETURNING id", mailbox)

    await office.send_all()

    assert await office.ledger() == [("sent", None)]


@pytest.mark.parametrize("kind", OF_KIND)
async def test_a_secret_sealed_for_a_look_alike_is_not_mailed(office: Office, kind: str) -> None:
    account_id = await known(office)
    await file_for(office, kind, account_id, ADDRESS, sealed_for=LOOK_ALIKE)

    await office.send_all()

    assert office.mails == []
    assert await office.ledger() == [("failed", "seal_broken")]


@pytest.mark.parametrize("kind", ["link", "reminder"])
async def test_of_two_spellings_the_account_s_own_gets_the_mail(office: Office, kind: str) -> None:
    """Equal for logging on, and yet another mailbox: who got hold of recovery may own that one."""
    account_id = await known(office)
    await file_for(office, kind, account_id, LOOK_ALIKE)

    await office.send_all()

    assert office.mail_server.to(LOOK_ALIKE) == []
    assert len(office.mail_server.to(ADDRESS)) == 1


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
    office: Office, claimed: str, verified: str | None, told_state: str
) -> None:
    account_id = events.new_account()
    await file_for(office, "verification", account_id, claimed)
    await try_again(office)
    assert await office.ledger() == [("sent", None)]

    await office.know(events.account(account_id, email=verified))

    (entry,) = await office.features.ledger.reading.of_account(account_id)
    assert entry.state == told_state
