"""The stand-in of a provider of text messages: Twilio's API as far as notify uses it (NT-3).

It keeps what it takes, and tells notify what became of it and what a phone answers, signed by the
provider's own library.
"""

from collections import deque
from dataclasses import dataclass, field
from itertools import count

import msgspec
from aiohttp import ClientSession, encode_basic_auth, web
from twilio.request_validator import RequestValidator

ACCOUNT = "AC00000000000000000000000000000000"
TOKEN = "stand-in"  # noqa: S105 - of nothing but this
SENDER = "+12135550100"
MOST = 10_000


class TextMessage(msgspec.Struct, frozen=True, kw_only=True):
    """One message that was taken."""

    id: int
    sender: str
    recipient: str
    body: str
    status_url: str


class Fault(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the next message meets."""

    status: int = 201
    code: int = 0  # the provider's own
    hangs_up: bool = False  # it is kept, but the connection breaks before the answer


class Answered(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a phone sends back."""

    number: str
    body: str


class Became(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What became of a message."""

    status: str
    code: int = 0


@dataclass(slots=True)
class TextProvider:
    """Everything it knows, in memory: the newest messages."""

    hooks_url: str = ""  # learned from what it is sent
    token: str = TOKEN
    texts: deque[TextMessage] = field(default_factory=lambda: deque(maxlen=MOST))
    faults: deque[Fault] = field(default_factory=deque)
    numbers: "count[int]" = field(default_factory=lambda: count(1))

    def to(self, number: str | None = None, *, after: int = 0) -> list[TextMessage]:
        """Return the messages to this number, or all, that came after one; the oldest first."""
        return [text for text in self.texts if text.id > after and number in (None, text.recipient)]

    def routes(self) -> list[web.RouteDef]:
        """What programs ask: the API, and what is told by hand."""
        return [
            web.post(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", self._take),
            web.get(f"/2010-04-01/Accounts/{ACCOUNT}.json", self._tell_account),
            web.get("/texts", self._list),
            web.post("/texts/answers", self._answer),
            web.post("/texts/{id}/status", self._become),
        ]

    async def tell(self, url: str, said: dict[str, str]) -> tuple[int, str]:
        """POST to notify as the provider does; return the status and the body of its reply."""
        async with (
            ClientSession() as session,
            session.post(url, data=said, headers=self.signed(url, said)) as response,
        ):
            return response.status, await response.text()

    def signed(self, url: str, said: dict[str, str]) -> dict[str, str]:
        """Sign what is told."""
        signature = RequestValidator(self.token).compute_signature(url, said)
        return {"X-Twilio-Signature": signature}

    async def answer(self, number: str, body: str) -> tuple[int, str]:
        """A phone answers."""
        said = {
            "AccountSid": ACCOUNT,
            "MessageSid": f"SM{next(self.numbers):032}",
            "From": number,
            "To": SENDER,
            "Body": body,
        }
        return await self.tell(f"{self.hooks_url}/texts/incoming", said)

    async def became(self, text: TextMessage, status: str, code: int = 0) -> tuple[int, str]:
        """Tell what became of a message."""
        said = {"AccountSid": ACCOUNT, "MessageSid": f"SM{text.id:032}", "MessageStatus": status}
        if code:
            said["ErrorCode"] = str(code)
        return await self.tell(text.status_url, said)

    def _refused(self, request: web.Request) -> web.Response | None:
        if request.headers.get("Authorization") == encode_basic_auth(ACCOUNT, self.token):
            return None
        return web.json_response({"code": 20003, "status": 401}, status=401)

    async def _tell_account(self, request: web.Request) -> web.Response:
        return self._refused(request) or web.json_response({"sid": ACCOUNT, "status": "active"})

    async def _take(self, request: web.Request) -> web.Response:
        if (refused := self._refused(request)) is not None:
            return refused
        fault = self.faults.popleft() if self.faults else Fault()
        if fault.status != 201:
            return web.json_response(
                {"code": fault.code, "status": fault.status}, status=fault.status
            )
        said = await request.post()
        text = TextMessage(
            id=next(self.numbers),
            sender=str(said["From"]),
            recipient=str(said["To"]),
            body=str(said["Body"]),
            status_url=str(said["StatusCallback"]),
        )
        self.texts.append(text)
        self.hooks_url = text.status_url.partition("/texts/")[0]
        if fault.hangs_up and request.transport is not None:
            request.transport.abort()
        return web.json_response({"sid": f"SM{text.id:032}", "status": "queued"}, status=201)

    async def _list(self, request: web.Request) -> web.Response:
        number, after = request.query.get("to"), int(request.query.get("after", "0"))
        found = self.to(number, after=after)
        return web.Response(body=msgspec.json.encode(found), content_type="application/json")

    async def _answer(self, request: web.Request) -> web.Response:
        answered = msgspec.json.decode(await request.read(), type=Answered)
        status, body = await self.answer(answered.number, answered.body)
        return web.Response(status=status, text=body)

    async def _become(self, request: web.Request) -> web.Response:
        wanted = int(request.match_info["id"])
        became = msgspec.json.decode(await request.read(), type=Became)
        [text] = [text for text in self.texts if text.id == wanted]
        status, body = await self.became(text, became.status, became.code)
        return web.Response(status=status, text=body)
