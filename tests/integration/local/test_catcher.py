"""The mail catcher: what it keeps, shows, and how it fails on request."""

import re
from email.message import EmailMessage
from types import SimpleNamespace
from typing import cast

import aiohttp
import aiosmtplib
import pytest
from aiohttp.test_utils import TestClient, TestServer
from rich.console import Console

from deploy.client.gateway import Gateway
from deploy.client.mailbox import Mailbox
from deploy.local.addresses import StackAddresses
from deploy.local.caught import Caught, FaultKind
from deploy.local.mail_pages.pages import Pages
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


async def test_a_mail_is_kept_with_its_envelope_and_parts_and_listed_for_its_recipient_alone(
    mails: Mailbox,
) -> None:
    await send(mails, a_mail())

    mail = await mails.wait_for("ADA@example.org")

    assert (mail.envelope_from, mail.envelope_to) == ("portico@example.org", (RECIPIENT,))
    kept = ("<1@example.org>", "Grüße\n", "<p>Grüße</p>\n")
    assert (mail.message_id, mail.text, mail.html) == kept
    assert await mails.to("bob@example.org") == []


async def page_of(mails: Mailbox, path: str = "/") -> str:
    async with aiohttp.request("GET", mails.url + path) as reply:
        return await reply.text()


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
    page = await page_of(mails)
    assert all(subject in page for subject in found)


async def test_the_mail_that_came_after_one_is_found_and_none_is_taken_away(mails: Mailbox) -> None:
    await send(mails, a_mail("first"))
    before = await mails.newest()
    await send(mails, a_mail("second"))

    found = await mails.wait_for(RECIPIENT, after=before)

    assert found.subject == "second"
    assert await mails.to(RECIPIENT, after=found.id) == []
    assert [mail.subject for mail in await mails.to()] == ["first", "second"]


def test_the_oldest_mails_go_first_where_there_are_too_many_or_too_large_ones() -> None:
    many = Caught(most_mails=2)
    large = Caught(most_bytes=100)

    for number in range(4):
        many.keep("", [RECIPIENT], b"Subject: %d\n\n" % number)
        large.keep("", [RECIPIENT], b"Subject: %d\n\n%s" % (number, b"x" * 30))
    large.keep("", [RECIPIENT], b"Subject: huge\n\n" + b"x" * 200)

    assert ([mail.subject for mail in many.mails], many.let_go) == (["2", "3"], 2)
    assert ([mail.subject for mail in large.mails], large.let_go) == (["huge"], 4)
    assert large.bytes_kept == large.mails[0].size


async def test_the_page_says_how_many_mails_were_let_go_and_leads_to_older_ones() -> None:
    caught = Caught(most_mails=205)
    for number in range(210):
        caught.keep("", [RECIPIENT], b"Subject: Number %d.\n\n" % number)
    async with TestClient(TestServer(Pages(caught).application())) as client:

        async def subjects(path: str) -> tuple[list[str], str]:
            page = await (await client.get(path)).text()
            return re.findall(r"Number \d+\.", page), page

        newest, page = await subjects("/")
        assert (newest[0], newest[-1], len(newest)) == ("Number 209.", "Number 110.", 100)
        assert "the 5 oldest were let go" in page
        older = re.findall(r'href="([^"]+)">Older', page)[0].replace("&amp;", "&")
        second, page = await subjects(older)
        assert (second[0], len(second)) == ("Number 109.", 100)
        last, page = await subjects(
            re.findall(r'href="([^"]+)">Older', page)[0].replace("&amp;", "&")
        )
        assert (last, "Older mails" in page) == ([f"Number {n}." for n in range(9, 4, -1)], False)
        assert (await client.get("/show/1")).status == 404
        for odd in ("/?before=x", "/?before=-1", "/?before=9" + "9" * 30):
            assert (await subjects(odd))[0] == newest


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


async def test_a_connection_dropped_after_the_final_dot_leaves_the_mail(mails: Mailbox) -> None:
    await mails.fail(FaultKind.DROP_AFTER_DATA)

    with pytest.raises((aiosmtplib.SMTPException, OSError)):
        await send(mails, a_mail())

    assert len(await mails.to()) == 1
