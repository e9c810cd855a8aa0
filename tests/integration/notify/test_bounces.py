"""Bounces: what mail servers give back, to whom it is told, and what it stops (NT-5)."""

import asyncio

import pytest

from deploy.local.caught import FaultKind
from services.notify.ledger.held import HeldDeliveries
from services.notify.ledger.model import DeliveryId
from services.notify.sending.channels import BeforeDot, Mail
from services.notify.sending.model import Answer, Outcome, Phase
from shared.contracts.ids import SessionId
from shared.contracts.scopes import Scope
from tests.builders import events
from tests.builders.bounces import bounce_of, bounce_to, is_sent
from tests.builders.patients import a_patient, file_communications, file_locks
from tests.builders.people import Person, a_practice
from tests.rigs.blunt_mail_server import EHLO, BluntMailServer
from tests.rigs.issuer import Issuer
from tests.rigs.notify import Office, a_round
from tests.support.clock import FakeClock
from tests.support.database import Database

BOUNCED = [("bounced", None)]


async def take(office: Office, message: bytes) -> None:
    """A mail server hands this over."""
    await office.features.bounces.bounces.take(message, by=office.plumbing.operator())


async def only_delivery(office: Office) -> DeliveryId:
    [row] = await office.rows("SELECT id FROM deliveries")
    return DeliveryId(row["id"])


async def suppressed(office: Office) -> list[str]:
    return [row["address"] for row in await office.rows("SELECT address FROM suppressions")]


async def actions_of(office: Office) -> list[str]:
    return [row["action"] for row in await office.rows("SELECT action FROM audit_entries")]


async def noticed(office: Office) -> list[str]:
    rows = await office.rows("SELECT template FROM notices ORDER BY template")
    return [row["template"] for row in rows]


@pytest.mark.proves("NT-5")
async def test_each_mail_has_a_return_path_of_its_own_and_comes_from_the_portal(
    office: Office,
) -> None:
    await file_locks(office, 2)

    await office.send_all()

    ids = {DeliveryId(row["id"]) for row in await office.rows("SELECT id FROM deliveries")}
    return_paths = office.features.sending.return_paths
    found = [return_paths.find(mail.envelope_from) for mail in office.mails]
    assert {one and one.delivery_id for one in found} == ids
    assert all("<portal@portico.example>" in dict(mail.headers)["From"] for mail in office.mails)


@pytest.mark.proves("NT-5", "NT-8")
async def test_a_mail_that_comes_back_is_told_in_the_portal_and_its_address_gets_no_other(
    office: Office,
) -> None:
    await file_locks(office)
    await office.send_all()
    [mail] = office.mails

    await take(office, bounce_to(mail.envelope_from))

    assert await suppressed(office) == [events.ADDRESS]
    assert sorted(await office.ledger()) == [("bounced", None), ("failed", "suppressed")]
    assert await noticed(office) == ["account-locked", "address-suppressed"]
    [row] = await office.rows("SELECT bounce_status FROM deliveries WHERE state = 'bounced'")
    assert row["bounce_status"] == "5.1.1"
    assert office.plumbing.metrics.value("bounces", outcome="bounced") == 1


@pytest.mark.proves("NT-5")
async def test_what_is_no_bounce_of_ours_changes_nothing(office: Office) -> None:
    delivery_id = await is_sent(office)
    mine = bounce_of(office, delivery_id)
    forged = mine.replace(b"To: portal+", b"To: portal+" + b"a" * 42 + b"@portico.example, x+")

    for message in (
        b"",
        b"\0",
        b"To: portal@portico.example\n\nHello\n",
        bounce_to("portal@portico.example"),
        bounce_to(f"portal+{'a' * 42}@portico.example"),
        forged,
        bounce_of(office, delivery_id, action="delayed"),
        mine.partition(b"\n--")[0],
    ):
        await take(office, message)

    assert await office.ledger() == [("sent", None)]
    assert await suppressed(office) == []
    value = office.plumbing.metrics.value
    assert (value("bounces", outcome="no-tag"), value("bounces", outcome="no-failure")) == (6, 2)


@pytest.mark.proves("NT-5")
@pytest.mark.parametrize("status", ["5.2.2", "5.7.1", "5.1.7", "5.1.8", "4.4.1", "none"])
async def test_a_bounce_that_says_nothing_of_the_address_ends_its_delivery_alone(
    office: Office, status: str
) -> None:
    await take(office, bounce_of(office, await is_sent(office), status))

    assert await office.ledger() == BOUNCED
    assert await noticed(office) == ["account-locked"]
    assert await suppressed(office) == []


async def test_the_same_bounce_again_changes_nothing(office: Office) -> None:
    message = bounce_of(office, await is_sent(office))
    await take(office, message)
    before = await office.rows("SELECT * FROM deliveries ORDER BY id")
    office.clock.advance(hours=1)

    await take(office, message)

    assert await office.rows("SELECT * FROM deliveries ORDER BY id") == before
    assert len(await noticed(office)) == 2
    assert (await actions_of(office)).count("delivery.bounced") == 1


@pytest.mark.proves("NT-5")
async def test_two_bounces_at_once_are_one(office: Office, twin: Office) -> None:
    ids = [await is_sent(office) for _ in range(10)]

    await asyncio.gather(
        *(
            take(replica, bounce_of(office, delivery_id))
            for delivery_id in ids
            for replica in (office, twin)
        )
    )

    ledger = await office.ledger()
    assert ledger.count(("bounced", None)) == 10
    assert ledger.count(("failed", "suppressed")) == 1, "the owner is told of an address once"
    assert (await actions_of(office)).count("delivery.bounced") == 10


async def test_a_bounce_beside_an_operator_s_word_leaves_one_of_both(
    office: Office, twin: Office
) -> None:
    ids = [await is_sent(office) for _ in range(10)]
    await office.rows("UPDATE deliveries SET state = 'unknown', reason = 'unanswered'")
    desk = HeldDeliveries(acts=twin.plumbing.acts)

    await asyncio.gather(
        desk.resend(ids, by=twin.plumbing.operator()),
        *(take(office, bounce_of(office, delivery_id, "5.2.2")) for delivery_id in reversed(ids)),
    )

    assert set(await office.ledger()) <= {("bounced", None), ("queued", None)}
    await office.send_all()
    for delivery_id in ids:
        await take(office, bounce_of(office, delivery_id, "5.2.2"))
    assert set(await office.ledger()) == {("bounced", None)}


class TooFast:
    """A server whose bounce is here before its own answer is."""

    def __init__(self, office: Office) -> None:
        self.office = office

    async def send(self, mail: Mail, before_dot: BeforeDot) -> Answer:
        await before_dot()
        await take(self.office, bounce_to(mail.sender))
        return Answer(outcome=Outcome.ACCEPTED, phase=Phase.ANSWERED, code=250)

    async def reachable(self) -> bool:
        return True


@pytest.mark.proves("NT-5")
async def test_a_bounce_that_overtakes_the_answer_is_not_lost(office: Office) -> None:
    await file_communications(office)

    await a_round(office.with_channel(TooFast(office), of=office.communications))

    assert sorted(await office.ledger()) == [("bounced", None), ("failed", "suppressed")]


@pytest.mark.proves("NT-5")
@pytest.mark.parametrize("says", ["550 5.1.1 No such mailbox", "553 5.1.3 Bad address"])
async def test_a_recipient_that_is_refused_for_good_is_suppressed(
    office: Office, says: str
) -> None:
    office.mail_server.strict.says["RCPT"] = says
    await file_communications(office)

    await office.send_all()

    assert await suppressed(office) == [events.ADDRESS]
    assert sorted(await office.ledger()) == [("failed", "refused"), ("failed", "suppressed")]
    assert await noticed(office) == ["address-suppressed", "practice-communication"]


@pytest.mark.proves("NT-5", "NT-6")
@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("MAIL", "550 5.1.0 Sender rejected"),
        ("RCPT", "550 5.1.8 Sender address rejected: Domain not found"),
        ("RCPT", "554 5.7.1 Relay access denied"),
        ("RCPT", "552 5.2.2 Mailbox full"),
        ("RCPT", "550 No such user here"),
        ("DATA", "550 5.1.1 so says a filter"),
    ],
)
async def test_a_refusal_that_means_us_or_one_mail_suppresses_nobody(
    office: Office, command: str, says: str
) -> None:
    office.mail_server.strict.says[command] = says
    await file_locks(office)

    await office.send_all()

    assert await suppressed(office) == []


@pytest.mark.proves("NT-5")
async def test_a_suppressed_address_gets_only_what_somebody_asks_for(office: Office) -> None:
    account_id = events.new_account()
    await office.know(events.account(account_id, email=events.ADDRESS))
    await take(office, bounce_of(office, await is_sent(office)))
    patient = await a_patient(office, email=events.ADDRESS.upper())
    await patient.is_written_to()
    await office.file(events.locked(account_id, events.ADDRESS))
    await office.file_link(account_id)
    await office.file_reminder(account_id)

    await office.send_all()

    rows = await office.rows(
        "SELECT template, state, reason FROM deliveries WHERE state <> 'bounced'"
    )
    assert {tuple(row) for row in rows} == {
        ("address-suppressed", "failed", "suppressed"),
        ("practice-communication", "failed", "suppressed"),
        ("account-locked", "failed", "suppressed"),
        ("reset-link", "sent", None),
        ("username-reminder", "sent", None),
    }
    assert len(office.mails) == 2
    assert {"practice-communication", "account-locked"} <= set(await noticed(office))


async def test_who_only_claimed_an_address_is_not_told_what_became_of_it(office: Office) -> None:
    await office.file_link(events.new_account())
    await office.send_all()
    [mail] = office.mails

    await take(office, bounce_to(mail.envelope_from))

    assert await office.ledger() == BOUNCED
    assert await suppressed(office) == [events.ADDRESS]
    assert await noticed(office) == []


@pytest.mark.proves("NT-5", "ST-1")
async def test_a_mail_server_s_client_hands_bounces_over_and_nobody_else(
    office: Office, issuer: Issuer
) -> None:
    delivery_id = await is_sent(office)
    message = bounce_of(office, delivery_id)
    server = await issuer.client_token(None, Scope.BOUNCES_WRITE)
    practice = await issuer.client_token(a_practice(), Scope.DELIVERIES_READ)

    refused = await office.call("POST", "/bounces", message=message, token=practice)
    assert (refused.status, await office.ledger()) == (403, [("sent", None)])

    for said in (message, message, b"\xff\0rubbish", b""):
        answer = await office.call("POST", "/bounces", message=said, token=server)
        assert answer.status == 204
    assert ("bounced", None) in await office.ledger()

    large = await office.call("POST", "/bounces", message=b"x" * 262_145, token=server)
    assert (large.status, large.body["code"]) == (413, "body_too_large")
    other = await office.call("POST", "/bounces", {"content": ""}, token=server)
    assert (other.status, other.body["code"]) == (415, "content_type_unsupported")


@pytest.mark.proves("NT-2", "NT-5")
async def test_a_practice_s_mail_that_comes_back_goes_to_the_next_address_and_then_is_a_notice(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office, email="own@mail.example")
    person = Person(
        account_id=patient.account_id, session_id=SessionId(patient.account_id), version=1
    )
    other = await office.has_address(issuer, person, "other@mail.example")
    ways = [{"channel": "email", "address_id": str(other)}, {"channel": "email"}]
    await office.call(
        "PUT",
        f"/notification-preferences/{patient.patient_id}",
        {"default": [*ways, {"channel": "portal"}]},
        token=await issuer.token(person),
    )
    await patient.is_written_to()
    await office.send_all()
    first = bounce_to(office.mails[-1].envelope_from, "5.2.2")

    for _ in range(2):  # the same report again says nothing of the next address
        await take(office, first)
        await office.send_all()
    onward = office.mails[-1]
    nothing_yet = await noticed(office)
    await take(office, first)
    await take(office, bounce_to(onward.envelope_from, "5.2.2"))

    to = [mail.envelope_to[0] for mail in office.mails if "Something new" in mail.subject]
    assert to == ["other@mail.example", "own@mail.example"]
    assert nothing_yet == []
    assert sorted(await office.ledger()) == [("bounced", None), ("sent", None)]
    assert await noticed(office) == ["practice-communication"]
    value = office.plumbing.metrics.value
    assert (value("bounces", outcome="bounced"), value("bounces", outcome="over")) == (2, 2)


@pytest.mark.proves("NT-2", "NT-5")
async def test_of_two_reports_at_once_one_takes_the_next_way(
    office: Office, twin: Office, issuer: Issuer
) -> None:
    patients = [await a_patient(office) for _ in range(5)]
    for patient in patients:
        await patient.is_written_to()
    following = '[{"means": "email", "address": "next@mail.example"}, {"means": "portal"}]'
    await office.send_all()
    await office.rows("UPDATE deliveries SET fallback = $1::jsonb RETURNING id", following)

    reports = [bounce_to(mail.envelope_from, "5.2.2") for mail in office.mails]
    await asyncio.gather(
        *(take(replica, report) for report in reports for replica in (office, twin))
    )

    rows = await office.rows("SELECT state, hop, fallback::text FROM deliveries")
    assert {tuple(row) for row in rows} == {("queued", 1, '[{"means": "portal"}]')}


@pytest.mark.proves("NT-5")
async def test_who_verifies_a_suppressed_notification_address_again_gets_mails_there_again(
    office: Office, issuer: Issuer
) -> None:
    patient = await a_patient(office)
    person = Person(
        account_id=patient.account_id, session_id=SessionId(patient.account_id), version=1
    )
    await office.has_address(issuer, person, "other@mail.example")
    await office.send_all()
    await take(office, bounce_to(office.mails[-1].envelope_from))
    before = await suppressed(office)
    office.clock.advance(minutes=1)

    await office.has_address(issuer, person, "other@mail.example")

    assert (before, await suppressed(office)) == (["other@mail.example"], [])


@pytest.mark.proves("NT-5")
async def test_a_receipt_ends_its_delivery_once_and_a_failure_after_it_outweighs_it(
    office: Office, twin: Office
) -> None:
    await file_locks(office)
    await office.send_all()
    [mail] = office.mails
    arrived = bounce_to(mail.envelope_from, "2.0.0", "delivered")

    await asyncio.gather(*(take(one, arrived) for _ in range(8) for one in (office, twin)))
    delivered, audited = await office.ledger(), await actions_of(office)
    await take(office, bounce_to(mail.envelope_from))
    await take(office, arrived)

    assert delivered == [("delivered", None)]
    assert audited.count("delivery.delivered") == 1
    assert ("bounced", None) in await office.ledger()
    assert await suppressed(office) == [events.ADDRESS]


@pytest.mark.proves("NT-5", "NT-6")
async def test_a_mail_that_arrived_without_an_answer_is_not_sent_again(office: Office) -> None:
    office.mail_server.fail(FaultKind.DROP_AFTER_DATA)
    await office.file_reminder(events.new_account())
    await office.send_all()
    waits = await office.ledger()
    [mail] = office.mails

    await take(office, bounce_to(mail.envelope_from, "2.0.0", "delivered"))
    office.clock.advance(minutes=20)
    await office.send_all()

    assert waits == [("queued", None)]
    assert await office.ledger() == [("delivered", None)]
    assert len(office.mails) == 1
    [row] = await office.rows("SELECT sealed, content ->> 'username' AS username FROM deliveries")
    assert tuple(row) == (None, None)


@pytest.mark.proves("NT-5")
@pytest.mark.parametrize("offered", [True, False], ids=["offered", "not-offered"])
@pytest.mark.parametrize("receipts", ["yes", "no"])
async def test_a_receipt_is_asked_for_where_settings_say_so_and_the_server_can(
    database: Database, clock: FakeClock, receipts: str, offered: bool
) -> None:
    server = BluntMailServer()
    if offered:
        server.says[EHLO] = b"250-blunt.example\r\n250-PIPELINING\r\n250 DSN\r\n"
    await server.start()
    url = f"smtp://127.0.0.1:{server.port}"
    office = Office.opened(database, clock, None, smtp_url=url, mail_receipts=receipts)
    await file_locks(office)

    await office.send_all()
    await office.close()
    await server.stop()

    [mail, rcpt] = [line for line in server.lines if line[:4] in ("MAIL", "RCPT")]
    asked = " NOTIFY=SUCCESS,FAILURE" if offered and receipts == "yes" else ""
    assert rcpt == f"RCPT TO:<{events.ADDRESS}>{asked}"
    assert mail.endswith("> RET=HDRS") == offered
