"""A practice's desk, by clicks and typing."""

from dataclasses import dataclass

from playwright.async_api import Page, expect

from deploy.client.eventually import eventually
from deploy.tour.person import Person
from tests.browse.visitor import Visitor

SECOND = "Seeblick"  # the other practice that a stack has


@dataclass(slots=True, kw_only=True)
class Desk:
    """Somebody who sits at a practice's desk."""

    visitor: Visitor
    url: str

    @property
    def page(self) -> Page:
        return self.visitor.page

    async def sit_down(self, practice: str = "Lindenhof") -> None:
        await self.visitor.go(self.url)
        await self.visitor.sees("desk, sit down")
        await self.page.get_by_label(practice).check()
        await self.page.get_by_role("button", name="Sit down").click()
        await expect(self.page).to_have_url(f"{self.url}/patients")

    async def sit_down_with(self, client_id: str, secret: str) -> None:
        """Sit down for a practice that the stack does not offer."""
        await self.page.get_by_label("Another one, by its client").check()
        await self.page.get_by_text("Another practice's client").click()
        await self.page.get_by_label("Client id").fill(client_id)
        await self.page.get_by_label("Client secret").fill(secret)
        await self.page.get_by_role("button", name="Sit down").click()
        await expect(self.page).to_have_url(f"{self.url}/patients")

    async def move(self, practice: str) -> None:
        """Leave this desk for another practice's."""
        await self.page.get_by_role("button", name="Leave the desk").click()
        await self.sit_down(practice)

    async def register(self, person: Person, **reachable: str) -> None:
        """Register her, with what else is known by its label, and remember the record's id."""
        await self.visitor.go(f"{self.url}/patients")
        await self.visitor.sees("desk, patients")
        await self.page.get_by_role("link", name="Register a patient").click()
        await self.visitor.sees("desk, register")
        await self.page.get_by_label("Last name").fill(person.last_name)
        await self.page.get_by_label("First name").fill(person.first_name)
        year, month, day = person.birth_date.split("-")
        for label, value in {"Month": month, "Day": day, "Year": year}.items():
            await self.page.get_by_label(label).fill(value)
        for label, value in reachable.items():
            await self.page.get_by_label(label, exact=True).fill(value)
        await self.page.get_by_role("button", name="Register").click()
        heading = f"{person.first_name} {person.last_name}"
        await expect(self.page.get_by_role("heading", name=heading)).to_be_visible()
        await self.visitor.sees("desk, a patient")
        person.patient_id = self.page.url.rpartition("/")[2]

    async def token_for(self, person: Person) -> str:
        """Register her, issue a token, and read it off the slip."""
        await self.register(person)
        return await self.issue()

    async def find(self, last_name: str) -> None:
        """Find a patient of this practice by her last name, and open her record."""
        await self.visitor.go(f"{self.url}/patients")
        await self.page.get_by_label("Last name").fill(last_name)
        await self.page.get_by_role("button", name="Find").click()
        found = self.page.locator("section", has=self.page.locator("#found"))
        await self.visitor.sees("desk, found")
        await found.get_by_role("link").first.click()

    async def correct(self, **changes: str) -> None:
        """Correct the record of this page, by the labels of its form."""
        await self.page.get_by_role("link", name="Correct the record").click()
        await self.visitor.sees("desk, correct a record")
        for label, value in changes.items():
            await self.page.get_by_label(label).fill(value)
        await self.page.get_by_role("button", name="Save").click()

    async def read_username(self, person: Person) -> str:
        """Show her username, to be read out."""
        await self.visitor.go(f"{self.url}/patients/{person.patient_id}")
        await self.page.get_by_role("button", name="Show the username").click()
        shown = self.page.locator("#read-username")
        await expect(shown).to_be_visible()
        await self.visitor.sees("desk, a username")
        return await shown.inner_text()

    async def issue(self) -> str:
        """Issue a token to the patient of this page, and read it off the slip."""
        back = self.page.url
        await self.page.get_by_role("button", name="Issue a token").click()
        secret = self.page.locator(".slip .secret")
        await expect(secret).to_be_visible()
        await self.visitor.sees("desk, a slip")
        token = await secret.inner_text()
        await self.visitor.go(back)
        return token

    async def give_code(self, person: Person) -> str:
        """Issue a code for a new password, and read it off the slip. How her account stands now,
        recovery hears a moment later than this desk.
        """
        secret = self.page.locator(".slip .secret")

        async def given() -> str:
            await self.visitor.go(f"{self.url}/patients/{person.patient_id}")
            await self.page.get_by_role("button", name="Issue a code").click()
            await expect(self.page.locator(".slip, #summary")).to_be_visible()
            assert await secret.count(), "it was refused"
            return await secret.inner_text()

        code = await eventually(given, within=20)
        await self.visitor.sees("desk, a slip with a code")
        return code

    async def invite(self) -> None:
        """Have the patient of this page invited."""
        await self.page.get_by_role("button", name="Invite").click()
        await expect(self.page.get_by_role("status")).to_contain_text("is on its way")
        await self.visitor.sees("desk, invited")

    async def make_temporary(self) -> tuple[str, str]:
        """Make a temporary pair for the patient of this page, and read it off the slip."""
        back = self.page.url
        await self.page.get_by_role("button", name="Make them").click()
        await expect(self.page.locator("#temporary-username")).to_be_visible()
        await self.visitor.sees("desk, a slip of temporary credentials")
        username = await self.page.locator("#temporary-username").inner_text()
        password = await self.page.locator("#temporary-password").inner_text()
        await self.visitor.go(back)
        return username, password

    async def do(self, person: Person, button: str, said: str) -> None:
        """Press a button for her, and wait for what is said to it."""
        await self.visitor.go(f"{self.url}/patients/{person.patient_id}")
        await self.page.get_by_role("button", name=button).click()
        await expect(self.page.get_by_role("status")).to_contain_text(said)

    async def tells(self, person: Person, topic: str) -> None:
        """Let her know that something waits for her."""
        await self.visitor.go(f"{self.url}/patients/{person.patient_id}")
        await self.page.locator("#topic").select_option(topic)
        await self.page.get_by_role("button", name="Tell").click()
        await expect(self.page.get_by_role("status")).to_be_visible()

    async def offers(self, channels: str) -> None:
        """Offer these ways, in this order, to patients who choose nothing else."""
        await self.visitor.go(f"{self.url}/settings")
        await self.page.locator("#channels").select_option(channels)
        await self.page.get_by_role("button", name="Save").click()
        await expect(self.page.get_by_role("status")).to_contain_text("The setting was changed.")

    async def asks_questions(self, yes: bool = True) -> None:
        """Have patients set security questions, or not."""
        await self.visitor.go(f"{self.url}/settings")
        await self.page.locator("#security_questions").set_checked(yes)
        await self.page.get_by_role("button", name="Save").click()
        await expect(self.page.get_by_role("status")).to_contain_text("The setting was changed.")

    async def word_disclaimer(self, en: str = "", es: str = "") -> None:
        """Word the practice's disclaimer, or let it ask nothing."""
        await self.visitor.go(f"{self.url}/disclaimer")
        await self.visitor.sees("desk, disclaimer")
        await self.page.get_by_label("In English").fill(en)
        await self.page.get_by_label("In Spanish").fill(es)
        await self.page.get_by_role("button", name="Save").click()
        await expect(self.page.get_by_role("status")).to_contain_text("worded anew")

    async def unlock(self, person: Person) -> None:
        await self.do(person, "Unlock", "The account is unlocked.")

    async def tell(self, person: Person) -> None:
        """Let her know that a message waits."""
        await self.do(person, "Tell", "It is on its way.")
