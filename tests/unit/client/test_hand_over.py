"""The program of a mail server's pipe: what it posts, and that no mail is lost by it (NT-5)."""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from deploy.local import ports
from deploy.mail_server import hand_over

pytestmark = pytest.mark.proves("NT-5")

SECRET = "a-secret-of-its-own"


@dataclass(slots=True)
class Services:
    """Stands for identity and notify, at one place."""

    url: str = ""
    status: int = 204  # of notify's answer
    token: str = '{"access_token": "t"}'
    asked: list[dict[str, str]] = field(default_factory=list)
    handed: list[bytes] = field(default_factory=list)

    async def log_on(self, request: web.Request) -> web.Response:
        self.asked.append({name: str(value) for name, value in (await request.post()).items()})
        return web.Response(text=self.token, content_type="application/json")

    async def take(self, request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer t"
        assert request.content_type == "message/rfc822"
        self.handed.append(await request.read())
        return web.Response(status=self.status)


@pytest_asyncio.fixture
async def services() -> AsyncIterator[Services]:
    made, application = Services(), web.Application(client_max_size=2**20)
    application.router.add_post("/oauth/token", made.log_on)
    application.router.add_post("/bounces", made.take)
    async with TestServer(application) as server:
        made.url = str(server.make_url("")).rstrip("/")
        yield made


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    """As identity prints them."""
    made = tmp_path / "client.json"
    made.write_text(f'{{"client_id": "mx", "client_secret": "{SECRET}"}}')
    return made


async def run(message: bytes, *arguments: object) -> tuple[int, str]:
    """Pipe a mail to it, as a mail server does; its exit code, and what it says."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, hand_over.__file__, *map(str, arguments)),
        stdin=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={},
    )
    _, said = await process.communicate(message)
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_it_logs_on_and_hands_the_mail_over_as_it_came(
    services: Services, credentials: Path
) -> None:
    to = ("--identity", services.url, "--notify", services.url, "--credentials", credentials)

    assert await run(b"To: a\n\n\xff\0", *to) == (0, "")
    assert await run(b"x" * 300_000, *to) == (0, "")

    assert services.handed == [b"To: a\n\n\xff\0", b"x" * hand_over.MOST]
    assert services.asked[0] == {
        "grant_type": "client_credentials",
        "client_id": "mx",
        "client_secret": SECRET,
    }


@pytest.mark.parametrize("wrong", ["notify", "token", "away", "credentials", "usage"])
async def test_whatever_is_wrong_the_mail_server_keeps_the_mail(
    services: Services, credentials: Path, wrong: str
) -> None:
    match wrong:
        case "notify":
            services.status = 503
        case "token":
            services.token = "[]"
        case "credentials":
            credentials = credentials.with_name("none")
    url = f"http://127.0.0.1:{ports.free_port()}" if wrong == "away" else services.url
    to = ("--identity", url, "--notify", url, "--credentials", credentials)

    code, said = await run(b"To: a\n\n", *(to[:4] if wrong == "usage" else to))

    assert code == 75
    assert said
    assert SECRET not in said
