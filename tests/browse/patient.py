"""A patient at the portal, by clicks and typing; fields are found by id, in whatever language."""

import re
from dataclasses import dataclass

from playwright.async_api import Locator, Page, expect

from deploy.client.eventually import eventually
from deploy.client.mailbox import Mailbox
from deploy.tour.person import Person
from tests.browse.visitor import SECONDS, Visitor

expect.set_options(timeout=SECONDS * 1000)
PRIMARY = "main button.primary, main button.danger"


@dataclass(slots=True, kw_only=True)
class Patient:
    """A person, her browser, and her mails."""

    person: Person
    visitor: Visitor
    portal: str
    mailbox: Mailbox

    @property
    def page(self) -> Page:
        return self.visitor.page

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    @property
    def summary(self) -> Locator:
        """What was refused, above a form."""
        return self.page.locator("#summary")

    async def go(self, path: str) -> None:
        await self.visitor.go(self.portal + path)

    async def sees(self, state: str) -> None:
        await self.visitor.sees(state)

    async def at(self, path: str) -> None:
        """Wait until she is at this page of the portal, whatever is said there."""
        await expect(self.page).to_have_url(
            re.compile(rf"^{re.escape(self.portal + path)}(\?said=[\w-]+)?$")
        )
        await self.page.wait_for_load_state()

    async def press(self, words: str | None = None) -> None:
        """Press the one primary button of the page, or the one with these words, and wait for the
        whole answer: a click returns with its first bytes, and half a page says half of it.
        """
        named = self.main.get_by_role("button", name=words) if words else None
        await (named or self.page.locator(PRIMARY)).first.click()
        await self.page.wait_for_load_state()

    async def fill(self, **fields: str) -> None:
        """Type into fields, by their ids."""
        for name, value in fields.items():
            await self.page.locator(f"#{name}").fill(value)

    # ---- coming in

    async def type_token(self, token: str) -> None:
        """Begin an enrolment: token, date of birth, last name."""
        await self.go("/log-on")
        await self.page.locator("main a[href='/enrol']").click()
        await self.page.locator("a[href='/enrol/token']").click()
        await self.fill(token=token, last_name=self.person.last_name)
        await self.fill_birthday()
        await self.press()

    async def refused(self, token: str) -> str:
        """Give a token that is not taken, and return what is said to it."""
        await self.type_token(token)
        await expect(self.summary).to_be_visible()
        await self.at("/enrol/token")
        return await self.summary.inner_text()

    async def fill_birthday(self) -> None:
        year, month, day = self.person.birth_date.split("-")
        for part, value in {"month": month, "day": day, "year": year}.items():
            await self.page.locator(f"[autocomplete='bday-{part}']").fill(value)

    async def give_token(self, token: str) -> None:
        """Begin an enrolment with a token that is hers: it is proven before anything is chosen."""
        await self.type_token(token)
        await self.at("/enrol/terms")

    async def accept_terms(self) -> None:
        await self.page.locator("button[value='accept']").click()
        await self.at("/enrol/e-mail")

    async def choose_credentials(self) -> None:
        await self.fill(
            username=self.person.username,
            password=self.person.password,
            again=self.person.password,
        )
        await self.press()
        await self.at("/enrol/done")

    async def enrol(self, token: str, *, email: bool = True, declines: bool = True) -> None:
        """Make an account; with an e-mail it is verified as well. She ends at home, or where
        two-step verification is offered to her.
        """
        await self.give_token(token)
        await self.accept_terms()
        if email:
            await self.fill(email=self.person.address)
        else:
            await self.page.locator("#no_email").check()
        await self.press()
        await self.at("/enrol/credentials")
        await self.choose_credentials()
        if email:
            await self.open_link("verify-email")
            await self.press()
            await self.at("/gate/two-step")
            if declines:
                await self.decline_two_step()
        else:
            await self.go("/home")

    async def decline_two_step(self, to: str = "/home") -> None:
        """Pass by the one offer of it, and so come home, or to where she was going."""
        await self.at("/gate/two-step")
        await self.sees("gate, two-step")
        await self.main.get_by_role("button").click()
        await self.at(to)

    async def log_on(self, name: str | None = None, password: str | None = None) -> None:
        """Fill in the log-on page and press its button; she stands wherever that leads."""
        if not self.page.url.startswith(f"{self.portal}/log-on"):
            await self.go("/log-on")
        await self.fill(
            username=name or self.person.username, password=password or self.person.password
        )
        await self.press()

    async def log_off(self) -> None:
        await self.page.locator("form[action='/log-off'] button").click()
        await self.at("/log-on")

    # ---- her mails

    async def footer_link(self) -> str:
        """Return the link that stops a practice's mails, from the newest of them."""
        wanted = re.compile(rf"{re.escape(self.portal)}/unsubscribe\?link=\w+")

        async def arrived() -> str:
            for mail in reversed(await self.mailbox.to(self.person.address)):
                if found := wanted.search(mail.text):
                    return found[0]
            raise AssertionError("no mail has such a link")

        return await eventually(arrived, within=20)

    async def link(self, path: str, *, after: int = 0) -> str:
        """Wait for a mail with a link to this page, and return the link."""
        wanted = re.compile(rf"{re.escape(self.portal)}/{path}#[\w-]+")

        async def arrived() -> str:
            for mail in reversed(await self.mailbox.to(self.person.address, after=after)):
                if found := wanted.search(mail.text):
                    return found[0]
            raise AssertionError(f"no mail with a link to /{path} came to {self.person.address}")

        return await eventually(arrived, within=SECONDS)

    async def open_link(self, path: str, *, after: int = 0) -> str:
        """Open a mailed link; without script it is pasted. Nothing is pressed yet."""
        link = await self.link(path, after=after)
        await self.visitor.go(link)
        if not self.visitor.scripted:
            await self.fill(link=link)
        return link
