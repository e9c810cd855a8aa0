"""The mail catcher: what it keeps, shows, and how it fails on request."""

from email.message import EmailMessage
from types import SimpleNamespace
from typing import cast

import aiohttp
import aiosmtplib
import pytest
from rich.console import Console

from deploy.client.gateway import Gateway
from deploy.client.mailbox import Mailbox
from deploy.local.addresses import StackAddresses
from deploy.local.caught import FaultKind
from deploy.tour.person import Person
from deploy.tour.stage import Stage

RECIPIENT = "ada@example.org"


def a_mail(subject: str = "Hello") -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "portico@example.org", RECIPIENT, subject
    message["Message-ID"] = "<1@example.org>"
    message.set_content("Grüße\n")
    message.add_alternative("<p>Grüße</p>", subtype="html")
    return message


async def send(mails: Mailbox, message: EmailMessage) -> None:
    port = int(mails.smtp_url.rpartition(":")[2])
    await aiosmtplib.send(message, hostname="127.0.0.1", port=port, start_tls=False)


async def test_a_mail_is_kept_with_its_envelope_and_parts(mails: Mailbox) -> None:
    await send(mails, a_mail())

    mail = await mails.wait_for("ADA@example.org")

    assert (mail.envelope_from, mail.envelope_to) == ("portico@example.org", (RECIPIENT,))
    assert (mail.message_id, mail.text, mail.html) == (
        "<1@example.org>",
        "Grüße\n",
        "<p>Grüße</p>\n",
    )


async def test_a_mail_to_somebody_else_is_not_listed(mails: Mailbox) -> None:
    await send(mails, a_mail())

    assert await mails.to("bob@example.org") == []


async def test_the_tour_finds_each_mail_once_and_leaves_it_on_the_page(mails: Mailbox) -> None:
    for subject in ("a lock", "another lock"):
        await send(mails, a_mail(subject))
    stage = Stage(
        stack=cast(StackAddresses, None),
        gateway=cast(Gateway, None),
        mailbox=mails,
        console=Console(quiet=True),
    )
    ada = cast(Person, SimpleNamespace(address=RECIPIENT))

    found = [(await stage.mail(ada, "lock")).subject for _ in range(2)]

    assert found == ["a lock", "another lock"]
    async with aiohttp.ClientSession() as session, session.get(mails.url) as reply:
        page = await reply.text()
    assert all(subject in page for subject in found)


async def test_pages_escape_what_a_mail_says(mails: Mailbox) -> None:
    await send(mails, a_mail("<script>alert(1)</script>"))

    for path in ("/", "/show/1"):
        async with aiohttp.ClientSession() as session, session.get(mails.url + path) as reply:
            page = await reply.text()

        assert "&lt;script&gt;" in page
        assert "<script>" not in page


@pytest.mark.parametrize(("kind", "code"), [(FaultKind.REFUSE, 550), (FaultKind.TEMPFAIL, 451)])
async def test_a_refusal_meets_as_many_mails_as_it_was_set_for(
    mails: Mailbox, kind: FaultKind, code: int
) -> None:
    await mails.fail(kind, count=2)

    for _ in range(2):
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
            await send(mails, a_mail())
        assert refused.value.recipients[0].code == code

    await send(mails, a_mail())
    assert len(await mails.to()) == 1


async def test_a_connection_dropped_after_the_final_dot_leaves_the_mail(
    mails: Mailbox,
) -> None:
    await mails.fail(FaultKind.DROP_AFTER_DATA)

    with pytest.raises((aiosmtplib.SMTPException, OSError)):
        await send(mails, a_mail())

    assert len(await mails.to()) == 1
