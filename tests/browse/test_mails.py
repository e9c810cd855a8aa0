"""The mail catcher's pages: a list, a mail, and a hostile one that reaches nobody."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage

import aiosmtplib
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Browser
from yarl import URL

from deploy.client.mailbox import Mailbox
from services.notify.tellings.contents import CONTENTS
from tests.browse.conftest import Visit
from tests.browse.inspector import NARROW, OVERHANG
from tests.support.mails import every_mail
from tests.support.suite import Suite

LINK = "http://127.0.0.1:8100/verify-email#abc"
SPACES = re.compile(r"\W+")
# A stranger's mail tries everything: {0} is a server that must hear of nothing.
HOSTILE = """<!doctype html><html><head><title>x</title>
<meta http-equiv="refresh" content="0;url={0}/refresh">
<link rel="stylesheet" href="{0}/style.css">
<style>body {{ background: url({0}/background.png) }}</style></head>
<body onload="document.title='ran'"><script>top.document.title = "ran"</script>
<img src="{0}/pixel.png" onerror="top.document.title='ran'">
<iframe src="{0}/frame"></iframe>
<form action="{0}/form"><button>Send</button></form>
<a id="script" href="javascript:top.document.title='ran'">Run</a>
<p>Read me</p></body></html>"""


@asynccontextmanager
async def tracker() -> AsyncIterator[tuple[str, list[str]]]:
    """A server on another port, and what it was asked."""
    asked: list[str] = []

    async def note(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(text="noted")

    application = web.Application()
    application.router.add_route("*", "/{path:.*}", note)
    async with TestServer(application) as server:
        yield f"http://127.0.0.1:{server.port}", asked


async def send(suite: Suite, subject: str, *, to: str, text: str = "", html: str = "") -> None:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "portico@example.org", to, subject
    message["Message-ID"] = f"<{SPACES.sub('.', subject)}@example.org>"
    message.set_content(text or "Nothing but text.\n")
    if html:
        message.add_alternative(html, subtype="html")
    url = URL(suite.addresses.smtp_url)
    await aiosmtplib.send(message, hostname=url.host, port=url.port, start_tls=False)


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
async def test_a_person_reads_a_mail_as_a_phone_and_a_desktop_show_it(
    suite: Suite, visit: Visit, mailbox: Mailbox, scripted: bool
) -> None:
    url = suite.addresses.mails
    html = "<html><head><style>p{color:#063}</style></head><body><p>Dear Ada</p></body></html>"
    await send(suite, "An older mail", to="bob@example.org")
    await send(
        suite,
        "Your account",
        to="ada@example.org",
        text=f"Dear Ada, see {LINK}\n",
        html=html,
    )
    async with visit(url, scripted=scripted) as reader:
        page = reader.page
        await reader.go(url)
        subjects = await page.locator(".mails a").all_inner_texts()
        assert subjects[:2] == ["Your account", "An older mail"]
        await reader.sees("mails, list")

        await page.get_by_role("link", name="Your account").first.click()

        assert f"Dear Ada, see {LINK}" in await page.locator(".text").inner_text()
        assert await page.get_by_role("link", name=LINK).count() == 1
        for title, width in (("phone", 390), ("desktop", 960)):
            frame = page.locator(f"iframe[title='The mail on a {title}']")
            shown = page.frame_locator(f"iframe[title='The mail on a {title}']")
            await shown.get_by_text("Dear Ada").wait_for()
            box = await frame.bounding_box()
            assert box is not None
            assert box["width"] == width
        headers = page.get_by_text("<Your.account@example.org>")
        assert not await headers.is_visible()
        await page.get_by_text("Headers", exact=True).click()
        assert await headers.is_visible()
        await reader.sees("mails, one mail")

        await page.get_by_role("link", name="ada@example.org").click()

        assert "An older mail" not in await page.locator(".mails").inner_text()
        await reader.sees("mails, to one address")
        await page.get_by_label("Only to this address").fill("nobody@example.org")
        await page.get_by_role("button", name="Show").click()
        await page.get_by_text("No mail has come to this address yet").wait_for()
        await reader.sees("mails, none")
    assert [mail.subject for mail in await mailbox.to("ada@example.org")][-1] == "Your account"


async def test_a_hostile_mail_runs_no_script_and_asks_nothing_of_another_host(
    suite: Suite, visit: Visit, mailbox: Mailbox
) -> None:
    url = suite.addresses.mails
    async with tracker() as (elsewhere, asked), visit(url) as reader:
        reader.faults.expected += ["Content Security Policy", "sandboxed"]
        page = reader.page
        html = HOSTILE.format(elsewhere)
        await send(suite, "<script>alert(1)</script>", to="eve@example.org", html=html)
        mail = await mailbox.wait_for("eve@example.org")

        await reader.go(f"{url}/show/{mail.id}")
        for frame in await page.locator("iframe").all():
            shown = frame.content_frame
            await shown.get_by_text("Read me").wait_for()
            await shown.locator("#script").click()
            await shown.get_by_role("button", name="Send").click()
        await reader.go(f"{url}/html/{mail.id}")  # not in a frame either
        await page.get_by_text("Read me").wait_for()
        await page.get_by_role("button", name="Send").click()
        await reader.go(f"{url}/show/{mail.id}")

        assert asked == []
        assert "ran" not in [await each.title() for each in reader.context.pages]
        assert await page.locator("h1").inner_text() == "<script>alert(1)</script>"


async def test_a_mail_that_is_not_there_says_so(suite: Suite, visit: Visit) -> None:
    url = suite.addresses.mails
    async with visit(url) as reader:
        await reader.go(f"{url}/show/999999")

        assert "or the catcher has let it go" in await reader.page.locator("main").inner_text()
        await reader.sees("mails, not found")


@pytest.mark.proves("NT-4")
async def test_no_mail_is_wider_than_the_narrowest_phone(browser: Browser) -> None:
    page = await browser.new_page(viewport=NARROW)
    too_wide = {}

    for each in every_mail():
        await page.set_content(each.mail.html)
        too_wide[each.name] = await page.evaluate(OVERHANG)

    await page.close()
    assert {name: over for name, over in too_wide.items() if over > 0} == {}
    assert len(too_wide) >= 2 * len(CONTENTS)
