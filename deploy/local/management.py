"""RabbitMQ's management HTTP API, as its administrator; for the local stack and tests."""

from types import TracebackType
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL


def segment(name: str) -> str:
    """Write a name as one segment of a path: the vhost "/" is "%2F"."""
    return quote(name, safe="")


class Management:
    """A session whose URL carries the administrator's name and password."""

    def __init__(self, url: str, *, timeout: float = 30.0) -> None:
        address = URL(url)
        self.base = str(address.with_user(None)).rstrip("/")
        basic = aiohttp.encode_basic_auth(address.user or "", address.password or "")
        self.session = aiohttp.ClientSession(
            headers={"Authorization": basic},
            timeout=aiohttp.ClientTimeout(total=timeout),
            raise_for_status=True,
        )

    async def __aenter__(self) -> "Management":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.session.close()

    async def get(self, path: str) -> Any:
        """Return what stands there. Raises aiohttp.ClientResponseError for 4xx and 5xx."""
        async with self.session.get(URL(self.base + path, encoded=True)) as reply:
            return await reply.json()

    async def put(self, path: str, body: Any) -> None:
        """Make or replace what stands there."""
        async with self.session.put(URL(self.base + path, encoded=True), json=body):
            pass

    async def delete(self, path: str) -> None:
        """Remove what stands there; what is not there is no error."""
        address = URL(self.base + path, encoded=True)
        async with self.session.delete(address, raise_for_status=False) as reply:
            if reply.status != 404:
                reply.raise_for_status()
