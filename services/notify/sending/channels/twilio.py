"""Text messages by Twilio's API, one POST each: the driver of the text-message channel (NT-3).

Each POST has a connection of its own: on one that lay idle, nobody could tell whether the provider
closed it before or after it took the message.
"""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import msgspec

from services.notify.sending.channels import BeforeDot, Text
from services.notify.sending.channels.dots import Dots
from services.notify.sending.channels.pauses import Pause
from services.notify.sending.channels.provider import Provider
from services.notify.sending.errors import ProviderAway, StillAway
from services.notify.sending.model import Answer, Outcome, Phase
from shared.tls import trusting

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
LONGEST_ANSWER = 64 * 1024
STOPPED = "21610"  # it answered STOP
MEANS_NUMBER = frozenset(  # of a request that is refused with 400
    {
        "21211",  # no valid number
        "21214",  # cannot be reached
        "21408",  # of a country that the account may not send to
        STOPPED,
        "21612",  # not reachable from our number
        "21614",  # not a mobile
    }
)
MEANS_SENDER = frozenset(  # and so every message of ours
    {
        "21212",  # no valid sender
        "21603",  # none
        "21606",  # not ours, or it sends no text messages
        "21611",  # as many wait for it as may
        "21659",  # not ours
        "21660",  # another account's
    }
)
NOT_TAKEN = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
AWAY = Answer(outcome=Outcome.DEFERRED, phase=Phase.CONNECTING)
UNANSWERED = Answer(outcome=Outcome.UNANSWERED, phase=Phase.AFTER_DOT)


class Problem(msgspec.Struct, frozen=True):
    """What the provider says of a request that it refuses."""

    code: int | None = None


@dataclass(slots=True, kw_only=True)
class TwilioChannel:
    """One class's way to the provider; while that is away, or refuses us, it is not asked, and
    while it leaves messages without an answer one at a time is tried.
    """

    provider: Provider
    tls_ca: Path | None
    pause: Pause
    dots: Dots
    _session: aiohttp.ClientSession | None = None
    _opening: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, text: Text, before_dot: BeforeDot, /) -> Answer:
        """Hand the message over. From when it is marked no answer may mean that it is sent."""
        if not self.pause.over:
            raise StillAway
        session = await self._opened()
        with self.dots.passage() as passage:
            self.dots.go_out(passage)
            await before_dot()
            answer = await self._post(session, text)
            self.dots.judge(passage, answer)
        if answer.sender_refused:
            self.pause.refused()
        elif is_out_of_order(answer):
            self.pause.away()
        elif answer.outcome is not Outcome.UNANSWERED:
            self.pause.end()
        return answer

    async def reachable(self) -> bool:
        """Whether it is worth taking work."""
        return self.pause.over and self.dots.open

    async def probe(self) -> None:
        """For status: raise ProviderAway where it was found away and is so still. While it takes
        messages, it is not asked for this.
        """
        if self.dots.paused or not self.pause.over:
            raise ProviderAway
        if self.pause.begun:
            await self.look()

    async def look(self) -> None:
        """Ask for our account, and send nothing. Raises ProviderAway."""
        provider, session = self.provider, await self._opened()
        try:
            async with session.get(
                f"{provider.url}/2010-04-01/Accounts/{provider.account}.json", allow_redirects=False
            ) as response:
                body = await said(response)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ProviderAway from error
        if response.status != HTTPStatus.OK:
            raise ProviderAway(response.status, code_of(body))

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
    which = urlencode({"delivery_id": text.delivery_id, "hop": text.hop, "attempt": text.attempt})
    return f"{provider.hooks_url}/texts/status?{which}"


def answered(status: int, body: bytes) -> Answer:
    """Judge a reply: final is a refusal that means the number. Of another message the provider says
    that it is this one's fault: it waits alone, others go on. Any other refusal, as of our account
    or number, is one for every message. Both are alarms.

    What 429 and 503 say is that it was not taken. Of any other fault of the provider's, or of what
    stands before it, nobody knows whether it was: it is no answer.
    """
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        return Answer(outcome=Outcome.ACCEPTED, phase=Phase.ANSWERED, code=status)
    code = code_of(body)
    of_message = status == HTTPStatus.BAD_REQUEST and code is not None and not means_us(code)
    refused = of_message and code in MEANS_NUMBER
    busy = status in NOT_TAKEN
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR and not busy:
        return Answer(
            outcome=Outcome.UNANSWERED, phase=Phase.ANSWERED, code=status, enhanced_code=code
        )
    return Answer(
        outcome=Outcome.REFUSED if refused else Outcome.DEFERRED,
        phase=Phase.ANSWERED,
        code=status,
        enhanced_code=code,
        stopped=refused and code == STOPPED,
        ours_to_mend=not refused and not busy,
        sender_refused=not of_message and not busy,
    )


def is_out_of_order(answer: Answer) -> bool:
    """Whether the provider could take no message just now, whatever became of this one."""
    if answer.outcome is Outcome.UNANSWERED:
        return answer.code is not None
    return answer.outcome is Outcome.DEFERRED and not answer.ours_to_mend


def means_us(code: str) -> bool:
    """Whether a code is of our account (20xxx) or of the number that we send from."""
    return code.startswith("20") or code in MEANS_SENDER


def code_of(body: bytes) -> str | None:
    """Read the provider's own code of a problem, where it gives one."""
    try:
        problem = msgspec.json.decode(body, type=Problem)
    except msgspec.MsgspecError:
        return None
    return None if problem.code is None else str(problem.code)
