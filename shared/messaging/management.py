"""RabbitMQ's management HTTP API, as its administrator; no running service holds these rights."""

import ssl
from collections.abc import Mapping, Sequence
from typing import Any, Self
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from shared.errors import BrokerUnavailable

REQUEST_SECONDS = 30.0

Json = str | int | bool | Sequence["Json"] | Mapping[str, "Json"]


class ManagementRefused(Exception):
    """The broker said no: the object stands there with other arguments, or a right is missing."""


def segment(name: str) -> str:
    """Write a name as one segment of a path: the vhost "/" is "%2F"."""
    return quote(name, safe="")


class Management:
    """A session whose URL carries the administrator's name and password.

    Every call raises ManagementRefused for 4xx, BrokerUnavailable for 5xx and for no answer.
    """

    def __init__(
        self, url: str, *, timeout: float = REQUEST_SECONDS, tls: ssl.SSLContext | None = None
    ) -> None:
        address = URL(url)
        self._base = str(address.with_user(None)).rstrip("/")
        basic = aiohttp.encode_basic_auth(address.user or "", address.password or "")
        self._session = aiohttp.ClientSession(
            headers={"Authorization": basic, "Content-Type": "application/json"},
            timeout=aiohttp.ClientTimeout(total=timeout),
            connector=aiohttp.TCPConnector(ssl=tls or True),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, path: str) -> Any:
        """Return what stands there."""
        return msgspec.json.decode(await self._send("GET", path))

    async def find(self, path: str) -> Any | None:
        """Return what stands there, or None where nothing does."""
        found = await self._send("GET", path, absent_is_fine=True)
        return msgspec.json.decode(found) if found else None

    async def put(self, path: str, body: Json) -> None:
        """Make or replace what stands there."""
        await self._send("PUT", path, msgspec.json.encode(body))

    async def post(self, path: str, body: Json) -> None:
        """Add to what stands there."""
        await self._send("POST", path, msgspec.json.encode(body))

    async def delete(self, path: str) -> None:
        """Remove what stands there; what is not there is no error."""
        await self._send("DELETE", path, absent_is_fine=True)

    async def _send(
        self, method: str, path: str, body: bytes | None = None, *, absent_is_fine: bool = False
    ) -> bytes:
        url = URL(self._base + path, encoded=True)
        try:
            async with self._session.request(method, url, data=body) as reply:
                told = await reply.read()
        except (aiohttp.ClientError, OSError) as error:
            raise BrokerUnavailable(f"management API: {type(error).__name__}") from error
        if reply.status >= 500:
            raise BrokerUnavailable(f"management API: {reply.status}")
        if absent_is_fine and reply.status == 404:
            return b""
        if reply.status >= 400:
            raise ManagementRefused(f"{path}: {reply.status} {told.decode(errors='replace')}")
        return told
