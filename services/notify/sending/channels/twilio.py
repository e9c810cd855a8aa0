"""Text messages by Twilio's API, one POST each: the driver of the text-message channel (NT-3).

Each POST has a connection of its own: on one that lay idle, nobody could tell whether the provider
closed it before or after it took the message.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

import aiohttp
import msgspec

from services.notify.sending.channels import BeforeDot, Text
from services.notify.sending.channels.pauses import Pause
from services.notify.sending.channels.provider import Provider
from services.notify.sending.errors import StillAway
from services.notify.sending.model import Answer, Outcome, Phase
from shared.tls import trusting

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
LONGEST_ANSWER = 64 * 1024
STOPPED = "21610"  # it answered STOP
MEANS_NUMBER = frozenset(
    {
        "21211",  # no valid number
        "21214",  # cannot be reached
        "21408",  # of a country that the account may not send to
        STOPPED,
        "21612",  # not reachable from our number
        "21614",  # not a mobile
    }
)
AWAY = Answer(outcome=Outcome.DEFERRED, phase=Phase.CONNECTING)
UNANSWERED = Answer(outcome=Outcome.UNANSWERED, phase=Phase.AFTER_DOT)


class Problem(msgspec.Struct, frozen=True):
    """What the provider says of a request that it refuses."""

    code: int | None = None


@dataclass(slots=True, kw_only=True)
class TwilioChannel:
    """One class's way to the provider; while that is away, or refuses us, it is not asked."""

    provider: Provider
    tls_ca: Path | None
    pause: Pause
    _session: aiohttp.ClientSession | None = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, text: Text, before_dot: BeforeDot, /) -> Answer:
        """Hand the message over. From when it is marked no answer may mean that it is sent."""
        if not self.pause.over:
            raise StillAway
        session = await self._opened()
        await before_dot()
        answer = await self._post(session, text)
        if answer.ours_to_mend:
            self.pause.refused()
        elif answer.outcome is Outcome.DEFERRED:
            self.pause.away()
        elif answer.outcome is not Outcome.UNANSWERED:
            self.pause.end()
        return answer

    async def reachable(self) -> bool:
        """Whether it is worth taking work."""
        return self.pause.over

    async def close(self) -> None:
        """Let go of what `send` has opened."""
        if self._session is not None:
            await self._session.close()

    async def _opened(self) -> aiohttp.ClientSession:
        """A certificate store is read once: each time costs milliseconds."""
        async with self._opening:
            return self._session or await self._open()

    async def _open(self) -> aiohttp.ClientSession:
        context = await asyncio.to_thread(trusting, self.tls_ca)
        provider = self.provider
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=context, force_close=True),
            headers={
                "Authorization": aiohttp.encode_basic_auth(
                    provider.account, provider.token.reveal()
                )
            },
            timeout=aiohttp.ClientTimeout(
                total=CONNECT_SECONDS + ANSWER_SECONDS, connect=CONNECT_SECONDS
            ),
        )
        return self._session

    async def _post(self, session: aiohttp.ClientSession, text: Text) -> Answer:
        provider = self.provider
        try:
            async with session.post(
                f"{provider.url}/2010-04-01/Accounts/{provider.account}/Messages.json",
                data={
                    "To": text.recipient,
                    "From": provider.sender,
                    "Body": text.body,
                    "StatusCallback": status_url(provider, text),
                },
                allow_redirects=False,
            ) as response:
                return answered(response.status, await said(response))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError):
            return AWAY
        except (aiohttp.ClientError, TimeoutError, OSError):
            return UNANSWERED


async def said(response: aiohttp.ClientResponse) -> bytes:
    """What came of the body, however it came: its status is the answer, whatever becomes of it."""
    body = bytearray()
    with suppress(aiohttp.ClientError, TimeoutError, OSError):
        async for part in response.content.iter_any():
            body += part
            if len(body) > LONGEST_ANSWER:
                break
    return bytes(body[:LONGEST_ANSWER])


def status_url(provider: Provider, text: Text) -> str:
    """Where the provider tells what became of it, and of which: it signs both."""
    return f"{provider.hooks_url}/texts/status?delivery_id={text.delivery_id}&hop={text.hop}"


def answered(status: int, body: bytes) -> Answer:
    """Judge a reply: final is a refusal that means the number; any other of ours is an alarm."""
    code = None
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        outcome = Outcome.ACCEPTED
    else:
        code = code_of(body)
        of_number = status == HTTPStatus.BAD_REQUEST and code in MEANS_NUMBER
        outcome = Outcome.REFUSED if of_number else Outcome.DEFERRED
    busy = status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS
    return Answer(
        outcome=outcome,
        phase=Phase.ANSWERED,
        code=status,
        enhanced_code=code,
        stopped=outcome is Outcome.REFUSED and code == STOPPED,
        ours_to_mend=outcome is Outcome.DEFERRED and not busy,
    )


def code_of(body: bytes) -> str | None:
    """Read the provider's own code of a problem, where it gives one."""
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except msgspec.MsgspecError:
        return None
    return None if problem.code is None else str(problem.code)
