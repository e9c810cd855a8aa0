"""What was mailed, or sent to a phone, asked of a catcher."""

from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from deploy.client.eventually import eventually
from deploy.local.caught import Fault, FaultKind, Mail
from deploy.local.texts import Answered, Became, TextMessage


class Mailbox:
    """A catcher's client. `smtp_url` is where mail for it is sent to."""

    def __init__(self, url: str, *, smtp_url: str = "") -> None:
        self.url = url
        self.smtp_url = smtp_url
        self._session = aiohttp.ClientSession(raise_for_status=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def to(self, recipient: str | None = None, *, after: int = 0) -> list[Mail]:
        """Return the mails to this address, or all, the oldest first; reading leaves them there.

        `after` is the id of a mail: only those that came after it.
        """
        query = {"after": str(after)} | ({"to": recipient} if recipient else {})
        return msgspec.json.decode(await self._ask("GET", "mails", params=query), type=list[Mail])

    async def texts(self, number: str) -> list[TextMessage]:
        """Return the text messages to this number, the oldest first."""
        found = await self._ask("GET", "texts", params={"to": number})
        return msgspec.json.decode(found, type=list[TextMessage])

    async def answer(self, number: str, body: str) -> None:
        """Let a phone answer."""
        said = msgspec.json.encode(Answered(number=number, body=body))
        await self._ask("POST", "texts/answers", data=said)

    async def became(self, text: TextMessage, status: str) -> None:
        """Let the provider tell what became of a text message."""
        said = msgspec.json.encode(Became(status=status))
        await self._ask("POST", f"texts/{text.id}/status", data=said)

    async def newest(self) -> int:
        """Return the id of the mail that came last, 0 before the first."""
        return max((mail.id for mail in await self.to()), default=0)

    async def wait_for(
        self,
        recipient: str,
        *,
        subject: str = "",
        after: int = 0,
        count: int = 1,
        within: float = 10.0,
    ) -> Mail:
        """Wait until that many mails with this in their subject have come; return the last."""

        async def arrived() -> Mail:
            came = await self.to(recipient, after=after)
            found = [mail for mail in came if subject in mail.subject]
            if len(found) < count:
                raise AssertionError(f"{len(found)} mails {subject!r}, not {count}")
            return found[-1]

        return await eventually(arrived, within=within)

    async def fail(self, kind: FaultKind, *, count: int = 1, seconds: float = 2.0) -> None:
        """Let the next messages meet this fault."""
        body = msgspec.json.encode(Fault(kind=kind, count=count, seconds=seconds))
        await self._ask("POST", "faults", data=body)

    async def heal(self) -> None:
        """Forget the faults that no message has met; what was caught is kept."""
        await self._ask("DELETE", "faults")

    async def _ask(self, method: str, path: str, **rest: Any) -> bytes:
        async with self._session.request(method, f"{self.url}/{path}", **rest) as reply:
            return await reply.read()
