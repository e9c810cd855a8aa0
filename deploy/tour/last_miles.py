"""What becomes of what was sent: a text message, its receipt, STOP, and a mail that comes back."""

import asyncio
import json
import sys
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from zoneinfo import ZoneInfo

from deploy.client.answers import Answer
from deploy.client.eventually import eventually
from deploy.local.caught import Mail
from deploy.local.texts import TextMessage
from deploy.mail_server import hand_over
from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage

HAND_OVER = Path(hand_over.__file__)
ZONES = ("UTC", "Asia/Tokyo", "America/Los_Angeles")  # in one of them it is day
DAY = range(9, 20)  # hours in which no text message is held
REPORT = """\
From: MAILER-DAEMON@mail.example (Mail Delivery System)
To: {return_path}
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="part"

--part
Content-Type: text/plain

No such mailbox.
--part
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example

Final-Recipient: rfc822; {address}
Action: failed
Status: 5.1.1
--part--
"""


async def text_message(stage: Stage, person: Person) -> None:
    """Her practice reaches her phone, until it answers STOP."""
    number = f"+1213555{stage.randomness.digits(4)}"
    bearer = await acts.renewed(stage, person)
    with stage.step("Her practice offers text messages; a code verifies her number", "NT-3, ST-2"):
        practice = await acts.client_token(stage, stage.stack.practice)
        offered = {"channels": ["email", "text-message", "portal"], **acts.AT_THE_DESK}
        settings = await stage.call("change_practice_settings", 200, token=practice, body=offered)
        zone = by_day(stage, settings)
        await stage.call("change_locale", 200, token=bearer, body={"time_zone": zone})
        bearer = await acts.renewed(stage, person)
        grant = await acts.proof(stage, person, "notification-address")
        body = {"number": number, "reauthenticated": grant}
        added = await stage.call("add_notification_number", 202, token=bearer, body=body)
        code = await text(stage, number)
        path = {"address_id": added.body["address_id"]}
        await stage.call(
            "verify_notification_number", 204, token=bearer, path=path, body={"code": code.body[:6]}
        )
    with stage.step("Something waits for her; her phone tells, and it arrived", "NT-2, NT-5"):
        ways = [
            {"channel": "text-message", "address_id": added.body["address_id"]},
            {"channel": "email"},
        ]
        await acts.choose(stage, person, bearer, ways)
        await acts.written_to(stage, person, practice)
        told = await text(stage, number, after=code.id)
        await stage.mailbox.became(told, "delivered")
        await ledger_shows(stage, bearer, "text-message", "delivered")
    with stage.step("She answers STOP; the next one is a mail, her settings say why", "NT-3"):
        await stage.mailbox.answer(number, "STOP")
        await acts.written_to(stage, person, practice)
        await stage.mail(person, "Something new")
        own = await stage.call("list_notification_addresses", 200, token=bearer)
        [stopped] = [one for one in own.body["addresses"] if one["address"] == number]
        stage.insist(stopped["stopped_since"] is not None, f"the settings show {stopped}")
        stage.tell(f"stopped, until it sends START to {own.body['texts_from']}")
        await stage.mailbox.answer(number, "START")


async def returned_mail(stage: Stage, person: Person) -> None:
    """A mail to her other address comes back; the next one reaches her where she reads it."""
    bearer, other = await acts.renewed(stage, person), person.address.replace("@", ".work@")
    practice = await acts.client_token(stage, stage.stack.practice)
    with stage.step("A mail to her other address comes back; it goes to the next", "NT-2, NT-5"):
        own = await stage.call("list_notification_addresses", 200, token=bearer)
        [known] = [one for one in own.body["addresses"] if one["address"] == other]
        ways = [{"channel": "email", "address_id": known["address_id"]}, {"channel": "email"}]
        await acts.choose(stage, person, bearer, ways)
        await acts.written_to(stage, person, practice)
        at_work = await mail_to(stage, other)
        await give_back(stage, at_work, other)
        stage.tell("the mail server's pipe has handed the report over")
        again = await stage.mail(person, "Something new")
        stage.insist(again.message_id == at_work.message_id, "it is another mail")
    with stage.step("She reads what was sent to her, and what gets no more mails", "NT-5"):
        await ledger_shows(stage, bearer, "email", "sent")
        found = await stage.call("list_suppressions", 200, token=bearer)
        for one in found.body["suppressions"]:
            stage.tell(f"nothing is mailed to {one['address']}: {one['status']}")
        stage.insist(len(found.body["suppressions"]) == 1, f"suppressed: {found.body}")
        await stage.call("lift_suppressions", 204, token=bearer)
        await acts.choose(stage, person, bearer, [{"channel": "email"}, {"channel": "portal"}])


def by_day(stage: Stage, answer: Answer) -> str:
    """Find a time zone in which it is day, by the services' clock."""
    moved = timedelta(seconds=float(stage.stack.clock_file.read_text() or 0))
    now: datetime = parsedate_to_datetime(answer.headers["Date"]) + moved
    return next(zone for zone in ZONES if now.astimezone(ZoneInfo(zone)).hour in DAY)


async def text(stage: Stage, number: str, *, after: int = 0) -> TextMessage:
    """Wait for a text message to her number."""

    async def arrived() -> TextMessage:
        found = [one for one in await stage.mailbox.texts(number) if one.id > after]
        stage.insist(bool(found), f"no text message came to {number}")
        return found[-1]

    found = await eventually(arrived, within=20)
    stage.tell(f"text message to her: {found.body}")
    return found


async def mail_to(stage: Stage, address: str) -> Mail:
    """Wait for another mail to an address of hers that tells of something new."""

    async def arrived() -> Mail:
        found = [one for one in await stage.mailbox.to(address) if one.id not in stage.read]
        found = [one for one in found if "Something new" in one.subject]
        stage.insist(bool(found), f"no mail came to {address}")
        return found[-1]

    found = await eventually(arrived, within=20)
    stage.read.add(found.id)
    return found


async def ledger_shows(stage: Stage, bearer: str, channel: str, state: str) -> None:
    """Wait until the newest of what a practice had sent her has come so far."""

    async def shown() -> None:
        sent = await stage.call("list_deliveries", 200, token=bearer)
        practices = [one for one in sent.body["deliveries"] if "practice" in one["message_class"]]
        newest = practices[0]
        stage.insist(
            (newest["channel"], newest["state"]) == (channel, state), f"her ledger: {newest}"
        )

    await eventually(shown, within=20)
    stage.tell(f"her ledger: {channel}, {state}")


async def give_back(stage: Stage, mail: Mail, address: str) -> None:
    """Report that no mailbox is there, as a mail server does: by a pipe to our program."""
    report = REPORT.format(return_path=mail.envelope_from, address=address)
    client = stage.stack.mail_server
    with NamedTemporaryFile("w") as credentials:
        json.dump(
            {"client_id": client.client_id, "client_secret": client.client_secret}, credentials
        )
        credentials.flush()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, str(HAND_OVER)),
            *("--identity", stage.stack.services["identity"][0]),
            *("--notify", stage.stack.services["notify"][0]),
            *("--credentials", credentials.name),
            stdin=asyncio.subprocess.PIPE,
        )
        await process.communicate(report.encode())
    stage.insist(process.returncode == 0, f"the pipe ended with {process.returncode}")
