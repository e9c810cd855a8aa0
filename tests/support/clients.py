"""The gateway's view: verbs found in the OpenAPI documents, each call and reply checked."""

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import IPv4Address
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp
from jsonschema import Draft202012Validator, FormatChecker
from jsonschema.exceptions import ValidationError

from shared.randomness import Randomness

JSON = "application/json"
PROBLEM = "application/problem+json"
FORM = "application/x-www-form-urlencoded"
SECONDS = 30


class ContractBroken(Exception):
    """A call or a reply is not what the service's own document says. Never an AssertionError:
    `eventually` must not try it again."""


class Unexpected(Exception):
    """A reply that the document allows, but not the one this step needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reply as it came, after it was checked."""

    operation: str
    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def code(self) -> str | None:
        """The problem's code, where it is one."""
        return self.body.get("code") if self.status >= 400 else None

    def must(self, status: int) -> Any:
        """Return the body of a reply with this status. Raises Unexpected for any other."""
        if self.status != status:
            raise Unexpected(f"{self.operation}: {self.status} instead of {status}: {self.body}")
        return self.body

    def refused(self, status: int, code: str) -> Any:
        """Return the problem with this status and code. Raises Unexpected for anything else."""
        if (self.status, self.code) != (status, code):
            raise Unexpected(
                f"{self.operation}: {self.status} {self.code} instead of {status} {code}: "
                f"{self.body}"
            )
        return self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One verb as a service describes it."""

    name: str
    method: str
    path: str
    described: Mapping[str, Any]
    components: Mapping[str, Any]
    addresses: "Iterator[str]" = field(repr=False)
    replicas: int

    @property
    def form(self) -> str | None:
        """How the body is written; None for a verb without one."""
        content = self.described.get("requestBody", {}).get("content", {})
        return next(iter(content), None)

    def names(self, place: str) -> set[str]:
        """List the parameters in that place."""
        parameters = self.described.get("parameters", [])
        return {found["name"] for found in parameters if found["in"] == place}

    def check(self, schema: Mapping[str, Any], value: object, what: str) -> None:
        """Raises ContractBroken where the value does not match."""
        whole = {**schema, "components": self.components}
        try:
            Draft202012Validator(whole, format_checker=formats()).validate(value)
        except ValidationError as error:
            place = "/".join(map(str, error.absolute_path))
            raise ContractBroken(f"{self.name}: {what} at {place!r}: {error.message}") from error


class Gateway:
    """A client of all services. Its source is an address of its own, as a proxy would tell it."""

    def __init__(
        self, addresses: Mapping[str, Sequence[str]], *, forwarded_header: str = "X-Forwarded-For"
    ) -> None:
        self.source = str(IPv4Address(int(Randomness().between(0x0B000000, 0x7E000000))))
        self._addresses = addresses
        self._header = forwarded_header
        self._operations: dict[str, Operation] = {}
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=SECONDS))
        for service, addresses in self._addresses.items():
            await self._learn(service, addresses)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def call(
        self,
        verb: str,
        *,
        body: Mapping[str, Any] | None = None,
        path: Mapping[str, object] | None = None,
        query: Mapping[str, str] | None = None,
        token: str | None = None,
        basic: tuple[str, str] | None = None,
        idempotency_key: str | None = None,
        source: str | None = None,
    ) -> Answer:
        """Call a verb by its operationId. Raises ContractBroken."""
        operation = self._operation(verb)
        self._check_call(operation, body, path or {}, query or {}, idempotency_key)
        headers = {self._header: source or self.source}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if basic is not None:
            headers["Authorization"] = aiohttp.BasicAuth(*basic).encode()
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        filled = operation.path.format(
            **{name: quote(str(value), safe="") for name, value in (path or {}).items()}
        )
        content = encoded(operation, body)
        if operation.form is not None:
            headers["Content-Type"] = operation.form
        answer = await self._send(operation, filled, query or {}, headers, content)
        check_reply(operation, answer)
        return answer

    def operations(self) -> Mapping[str, Operation]:
        """List every verb that the documents name."""
        return self._operations

    async def _learn(self, service: str, addresses: Sequence[str]) -> None:
        document = await self._document(service, addresses)
        check_formats(service, document)
        in_turn = itertools.cycle(addresses)
        for path, methods in document["paths"].items():
            for method, described in methods.items():
                if "health" in described.get("tags", ()):
                    continue
                name = described["operationId"]
                if name in self._operations:
                    raise ContractBroken(f"two services have a verb {name}")
                self._operations[name] = Operation(
                    name=name,
                    method=method.upper(),
                    path=path,
                    described=described,
                    components=document["components"],
                    addresses=in_turn,
                    replicas=len(addresses),
                )

    async def _document(self, service: str, addresses: Sequence[str]) -> Any:
        """Fetch the document of each replica: they must not differ."""
        found = []
        for address in addresses:
            async with self._client().get(f"{address}/openapi.json") as response:
                if response.status != 200:
                    raise ContractBroken(f"{service}: no document, {response.status}")
                found.append(await response.json())
        if any(document != found[0] for document in found):
            raise ContractBroken(f"{service}: replicas describe themselves differently")
        return found[0]

    def _operation(self, verb: str) -> Operation:
        try:
            return self._operations[verb]
        except KeyError:
            raise ContractBroken(f"no service has a verb {verb}") from None

    def _check_call(
        self,
        operation: Operation,
        body: Mapping[str, Any] | None,
        path: Mapping[str, object],
        query: Mapping[str, str],
        idempotency_key: str | None,
    ) -> None:
        if set(path) != operation.names("path"):
            raise ContractBroken(f"{operation.name}: path wants {operation.names('path')}")
        if not set(query) <= operation.names("query"):
            raise ContractBroken(f"{operation.name}: query takes {operation.names('query')}")
        if idempotency_key is not None and "Idempotency-Key" not in operation.names("header"):
            raise ContractBroken(f"{operation.name} takes no Idempotency-Key")
        if (operation.form is None) != (body is None):
            raise ContractBroken(f"{operation.name}: a body where none is described, or none")
        if operation.form is not None:
            content = operation.described["requestBody"]["content"][operation.form]
            operation.check(content["schema"], body, "request body")

    async def _send(
        self,
        operation: Operation,
        path: str,
        query: Mapping[str, str],
        headers: Mapping[str, str],
        content: bytes | None,
    ) -> Answer:
        """Send to the next replica; to another one only where nothing could be sent."""
        for attempt in range(operation.replicas):
            url = next(operation.addresses) + path
            try:
                async with self._client().request(
                    operation.method, url, params=query, headers=headers, data=content
                ) as response:
                    return Answer(
                        operation=operation.name,
                        status=response.status,
                        body=await decoded(operation, response),
                        headers=response.headers.copy(),
                    )
            except aiohttp.ClientConnectorError:
                if attempt == operation.replicas - 1:
                    raise
        raise ContractBroken(f"{operation.name} has no address")

    def _client(self) -> aiohttp.ClientSession:
        if self._session is None:
            raise RuntimeError("use the gateway with `async with`")
        return self._session


def formats() -> FormatChecker:
    """Return checks of every format that our documents use; the library has none of a date-time
    but with one more package."""
    checker = FormatChecker()
    checker.checks("date-time", raises=ValueError)(is_date_time)
    return checker


def check_formats(service: str, document: object) -> None:
    """Raises ContractBroken for a format that would pass because nobody checks it."""
    match document:
        case {"type": "string", "format": str(name)} if name not in formats().checkers:
            raise ContractBroken(f"{service}: nobody checks the format {name}")
        case dict():
            parts = list(document.values())
        case list():
            parts = document
        case _:
            parts = []
    for part in parts:
        check_formats(service, part)


def is_date_time(value: object) -> bool:
    """RFC 3339: a date, T, a time, and an offset. Raises ValueError where it is no time at all."""
    if not isinstance(value, str):
        return True  # "format" speaks of strings alone
    return value[10:11] in ("T", "t") and datetime.fromisoformat(value).tzinfo is not None


def encoded(operation: Operation, body: Mapping[str, Any] | None) -> bytes | None:
    """Write a body as its verb reads it."""
    if body is None:
        return None
    if operation.form == FORM:
        pairs = ((quote(name, safe=""), quote(str(value), safe="")) for name, value in body.items())
        return "&".join(f"{name}={value}" for name, value in pairs).encode()
    return json.dumps(body).encode()


async def decoded(operation: Operation, response: aiohttp.ClientResponse) -> Any:
    raw = await response.read()
    if not raw:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        raise ContractBroken(f"{operation.name}: the reply is no JSON: {raw[:200]!r}") from None


def check_reply(operation: Operation, answer: Answer) -> None:
    """Status, media type, body, the problem's code, and the headers every reply has."""
    described = operation.described["responses"].get(str(answer.status))
    if described is None:
        raise ContractBroken(f"{operation.name}: {answer.status} is not described: {answer.body}")
    content = described.get("content", {})
    if content:
        media = answer.headers.get("Content-Type", "").partition(";")[0]
        if media not in content:
            raise ContractBroken(f"{operation.name}: {answer.status} as {media or 'nothing'}")
        operation.check(content[media]["schema"], answer.body, f"reply {answer.status}")
    elif answer.body is not None:
        raise ContractBroken(f"{operation.name}: {answer.status} has a body: {answer.body}")
    if answer.headers.get("Cache-Control") != "no-store":
        raise ContractBroken(f"{operation.name}: the reply may be stored")
    for name in described.get("headers", {}):
        if name not in answer.headers:
            raise ContractBroken(f"{operation.name}: {answer.status} without {name}")
