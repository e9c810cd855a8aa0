"""What an operator does with deliveries that may or may not have arrived (NT-6)."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from deploy.local.caught import FaultKind
from services.notify.__main__ import PROGRAM
from services.notify.ledger.held import HeldDeliveries
from services.notify.ledger.model import RESENDABLE, DeliveryId, Hindrance, State
from services.notify.tellings.model import Reason
from shared.contracts.scopes import Scope
from shared.program.commands import main
from tests.builders import events
from tests.builders.patients import a_patient, file_communications, file_locks
from tests.rigs.issuer import Issuer
from tests.rigs.mail_server import MailServer
from tests.rigs.notify import Office, environ_of
from tests.rigs.replica import Answer
from tests.support.database import Database

Run = Callable[..., Awaitable[int]]


@pytest_asyncio.fixture
async def run(database: Database, mail_server: MailServer) -> Run:
    """Run a verb as a process would; exiting early is its exit code."""

    async def verb(*arguments: str) -> int:
        environ = environ_of(database, mail_server.port)
        try:
            return await asyncio.to_thread(main, PROGRAM, ("deliveries", *arguments), environ)
        except SystemExit as end:
            return int(end.code or 0)

    return verb


async def held_ids(office: Office) -> list[str]:
    rows = await office.rows("SELECT id FROM deliveries WHERE state = 'unknown'")
    return [str(row["id"]) for row in rows]


async def hold(office: Office, count: int = 1) -> list[str]:
    """Let practice communications go whose server never answered."""
    for _ in range(count):
        await file_communications(office)
    office.mail_server.fail(FaultKind.DROP_AFTER_DATA, count=count)
    await office.send_all()
    return await held_ids(office)


async def decided(office: Office) -> list[tuple[str, str, str]]:
    rows = await office.rows(
        "SELECT actor, outcome, detail FROM audit_entries WHERE action = 'delivery.decided'"
    )
    return sorted((row["actor"], row["outcome"], row["detail"]) for row in rows)


@pytest.mark.proves("NT-6")
async def test_what_is_held_is_listed_without_an_address(
    office: Office, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (held,) = await hold(office)
    capsys.readouterr()  # what the courier logged

    code = await run("held")

    printed = capsys.readouterr().out
    listed = json.loads(printed)
    assert (code, listed["id"], listed["resendable"]) == (0, held, True)
    assert "@" not in printed


@pytest.mark.proves("NT-6")
async def test_a_held_delivery_is_sent_again_as_the_same_mail(office: Office, run: Run) -> None:
    (held,) = await hold(office)

    code = await run("resend", held)
    await office.send_all()

    first, second = office.mails
    assert (code, first.message_id) == (0, second.message_id)
    assert await office.ledger() == [("sent", None)]
    assert await decided(office) == [("operator", "done", "resent")]


@pytest.mark.proves("NT-6")
@pytest.mark.parametrize("state", ["sent", "failed"])
async def test_an_operator_settles_a_held_delivery(office: Office, run: Run, state: str) -> None:
    held = await hold(office, count=2)

    code = await run("settle", *held, "--as", state)
    await office.send_all()

    reason = "operator" if state == "failed" else None
    assert (code, len(office.mails)) == (0, 2)
    assert await office.ledger() == [(state, reason)] * 2
    assert await decided(office) == [("operator", "done", state)] * 2


async def unanswered(office: Office) -> str:
    """Account activity that nobody answers: sent again three times, then held; its id."""
    office.mail_server.fail(FaultKind.DROP_AFTER_DATA, count=9)
    for _ in range(6):
        await office.send_all()
        office.clock.advance(minutes=1)
    office.mail_server.caught.faults.clear()
    assert len(office.mails) == 4
    (held,) = await held_ids(office)
    return held


async def test_a_held_username_can_be_sent_again_until_it_is_settled(
    office: Office, run: Run
) -> None:
    await office.file(events.reminder_requested(events.new_account(), events.ADDRESS))
    held = await unanswered(office)
    office.mail_server.fail(FaultKind.DROP_AFTER_DATA)

    await run("resend", held)
    await office.send_all()
    code = await run("settle", held, "--as", "sent")

    assert code == 0
    assert len(office.mails) == 5
    assert all("juniper.hale" in mail.text for mail in office.mails)
    (row,) = await office.rows("SELECT content::text FROM deliveries")
    assert "juniper.hale" not in row["content"]


async def test_what_is_not_held_is_named_and_left_as_it_is(
    office: Office, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    (held,) = await hold(office)
    await run("settle", held, "--as", "sent")
    nobody = str(uuid4())

    codes = [await run("resend", held), await run("settle", nobody, "--as", "failed")]

    said = capsys.readouterr().err
    assert codes == [1, 1]
    assert held in said
    assert nobody in said
    assert await office.ledger() == [("sent", None)]


async def test_a_link_whose_secret_is_gone_is_settled_alone(office: Office, run: Run) -> None:
    await office.file_link(events.new_account())
    held = await unanswered(office)

    codes = [await run("resend", held), await run("settle", held, "--as", "failed")]

    assert codes == [1, 0]
    assert await office.ledger() == [("failed", "operator")]


@pytest.mark.proves("NT-6")
async def test_what_failed_for_a_fault_that_is_mended_is_listed_and_sent_again(
    office: Office, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    for reason in sorted(RESENDABLE):
        await file_locks(office)
        await fail(office, reason)
    capsys.readouterr()

    code = await run("failed")
    listed = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    again = await run("resend", *(one["id"] for one in listed))
    await office.send_all()

    assert (code, again) == (0, 0)
    assert {one["reason"] for one in listed} == RESENDABLE
    assert len(office.mails) == len(RESENDABLE)
    assert await decided(office) == [("operator", "done", "resent")] * len(RESENDABLE)


async def fail(office: Office, reason: Reason) -> str:
    """As if what is queued had failed; as `settle` does it, its secrets are gone."""
    (row,) = await office.rows(
        """
        UPDATE deliveries SET state = 'failed', reason = $1, finished_at = due_at, sealed = NULL,
            content = content - 'username'
        WHERE state = 'queued' RETURNING id
        """,
        reason,
    )
    return str(row["id"])


@pytest.mark.proves("NT-6")
async def test_each_that_is_not_sent_again_is_named_with_its_own_why(
    office: Office, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    whys: dict[str, str] = {str(uuid4()): Hindrance.NO_SUCH}
    await office.file_link(events.new_account())
    whys[await fail(office, Reason.GAVE_UP)] = Hindrance.LINK_GONE
    await office.file(events.reminder_requested(events.new_account(), events.ADDRESS))
    whys[await fail(office, Reason.REFUSED)] = Hindrance.USERNAME_GONE
    for reason in sorted(set(Reason) - RESENDABLE - {Reason.NO_ACCOUNT}):
        await file_locks(office)
        whys[await fail(office, reason)] = Hindrance.FINAL
    await file_locks(office)
    await office.send_all()
    (sent,) = await office.rows("SELECT id FROM deliveries WHERE state = 'sent'")
    whys[str(sent["id"])] = Hindrance.NOT_OPEN
    capsys.readouterr()

    code = await run("resend", *whys)

    said = dict(line.split(": ", 1) for line in capsys.readouterr().err.splitlines())
    assert (code, said) == (1, whys)
    assert await office.send_all() == 0
    assert len(office.mails) == 1


@pytest.mark.parametrize("arguments", [("settle", str(uuid4())), ("resend", "no-id"), ("resend",)])
async def test_a_misused_verb_is_told(run: Run, arguments: tuple[str, ...]) -> None:
    assert await run(*arguments) == 2


@pytest.mark.proves("NT-6")
async def test_of_many_operators_one_decides(office: Office) -> None:
    (held,) = await hold(office)
    ids = [DeliveryId(UUID(held))]
    desk, operator = HeldDeliveries(acts=office.plumbing.acts), office.plumbing.operator()

    left = await asyncio.gather(
        *(desk.resend(ids, by=operator) for _ in range(4)),
        *(desk.settle(ids, State.FAILED, by=operator) for _ in range(4)),
    )

    assert sum(not each for each in left) == 1
    outcomes = [outcome for _, outcome, _ in await decided(office)]
    assert sorted(outcomes) == ["done"] + ["refused"] * 7


async def test_check_names_what_is_held(office: Office) -> None:
    assert await office.checked("deliveries held") is None
    await hold(office)

    warning = await office.checked("deliveries held")

    assert warning is not None
    assert warning.startswith("1, the oldest of 2031-")


async def test_check_names_what_is_due_and_nobody_sends(office: Office) -> None:
    await file_locks(office)
    office.clock.advance(minutes=4)
    assert await office.checked("deliveries due") is None
    office.clock.advance(minutes=2)

    assert await office.checked("deliveries due") == "1, the oldest since 2031-03-05 09:00"

    await office.send_all()
    assert await office.checked("deliveries due") is None


async def test_check_speaks_with_the_mail_server_and_sends_it_nothing(office: Office) -> None:
    assert await office.checked("mail server") is None
    assert office.mail_server.strict.asked == ["QUIT"]

    office.mail_server.takes = 0
    refused = await office.checked("mail server")
    await office.mail_server.stop()
    away = await office.checked("mail server")
    await office.mail_server.start()

    assert refused is not None
    assert "421" in refused
    assert away is not None
    assert "SMTPConnectError" in away


@pytest.mark.proves("NT-5")
async def test_a_test_mail_goes_the_way_of_every_mail_and_its_row_says_what_became_of_it(
    office: Office, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = await run("test-send", "Ada <ada@mail.example>")
    capsys.readouterr()
    tried = await run("test-send", "ada@mail.example", "--dry-run")
    capsys.readouterr()
    nothing = await office.rows("SELECT FROM deliveries")
    sent = await run("test-send", "ada@mail.example", "--locale", "es")
    told = json.loads(capsys.readouterr().out)
    office.mail_server.fail(FaultKind.TEMPFAIL)
    await office.send_all()
    capsys.readouterr()
    await run("show", told["id"])
    deferred = json.loads(capsys.readouterr().out)
    office.clock.advance(minutes=1)
    await office.send_all()
    capsys.readouterr()
    await run("show", told["id"])
    arrived = json.loads(capsys.readouterr().out)

    assert (refused, tried, nothing, sent) == (2, 0, [], 0)
    assert (deferred["state"], deferred["smtp_code"]) == ("queued", 451)
    assert (arrived["state"], arrived["attempts"], arrived["smtp_code"]) == ("sent", 2, 250)
    [mail] = office.mails
    assert mail.envelope_to == ("ada@mail.example",)
    assert mail.subject == "Un correo de prueba de Portico"
    assert "List-Unsubscribe" not in dict(mail.headers)
    [row] = await office.rows("SELECT * FROM audit_entries WHERE action = 'delivery.tested'")
    assert (row["actor"], row["subject"]) == ("operator", f"delivery:{told['id']}")


@pytest.mark.proves("NT-5")
async def test_of_a_delivery_that_there_is_not_nothing_is_shown(office: Office, run: Run) -> None:
    assert await run("show", str(uuid4())) == 1


@pytest.mark.proves("ST-1", "NT-5")
async def test_a_practice_has_its_own_sent_again_as_the_same_mail_and_no_other_s(
    office: Office, issuer: Issuer
) -> None:
    patient, other = await a_patient(office), await a_patient(office)
    for one in (patient, other):
        await one.is_written_to()
    office.mail_server.fail(FaultKind.DROP_AFTER_DATA, count=2)
    await office.send_all()
    own, foreign = [
        row["id"]
        for one in (patient, other)
        for row in await office.rows(
            "SELECT id FROM deliveries WHERE patient_id = $1", one.patient_id
        )
    ]
    token = await issuer.client_token(patient.practice_id, Scope.COMMUNICATIONS_WRITE)
    body = {"staff_id": "nurse-7", "reason": "she asks for it"}

    async def resend(delivery_id: UUID) -> Answer:
        path = f"/practice/deliveries/{delivery_id}/resend"
        return await office.call("POST", path, body, token=token)

    done, again, anothers = await resend(own), await resend(own), await resend(foreign)
    office.clock.advance(seconds=1)  # two dots without an answer are a pause
    await office.send_all()

    assert done.status == 204
    assert again.refused() == (409, "delivery_not_resendable")
    assert anothers.refused() == (404, "not_found")
    ids = [mail.message_id for mail in office.mails]
    assert ids.count(f"<{own}@portico.example>") == 2, "the same mail, so that one is shown"
    assert sorted(await office.ledger()) == [("sent", None), ("unknown", "unanswered")]
