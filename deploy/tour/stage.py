"""What a story plays on: the gateway, the mailbox, the clock, and a voice that tells each step."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from deploy.client.answers import Answer
from deploy.client.eventually import eventually
from deploy.client.gateway import Gateway
from deploy.client.mailbox import Mailbox
from deploy.local.addresses import StackAddresses
from deploy.local.caught import Mail
from deploy.tour.person import Person
from shared.randomness import Randomness


class StepFailed(AssertionError):
    """A step did not do what its row of the feature list says; `eventually` may try it again."""


@dataclass(slots=True, kw_only=True)
class Stage:
    """The stack as a person and a practice see it."""

    stack: StackAddresses
    gateway: Gateway
    mailbox: Mailbox
    console: Console
    randomness: Randomness = field(default_factory=Randomness)
    steps: int = 0
    read: set[int] = field(default_factory=set)  # mails, by the catcher's number

    @contextmanager
    def step(self, what: str, rows: str) -> Iterator[None]:
        """Tell what happens now and the rows it follows."""
        self.steps += 1
        self.console.print(f"[bold]{self.steps:2}. {what}[/] [dim]({rows})[/]")
        yield

    def tell(self, outcome: str) -> None:
        """Say what was seen."""
        self.console.print(f"    {outcome}", markup=False)

    def insist(self, holds: bool, otherwise: str) -> None:
        """End the tour unless this holds."""
        if not holds:
            raise StepFailed(otherwise)

    async def call(self, verb: str, expected: int, **arguments: Any) -> Answer:
        """Call a verb and insist on the status of its reply."""
        answer = await self.gateway.call(verb, **arguments)
        answer.must(expected)
        return answer

    async def refused(self, verb: str, status: int, code: str, **arguments: Any) -> Answer:
        """Call a verb and insist on being refused for this reason."""
        answer = await self.gateway.call(verb, **arguments)
        answer.refused(status, code)
        return answer

    async def mail(self, person: Person, words: str) -> Mail:
        """Wait for a mail to her whose subject has these words; each is found once, and stays on
        the catcher's page.
        """

        async def arrived() -> Mail:
            for mail in await self.mailbox.to(person.address):
                if words in mail.subject and mail.id not in self.read:
                    return mail
            raise AssertionError(f"no mail about {words!r} came to {person.address}")

        mail = await eventually(arrived, within=15)
        self.read.add(mail.id)
        self.tell(f"mail to her: {mail.subject}")
        return mail

    def let_time_pass(self, seconds: int) -> None:
        """Move the clock of all services, by the file their settings name."""
        moved = float(self.stack.clock_file.read_text() or 0) + seconds
        self.stack.clock_file.write_text(str(moved))
        self.tell(f"the clock is moved on by {seconds // 60} minutes")
