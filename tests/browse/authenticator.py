"""Chromium's virtual authenticator: a phone's own, with a finger that is there or not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from playwright.async_api import CDPSession

from deploy.client.eventually import eventually
from tests.browse.patient import Patient
from tests.browse.visitor import SECONDS

OPTIONS = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
}


@dataclass(frozen=True, slots=True)
class Authenticator:
    """What a tab's browser keeps passkeys in."""

    session: CDPSession
    id: str

    async def finger(self, *, there: bool) -> None:
        """Put it there, or take it away: what the browser asks for then waits, as for a person."""
        enabled = {"authenticatorId": self.id, "enabled": there}
        await self.session.send("WebAuthn.setAutomaticPresenceSimulation", enabled)

    @asynccontextmanager
    async def touched(self) -> AsyncIterator[None]:
        """Lay the finger on for what happens inside, and lift it once a passkey has answered: the
        page that comes back may ask at once for another.
        """
        answered = asyncio.Event()

        def asserted(_: object) -> None:
            answered.set()

        self.session.on("WebAuthn.credentialAsserted", asserted)
        await self.finger(there=True)
        try:
            yield
            await asyncio.wait_for(answered.wait(), SECONDS)
        finally:
            await self.finger(there=False)
            self.session.remove_listener("WebAuthn.credentialAsserted", asserted)

    async def knows(self, *, her: bool) -> None:
        """Have it take the finger for hers or not: then it refuses."""
        verified = {"authenticatorId": self.id, "isUserVerified": her}
        await self.session.send("WebAuthn.setUserVerified", verified)

    async def credentials(self) -> list[dict[str, Any]]:
        """What it keeps."""
        found = await self.session.send("WebAuthn.getCredentials", {"authenticatorId": self.id})
        credentials: list[dict[str, Any]] = found["credentials"]
        return credentials

    async def keeps(self, number: int) -> None:
        """Wait until it keeps so many: a page tells the browser in its own time."""

        async def kept() -> None:
            found = len(await self.credentials())
            assert found == number, f"it keeps {found}"

        await eventually(kept, within=10)

    async def calls_her(self, name: str) -> None:
        """Wait until it shows her passkey under this name."""

        async def renamed() -> None:
            found = [one.get("userName") for one in await self.credentials()]
            assert found == [name], found

        await eventually(renamed, within=10)

    async def keep(self, credentials: list[dict[str, Any]]) -> None:
        """Put back what it has forgotten, as another device would still have it."""
        for credential in credentials:
            taken = {"authenticatorId": self.id, "credential": credential}
            await self.session.send("WebAuthn.addCredential", taken)


async def authenticator_of(patient: Patient) -> Authenticator:
    """Give the tab she looks at an authenticator; no finger is on it."""
    session = await patient.visitor.context.new_cdp_session(patient.page)
    await session.send("WebAuthn.enable", {"enableUI": False})
    made = await session.send("WebAuthn.addVirtualAuthenticator", {"options": OPTIONS})
    found = Authenticator(session, made["authenticatorId"])
    await found.finger(there=False)
    return found
