"""A refusal that does not mean the recipient costs no mail: it is ours to mend (NT-6)."""

from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from services.notify.sending.alarms import Cause
from services.notify.sending.verdicts import FEWEST_TRIES
from services.notify.tellings.model import MessageClass
from tests.builders import events
from tests.builders.patients import file_communications, file_locks
from tests.rigs.notify import Office, a_round
from tests.support.lines import logged

ACTIVITY = MessageClass.ACCOUNT_ACTIVITY
File = Callable[[Office], Awaitable[None]]


BOTH = pytest.mark.parametrize("file", [file_locks, file_communications])
OURS = pytest.mark.parametrize(
    ("command", "says"),
    [
        ("MAIL", "530 5.7.0 Authentication required"),
        ("MAIL", "550 5.1.0 Sender rejected"),
        ("MAIL", "553 5.1.8 Sender's domain not found"),
        ("RCPT", "554 5.7.1 Relay access denied"),
        ("RCPT", "550 5.1.8 Sender address rejected: Domain not found"),
        ("DATA", "554 5.6.0 Message content rejected"),
        ("DATA", "554 Transaction failed"),
        ("DATA", "550 5.1.1 so says a filter"),
    ],
)


@pytest.mark.proves("NT-6")
@BOTH
@OURS
async def test_a_refusal_that_means_us_backs_off_and_the_mail_goes_once_it_is_mended(
    office: Office, file: File, command: str, says: str
) -> None:
    office.mail_server.strict.says[command] = says
    await file(office)
    for _ in range(10):
        await office.send_all()
        office.clock.advance(minutes=1)
    assert await office.ledger() == [("queued", None)]
    assert office.alarms(Cause.REFUSED_US) > 0

    office.mail_server.strict.says.clear()
    office.clock.advance(minutes=20)
    await office.send_all()

    assert len(office.mails) == 1
    assert await office.ledger() == [("sent", None)]
    outcomes = Counter(outcome for _, outcome, _ in await office.attempts())
    assert (outcomes.pop("accepted"), set(outcomes)) == (1, {"deferred"})


@BOTH
@pytest.mark.parametrize(
    "says", ["550 5.1.1 No such mailbox", "552 5.2.2 Mailbox full", "550 No such user here"]
)
async def test_a_refused_recipient_is_final_and_no_alarm(
    office: Office, file: File, says: str
) -> None:
    office.mail_server.strict.says["RCPT"] = says
    await file(office)

    await office.send_all()

    told = [("failed", "suppressed")] if "5.1.1" in says else []  # its owner, in the portal
    assert sorted(await office.ledger()) == [("failed", "refused"), *told]
    (row,) = await office.rows("SELECT phase, outcome, smtp_code, enhanced_code FROM attempts")
    code, enhanced = says.split()[:2]
    kept = enhanced if "." in enhanced else None
    assert tuple(row) == ("before-dot", "refused", int(code), kept)
    assert office.alarms(Cause.REFUSED_US) == 0


async def test_a_refused_sender_is_tried_rarely_and_costs_waiting_mails_no_try(
    office: Office,
) -> None:
    office.mail_server.strict.says["MAIL"] = "530 5.7.0 Authentication required"
    await file_locks(office, 20)
    for _ in range(600):  # ten minutes, the courier looking once a second
        await a_round(office.activity)
        office.clock.advance(seconds=1)

    assert office.mail_server.strict.asked.count("MAIL") <= 16
    assert len(await office.attempts()) <= office.activity.at_once
    office.mail_server.strict.says.clear()
    office.clock.advance(minutes=20)
    await office.send_all()
    assert len(office.mails) == 20


@BOTH
async def test_what_is_refused_for_three_days_is_given_up_and_an_operator_sends_it_again(
    office: Office, file: File
) -> None:
    office.mail_server.strict.says["DATA"] = "554 5.7.1 Message rejected"
    await file(office)
    for _ in range(FEWEST_TRIES):
        assert await office.ledger() == [("queued", None)]
        await office.send_all()
        office.clock.advance(hours=8)
    assert await office.ledger() == [("failed", "gave_up")]

    await office.resend()
    office.mail_server.strict.says["DATA"] = "451 4.3.0 in a while"
    await office.send_all()
    assert await office.ledger() == [("queued", None)]  # its three days began anew
    office.mail_server.strict.says.clear()
    office.clock.advance(minutes=20)
    await office.send_all()

    assert await office.ledger() == [("sent", None)]


async def test_a_fault_that_meets_every_mail_is_counted_and_logged_once(office: Office) -> None:
    office.mail_server.strict.says["RCPT"] = "554 5.7.1 Relay access denied"
    await file_locks(office, 8)

    with logged("notify") as lines:
        await office.send_all()

    (line,) = lines.read_back("mail_alarm")
    assert (line["level"], line["reason"]) == ("error", "refused_us")
    assert (line["smtp_code"], line["code"]) == (554, "5.7.1")
    assert office.alarms(Cause.REFUSED_US) == 8


async def test_a_local_part_beyond_ascii_fails_clearly_where_the_server_cannot_take_it(
    office: Office,
) -> None:
    office.mail_server.utf8 = False
    await office.file(events.locked(events.new_account(), "jürgen@mail.example"))

    await office.send_all()

    assert await office.ledger() == [("failed", "smtputf8_missing")]
    assert office.mails == []


@pytest.mark.proves("NT-1", "NT-6")
@pytest.mark.parametrize(
    ("says", "becomes"),
    [
        ("553 5.6.7 Non-ASCII addresses not permitted", ("failed", "smtputf8_missing")),
        ("555 Parameters not recognized", ("failed", "smtputf8_missing")),
        ("550 5.7.1 Not allowed", ("queued", None)),
    ],
)
async def test_a_refused_smtputf8_is_of_that_mail_alone_and_holds_up_no_other(
    office: Office, says: str, becomes: tuple[str, str | None]
) -> None:
    office.mail_server.strict.says["SMTPUTF8"] = says
    await office.file(events.locked(events.new_account(), "j\u00fcrgen@mail.example"))
    await office.send_all()
    await file_locks(office)
    await file_communications(office)

    await office.send_all()

    assert Counter(await office.ledger()) == {becomes: 1, ("sent", None): 2}
    assert len(office.mails) == 2
    assert await office.rows("SELECT FROM suppressions") == []


async def seal_under_a_key_nobody_has(office: Office, count: int) -> None:
    for _ in range(count):
        await office.file_link(events.new_account())
    await office.rows('UPDATE deliveries SET sealed = sealed || \'{"kid": "gone"}\' RETURNING id')


async def test_a_seal_under_a_key_that_is_not_here_ends_at_once_and_is_an_alarm_once_a_key(
    office: Office,
) -> None:
    await seal_under_a_key_nobody_has(office, 3)

    with logged("notify") as lines:
        await office.send_all()

    (line,) = lines.read_back("mail_alarm")
    assert (line["level"], line["reason"], line["kid"]) == ("error", "seal_unopened", "gone")
    assert office.alarms(Cause.SEAL_UNOPENED) == 3
    assert await office.ledger() == [("failed", "seal_broken")] * 3


async def test_every_line_of_a_delivery_has_its_correlation_id_and_its_own(office: Office) -> None:
    office.mail_server.strict.says["RCPT"] = "554 5.7.1 Relay access denied"
    await file_locks(office)
    (row,) = await office.rows("SELECT id, correlation_id, event_id FROM deliveries")

    with logged("notify") as lines:
        await office.send_all()
        await office.rows(
            "UPDATE deliveries SET state = 'sending', phase = 'connecting', lease_token = id, "
            "attempts = 2, lease_until = due_at - interval '1 day' RETURNING id"
        )
        await office.features.sending.reaper.once()

    found = lines.read_back()
    assert {line["event"] for line in found} == {"mail_not_sent", "mail_alarm", "lease_ran_out"}
    story = {(line["correlation_id"], line["delivery_id"]) for line in found}
    assert story == {(str(row["correlation_id"]), str(row["id"]))}
    assert row["correlation_id"] != row["event_id"]
