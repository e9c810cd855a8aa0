"""The gateway's view: verbs found in the OpenAPI documents, each call and reply checked."""

import itertools
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import aiohttp

from deploy.client.answers import Answer
from deploy.client.documents import (
    ContractBroken,
    Operation,
    check_formats,
    check_reply,
    decoded,
    encoded,
)
from shared.randomness import Randomness

SECONDS = 30


class Gateway:
    """A client of all services. Its source is an address of its own, as a proxy would tell it."""

    def __init__(self, addresses: Mapping[str, Sequence[str]]) -> None:
        self.source = str(IPv4Address(int(Randomness().between(0x0B000000, 0x7E000000))))
        self._addresses = addresses
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
        headers = {"X-Forwarded-For": source or self.source}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if basic is not None:
            headers["Authorization"] = aiohttp.encode_basic_auth(*basic)
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
