"""The tour: one person's way through Portico over real HTTP, with real mails, each step told.

It talks only through the gateway's view: verbs found in the services' OpenAPI documents, every call
and every reply checked against them. A step that does not do what its row says ends it with 1.
"""

from collections.abc import Sequence

from rich.console import Console

from deploy.client.answers import Unexpected
from deploy.client.documents import ContractBroken
from deploy.client.gateway import Gateway
from deploy.client.mailbox import Mailbox
from deploy.local.addresses import StackAddresses
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from deploy.tour.stories import STORIES, Story


async def play(
    stack: StackAddresses, person: Person | None = None, stories: Sequence[Story] = STORIES
) -> int:
    """Play the stories in order; 0, or 1 with the step that failed named."""
    console = Console(highlight=False, soft_wrap=True)
    async with Gateway(stack.services) as gateway, Mailbox(stack.mails) as mailbox:
        stage = Stage(stack=stack, gateway=gateway, mailbox=mailbox, console=console)
        juniper = person or Person.met_for_the_first_time(stage.randomness)
        try:
            for story in stories:
                await story(stage, juniper)
        except (AssertionError, Unexpected, ContractBroken) as failed:
            console.print(f"[bold red]step {stage.steps} failed:[/]")
            console.print(str(failed), markup=False)
            return 1
    console.print(f"[bold green]{stage.steps} steps, each as its row says[/]")
    return 0
