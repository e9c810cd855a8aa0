"""Where the servers come from: the order, what forces one, and what is said when none serves."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiohttp.typedefs import Handler

from deploy.local import chromium, containers, postgres, rabbitmq
from deploy.local.errors import NoServers, SettingUnknown, SourceUnavailable
from deploy.local.servers import (
    AMQP_URL,
    MANAGEMENT_URL,
    POSTGRES_URL,
    Servers,
    Source,
    opened,
    prepare,
    sources,
)


def urls(servers: Servers) -> dict[str, str]:
    return {
        POSTGRES_URL: servers.postgres_url,
        AMQP_URL: servers.amqp_url,
        MANAGEMENT_URL: servers.management_url,
    }


async def refusal(environ: dict[str, str], folder: Path) -> str:
    with pytest.raises(NoServers) as refused:
        async with opened(environ, folder=folder, say=lambda _: None):
            pass
    return str(refused.value)


@asynccontextmanager
async def engine(pull: Handler) -> AsyncIterator[str]:
    """A Docker engine that answers, has no image, and does this when it is to pull one."""

    async def answer(request: web.Request) -> web.Response:
        path = request.path
        if path.endswith("/version"):
            return web.json_response({"ApiVersion": "1.41"})
        if "/images/" in path:
            return web.json_response({"message": "No such image"}, status=404)
        return web.json_response([]) if "/containers/" in path else web.Response(text="OK")

    application = web.Application()
    application.router.add_post("/{path:.*}/images/create", pull)
    application.router.add_get("/{path:.*}", answer)
    async with TestServer(application) as server:
        yield f"tcp://{server.host}:{server.port}"


@pytest_asyncio.fixture
async def bare_engine(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """An engine that reaches no registry."""

    async def fail(request: web.Request) -> web.Response:
        told = web.Response(text='{"status": "Pulling"}\r\n{"error": "no such host"}\r\n')
        told.enable_chunked_encoding()
        return told

    async with engine(fail) as url:
        monkeypatch.setenv("DOCKER_HOST", url)
        yield


def test_urls_come_before_containers_and_those_before_this_machine() -> None:
    assert sources({}) == (Source.URLS, Source.CONTAINERS, Source.LOCAL)


@pytest.mark.parametrize("source", Source)
def test_servers_forces_one_source(source: Source) -> None:
    assert sources({"SERVERS": source.value}) == (source,)


def test_an_unknown_source_is_refused_with_those_there_are() -> None:
    with pytest.raises(SettingUnknown, match="SERVERS=cloud: not one of urls, containers, local"):
        sources({"SERVERS": "cloud"})


async def test_urls_of_the_environment_are_used_and_their_versions_told(
    servers: Servers, tmp_path: Path
) -> None:
    said: list[str] = []

    async with opened(urls(servers), folder=tmp_path, say=said.append) as found:
        assert found.source is Source.URLS

    versions = f"PostgreSQL {servers.postgres_version}, RabbitMQ {servers.rabbitmq_version}"
    assert said == [f"servers: urls: {versions}"]


@pytest.mark.parametrize("missing", [POSTGRES_URL, AMQP_URL, MANAGEMENT_URL])
@pytest.mark.parametrize("forced", [{}, {"SERVERS": "urls"}])
async def test_a_missing_url_among_given_ones_is_named_and_nothing_else_is_tried(
    servers: Servers, tmp_path: Path, missing: str, forced: dict[str, str]
) -> None:
    environ = {**urls(servers), **forced}
    del environ[missing]

    told = await refusal(environ, tmp_path)

    assert told.startswith(f"{missing} not set")


async def test_urls_without_a_password_are_refused_because_others_follow_from_it(
    servers: Servers, tmp_path: Path
) -> None:
    environ = {**urls(servers), AMQP_URL: "amqp://127.0.0.1:5672/"}

    assert AMQP_URL in await refusal(environ, tmp_path)


async def test_forced_urls_without_any_name_the_three_ways(tmp_path: Path) -> None:
    told = await refusal({"SERVERS": "urls"}, tmp_path)

    assert all(f"  {source} " in told for source in Source)
    assert f"urls: none of {POSTGRES_URL}, {AMQP_URL}, {MANAGEMENT_URL} is set" in told


async def test_forced_containers_without_an_engine_fail(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")

    told = await refusal({"SERVERS": "containers"}, tmp_path)

    assert "containers: no Docker engine answers" in told


@pytest.mark.usefixtures("bare_engine")
async def test_an_image_that_is_missing_is_pulled_aloud_and_a_failure_told(tmp_path: Path) -> None:
    said: list[str] = []
    forced = {"SERVERS": "containers"}

    with pytest.raises(NoServers, match="containers: postgres:17 cannot be pulled: no such host"):
        await prepare(forced, folder=tmp_path, say=said.append)

    assert said == ["pulling postgres:17 ..."]


async def test_a_pull_without_an_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    over = asyncio.Event()

    async def hang(request: web.Request) -> web.Response:
        await over.wait()
        return web.Response(text="{}")

    async with engine(hang) as url:
        monkeypatch.setenv("DOCKER_HOST", url)
        with pytest.raises(SourceUnavailable, match="none:1 was not pulled within 0 s"):
            await containers.prepare("a checkout", lambda _: None, images=["none:1"], within=0.2)
        over.set()


@pytest.mark.usefixtures("bare_engine")
async def test_a_source_that_is_passed_over_is_told_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(postgres, "find", lambda: tmp_path)  # this machine has both
    monkeypatch.setattr(rabbitmq, "find", lambda: tmp_path)

    found = await prepare({}, folder=tmp_path, say=said.append)

    assert found is Source.LOCAL
    assert said == [
        f"urls: none of {POSTGRES_URL}, {AMQP_URL}, {MANAGEMENT_URL} is set; trying containers",
        "pulling postgres:17 ...",
        "containers: postgres:17 cannot be pulled: no such host; trying local",
    ]


async def test_a_password_depends_on_the_servers_and_on_its_purpose_alone(
    servers: Servers, tmp_path: Path
) -> None:
    async with opened(urls(servers), folder=tmp_path, say=lambda _: None) as again:
        assert again.password("role identity") == servers.password("role identity")

    assert servers.password("role identity") != servers.password("role notify")


async def test_a_missing_browser_is_named_with_the_command_where_we_may_not_install_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(chromium, "find", lambda: None)
    monkeypatch.setattr("os.geteuid", lambda: 1000)

    with pytest.raises(SourceUnavailable, match="apt-get install chromium-headless-shell fonts"):
        await chromium.installed({}, lambda _: None)
