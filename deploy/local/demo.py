"""What a tour needs to be there: terms, two practices, a gateway that may introspect, and a mail
server that hands over what comes back.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from deploy.local.addresses import ClientCredentials, PracticeCredentials
from deploy.local.processes import together

PRACTICE, NEIGHBOUR = "Lindenhof", "Seeblick"
TERMS = "services/identity/terms"  # seen from where the services run, in a container as well
PLACE = ("--contact", "+1 555 0100", "--locale", "en", "--time-zone", "America/New_York")

ASKS_NONE = ("--no-security-questions",)  # who plays on it turns them on at the desk (ST-2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """Their credentials, new each time."""

    practice: PracticeCredentials
    neighbour: PracticeCredentials
    gateway: ClientCredentials
    mail_server: ClientCredentials

    @property
    def of_desk(self) -> dict[str, PracticeCredentials]:
        """The practices by the names that a desk offers them under."""
        return {PRACTICE: self.practice, NEIGHBOUR: self.neighbour}


async def add_demo(identity: Callable[..., Awaitable[bytes]]) -> Demo:
    """Make them with identity's verbs."""

    async def add(*arguments: str) -> bytes:
        return await identity(*arguments, "--json")

    await identity("terms", "publish", "2026-01", TERMS)
    practice, neighbour, gateway, mail_server = await together(
        add("practice", "add", PRACTICE, *PLACE, *ASKS_NONE),
        add("practice", "add", NEIGHBOUR, *PLACE, *ASKS_NONE),
        add("gateway", "add", "portal"),
        add("mail-server", "add", "mx"),
    )
    return Demo(
        practice=msgspec.json.decode(practice, type=PracticeCredentials),
        neighbour=msgspec.json.decode(neighbour, type=PracticeCredentials),
        gateway=msgspec.json.decode(gateway, type=ClientCredentials),
        mail_server=msgspec.json.decode(mail_server, type=ClientCredentials),
    )
