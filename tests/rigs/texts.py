"""A provider of text messages in the test's own process, which tells one replica what became."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from aiohttp import web

from deploy.local import ports
from deploy.local.texts import ACCOUNT, TOKEN, TextProvider
from tests.rigs.notify import Office


@dataclass(slots=True)
class Provider(TextProvider):
    """The stand-in; what it tells reaches the replica by the client of the test."""

    office: Office | None = None
    port: int = field(default_factory=ports.free_port)
    runner: web.AppRunner | None = None

    @property
    def url(self) -> str:
        """As notify is told of it."""
        return f"http://{ACCOUNT}:{TOKEN}@{ports.LOOPBACK}:{self.port}"

    async def start(self) -> None:
        application = web.Application()
        application.add_routes(self.routes())
        self.runner = web.AppRunner(application, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, ports.LOOPBACK, self.port).start()

    async def stop(self) -> None:
        if self.runner is not None:
            await self.runner.cleanup()
            self.runner = None

    async def tell(self, url: str, said: dict[str, str]) -> tuple[int, str]:
        assert self.office is not None
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        headers = {"X-Forwarded-For": self.office.a_source(), **self.signed(url, said)}
        async with self.office.client.post(path, data=said, headers=headers) as response:
            return response.status, await response.text()
