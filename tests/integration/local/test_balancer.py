"""The balancer as it is shipped, before replicas of these tests: who is believed, who is let in."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    closing,
)
from functools import partial
from importlib.resources import files
from pathlib import Path

import aiohttp
import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from deploy.client.eventually import eventually
from deploy.gateway.app import compose
from deploy.gateway.serving import serve
from deploy.gateway.settings import Settings
from deploy.gateway.web.languages import Languages
from deploy.local import ports
from shared.errors import NotFound, Unavailable
from shared.http.problems import CONTENT_TYPE, Problem, document
from shared.http.server import metrics_application
from shared.settings.loader import load
from tests.support.balancer import DESK, PORTAL, Balancer, Replica, balancing
from tests.support.browser import OURS, Forms
from tests.support.dripping import dripped
from tests.support.lines import logged
from tests.support.shop import Stall, open_stall
from tests.unit.gateway.settings import environment

A_SOURCE, ANOTHER, A_GATEWAY = "127.0.0.2", "127.0.0.3", "127.0.0.4"
ENOUGH = 100  # connections of one source at a time
UNFINISHED = b"POST /sessions HTTP/1.1\r\nHost: portal\r\n"


@asynccontextmanager
async def in_front_of_a_shop(
    haproxy: Path, folder: Path, *, before: str = "", docs: str = "", head: str = "10s"
) -> AsyncIterator[tuple[Balancer, Stall]]:
    """Hold one replica of the shop as identity's, and the balancer that has found it."""
    async with AsyncExitStack() as stack:
        stall = await stack.enter_async_context(open_stall())
        metrics = TestServer(metrics_application(stall.metrics, stall.health))
        await metrics.start_server()
        stack.push_async_callback(metrics.close)
        assert stall.client.port
        assert metrics.port
        replica = Replica(http_port=stall.client.port, metrics_port=metrics.port)
        balancer = await stack.enter_async_context(
            balancing(
                haproxy, folder, {"identity": (replica,)}, before=before, docs=docs, head=head
            )
        )
        await eventually(partial(found, balancer))
        yield balancer, stall


async def found(balancer: Balancer) -> None:
    async with aiohttp.request("GET", f"{balancer.fronts['identity']}/health/live") as reply:
        assert reply.status == 200


@asynccontextmanager
async def client_of(source: str) -> AsyncIterator[aiohttp.ClientSession]:
    """Hold a client that calls from this address."""
    connector = aiohttp.TCPConnector(local_addr=(source, 0))
    async with aiohttp.ClientSession(connector=connector) as session:
        yield session


# ---- where a request comes from


@asynccontextmanager
async def in_front_of_an_echo(
    haproxy: Path, folder: Path, *, before: str = ""
) -> AsyncIterator[str]:
    """Hold a balancer whose identity says what it was told of the source."""

    async def echo(request: web.Request) -> web.Response:
        return web.json_response(request.headers.getall("X-Forwarded-For", []))

    application = web.Application()
    application.router.add_route("GET", "/{any:.*}", echo)
    server = TestServer(application)
    await server.start_server()
    assert server.port
    replica = Replica(http_port=server.port, metrics_port=server.port)
    try:
        async with balancing(haproxy, folder, {"identity": (replica,)}, before=before) as balancer:
            await eventually(partial(found, balancer))
            yield balancer.fronts["identity"]
    finally:
        await server.close()


async def told_source(front: str, source: str, *written: str) -> list[str]:
    headers = [("X-Forwarded-For", each) for each in written]
    async with client_of(source) as client, client.get(front, headers=headers) as reply:
        lines: list[str] = await reply.json()
        return [hop.strip() for line in lines for hop in line.split(",")]


async def test_what_a_caller_writes_of_its_source_is_thrown_away(
    haproxy: Path, tmp_path: Path
) -> None:
    async with in_front_of_an_echo(haproxy, tmp_path, before=f"{A_GATEWAY} 192.0.2.0/24") as front:
        assert await told_source(front, A_SOURCE) == [A_SOURCE]
        assert await told_source(front, A_SOURCE, "198.51.100.7") == [A_SOURCE]
        assert await told_source(front, A_SOURCE, "192.0.2.1", "127.0.0.1") == [A_SOURCE]
        assert await told_source(front, A_GATEWAY, "198.51.100.7") == ["198.51.100.7", A_GATEWAY]


async def test_where_nothing_stands_before_the_balancer_nobody_is_believed(
    haproxy: Path, tmp_path: Path
) -> None:
    async with in_front_of_an_echo(haproxy, tmp_path) as front:
        assert await told_source(front, A_GATEWAY, "198.51.100.7") == [A_GATEWAY]


@pytest.mark.proves("LG-4")
async def test_a_service_is_told_who_called_the_portal_though_a_balancer_is_passed_twice(
    haproxy: Path, tmp_path: Path
) -> None:
    told: list[str] = []

    async def identity(request: web.Request) -> web.Response:
        if request.method == "POST":
            told.extend(request.headers.getall("X-Forwarded-For"))
        return web.Response()

    application = web.Application()
    application.router.add_route("*", "/{any:.*}", identity)
    async with AsyncExitStack() as stack:
        service = await stack.enter_async_context(TestServer(application))
        http_port, metrics_port = ports.free_ports(2)
        assert service.port
        replicas = {
            "identity": (Replica(http_port=service.port, metrics_port=service.port),),
            PORTAL: (Replica(http_port=http_port, metrics_port=metrics_port),),
        }
        balancer = await stack.enter_async_context(
            balancing(haproxy, tmp_path, replicas, before=ports.LOOPBACK)
        )
        await eventually(partial(found, balancer))
        portal = balancer.fronts[PORTAL]
        told_settings = environment(
            PORTAL_URL=portal,
            IDENTITY_URL=balancer.fronts["identity"],
            HTTP_PORT=str(http_port),
            METRICS_PORT=str(metrics_port),
            TRUSTED_PROXIES=ports.LOOPBACK,
        )
        await stack.enter_async_context(serving(load(Settings, told_settings)))
        client = await stack.enter_async_context(client_of(A_SOURCE))

        async def form() -> tuple[dict[str, str], dict[str, str]]:
            async with client.get(f"{portal}/log-on") as reply:
                assert reply.status == 200
                reader = Forms()
                reader.feed(await reply.text())
                kept = {name: morsel.value for name, morsel in reply.cookies.items()}
                return reader.found["/log-on"], kept

        fields, cookies = await eventually(form, within=10)
        typed = {**fields, "username": "juniper", "password": "walnut"}
        lied = {**OURS, "X-Forwarded-For": "198.51.100.7"}
        async with client.post(
            f"{portal}/log-on", data=typed, cookies=cookies, headers=lied
        ) as reply:
            assert reply.status == 500  # since identity's reply is none of its document

    assert [hop.strip() for line in told for hop in line.split(",")] == [A_SOURCE, ports.LOOPBACK]


@asynccontextmanager
async def serving(settings: Settings) -> AsyncIterator[None]:
    """Hold a gateway that listens."""
    stop = asyncio.Event()
    task = asyncio.create_task(serve(compose(settings), settings, stop))
    try:
        yield
    finally:
        stop.set()
        await task


@pytest.mark.parametrize("shown", ["", "shown"])
async def test_a_desk_has_a_front_where_it_is_shown_and_nowhere_else(
    haproxy: Path, tmp_path: Path, shown: str
) -> None:
    async with balancing(haproxy, tmp_path, {}, desk=shown) as balancer:
        assert ports.is_free(balancer.listening[DESK]) == (not shown)


# ---- how many connections a source has


async def slow(front: str, source: str, held: AsyncExitStack) -> asyncio.StreamReader | None:
    """Begin a request and leave it there; None where it was closed at once."""
    url = URL(front)
    try:
        reader, writer = await asyncio.open_connection(url.host, url.port, local_addr=(source, 0))
    except ConnectionResetError:
        return None
    held.enter_context(closing(writer))
    writer.write(UNFINISHED)
    return reader


async def stands(reader: asyncio.StreamReader | None) -> bool:
    """Whether the balancer still waits for the rest."""
    if reader is None:
        return False
    try:
        async with asyncio.timeout(0.5):
            await reader.read()
    except TimeoutError:
        return True
    except ConnectionError:
        return False
    return False


async def test_slow_connections_of_one_source_are_bounded_and_another_is_served(
    haproxy: Path, tmp_path: Path
) -> None:
    async with in_front_of_a_shop(haproxy, tmp_path) as (balancer, _), AsyncExitStack() as held:
        fronts = list(balancer.fronts.values())
        begun = [  # over all fronts: one table counts them
            await slow(fronts[number % len(fronts)], A_SOURCE, held)
            for number in range(ENOUGH + 20)
        ]

        assert sum(await asyncio.gather(*map(stands, begun))) == ENOUGH
        alive = f"{fronts[0]}/health/live"
        async with client_of(ANOTHER) as client, client.get(alive) as reply:
            assert reply.status == 200
        async with client_of(A_SOURCE) as client:
            with pytest.raises(aiohttp.ClientError):
                await client.get(alive)


async def test_a_gateway_that_is_named_has_as_many_as_it_needs(
    haproxy: Path, tmp_path: Path
) -> None:
    async with (
        in_front_of_a_shop(haproxy, tmp_path, before=A_GATEWAY) as (balancer, _),
        AsyncExitStack() as held,
    ):
        front = balancer.fronts["identity"]
        begun = [await slow(front, A_GATEWAY, held) for _ in range(ENOUGH + 20)]

        assert all(await asyncio.gather(*map(stands, begun)))


# ---- what is no request


async def answered(front: str, sent: bytes) -> bytes:
    """Send bytes, and return what comes until the balancer hangs up."""
    url = URL(front)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    with closing(writer):
        writer.write(sent)
        async with asyncio.timeout(5):
            return await reader.read()


@pytest.mark.parametrize(
    "sent",
    [
        b"hunter2\r\n\r\n",
        b"GET /" + b"hunter2" * 3000 + b" HTTP/1.1\r\nHost: portal\r\n\r\n",
        UNFINISHED + b"hunter2\r\n\r\n",
        UNFINISHED + b"Content-Length: hunter2\r\n\r\n",
    ],
)
async def test_what_is_no_http_is_refused_before_a_replica_and_repeated_to_nobody(
    haproxy: Path, tmp_path: Path, sent: bytes
) -> None:
    with logged() as written:
        async with in_front_of_a_shop(haproxy, tmp_path) as (balancer, _):
            told = await answered(balancer.fronts["identity"], sent)

    assert told.startswith(b"HTTP/1.1 400 ")
    assert b"hunter2" not in told
    assert b"haproxy" not in told.lower()
    assert written.read_back("request_unreadable") == []


async def test_a_head_that_drips_is_cut_off(haproxy: Path, tmp_path: Path) -> None:
    async with in_front_of_a_shop(haproxy, tmp_path, head="300ms") as (balancer, _):
        url = URL(balancer.fronts["identity"])
        reader, writer = await asyncio.open_connection(url.host, url.port)

        async with asyncio.timeout(5):
            assert (await dripped(reader, writer)).startswith(b"HTTP/1.1 408 ")


async def test_no_reply_tells_which_software_a_replica_is(haproxy: Path, tmp_path: Path) -> None:
    async with in_front_of_a_shop(haproxy, tmp_path) as (balancer, _):
        told = await answered(
            balancer.fronts["identity"], UNFINISHED + b"Connection: close\r\n\r\n"
        )

        assert b"\r\nserver: portico\r\n" in told.lower()


# ---- where no replica answers

NOT_NOW = (
    "Not now",
    "This part of the portal is not available at the moment. Nothing was lost. Please try again in "
    "a few minutes; if it is urgent, call your practice.",
)


@asynccontextmanager
async def where_replicas(
    fail: Callable[[web.Request], Awaitable[None]], status: int, haproxy: Path, folder: Path
) -> AsyncIterator[Balancer]:
    """Hold a balancer whose identity and portal are ready, and fail whatever is asked."""

    async def handle(request: web.Request) -> web.Response:
        if request.path != "/health/ready":
            await fail(request)
        return web.Response()

    application = web.Application()
    application.router.add_route("*", "/{any:.*}", handle)
    async with TestServer(application) as server:
        assert server.port
        replica = (Replica(http_port=server.port, metrics_port=server.port),)
        each = {"identity": replica, PORTAL: replica}
        async with balancing(haproxy, folder, each, reply="300ms") as balancer:

            async def found_both() -> None:
                for front in ("identity", PORTAL):
                    async with aiohttp.request("GET", balancer.fronts[front]) as reply:
                        assert reply.status == status

            await eventually(found_both)
            yield balancer


async def hang_up(request: web.Request) -> None:
    assert request.transport
    request.transport.close()


async def say_nothing(request: web.Request) -> None:
    await asyncio.sleep(2)  # past the balancer's patience


@asynccontextmanager
async def where_there_are_none(haproxy: Path, folder: Path) -> AsyncIterator[Balancer]:
    """Hold a balancer without replicas."""
    async with balancing(haproxy, folder, {}) as balancer:
        yield balancer


UNANSWERED = (
    (502, partial(where_replicas, hang_up, 502)),
    (503, where_there_are_none),
    (504, partial(where_replicas, say_nothing, 504)),
)


@pytest.mark.parametrize(("status", "balanced"), UNANSWERED, ids=[502, 503, 504])
async def test_where_no_replica_answers_a_client_is_told_as_a_service_tells_it(
    haproxy: Path,
    tmp_path: Path,
    status: int,
    balanced: Callable[[Path, Path], AbstractAsyncContextManager[Balancer]],
) -> None:
    async with balanced(haproxy, tmp_path) as balancer:
        async with aiohttp.request("POST", f"{balancer.fronts['identity']}/sessions") as reply:
            told = msgspec.json.decode(await reply.read(), type=Problem)

        assert (reply.status, reply.content_type) == (status, CONTENT_TYPE)
        service = document(Unavailable, (), told.correlation_id, oauth=False)
        assert told == msgspec.structs.replace(service, status=status)
        assert int(reply.headers["Retry-After"]) > 0
        assert reply.headers["Correlation-Id"] == str(told.correlation_id)
        assert reply.headers["Cache-Control"] == "no-store"

        async def logged_as_told() -> None:
            assert f"identity {status}" in line_of(balancer, str(told.correlation_id))

        await eventually(logged_as_told)


def line_of(balancer: Balancer, correlation_id: str) -> str:
    lines = balancer.log.read_text().splitlines()
    return next((line for line in lines if correlation_id in line), "")


@pytest.mark.parametrize(("status", "balanced"), UNANSWERED, ids=[502, 503, 504])
async def test_where_no_replica_of_the_portal_answers_a_person_is_told_in_both_languages(
    haproxy: Path,
    tmp_path: Path,
    status: int,
    balanced: Callable[[Path, Path], AbstractAsyncContextManager[Balancer]],
) -> None:
    languages = Languages.read(files("deploy.gateway") / "catalogues")
    async with (
        balanced(haproxy, tmp_path) as balancer,
        aiohttp.request("POST", f"{balancer.fronts[PORTAL]}/log-on") as reply,
    ):
        page = await reply.text()

    assert (reply.status, reply.content_type, reply.charset) == (status, "text/html", "utf-8")
    assert int(reply.headers["Retry-After"]) > 0
    assert reply.headers["Cache-Control"] == "no-store"
    for language in languages.each.values():
        for text in NOT_NOW:
            assert f">{language.say(text)}<" in page
        assert f'lang="{language.code}"' in page


# ---- what is not for people

FOR_DEVELOPERS = (
    "/docs",
    "/docs/swagger-ui-bundle.js",
    "/openapi.json",
    "//docs",
    "/%64ocs",
    "/%2564ocs",
    "/./docs",
    "/x/../docs",
    "/%2e/docs",
    "/docs?x=1",
    "/docs#x",
    "/DOCS",
    "/openapi%2ejson",
    "/health/ready",
    "/health/status",
    "/metrics",
    "http://x/docs",
)


async def status_of(front: str, target: str) -> int:
    """Ask for exactly this target: a client library would tidy it up."""
    url = URL(front)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    with closing(writer):
        writer.write(f"GET {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        return int((await reader.read()).split()[1])


@pytest.mark.proves("V13.4.5")
async def test_no_spelling_of_a_page_for_developers_gets_through(
    haproxy: Path, tmp_path: Path
) -> None:
    async with in_front_of_a_shop(haproxy, tmp_path) as (balancer, stall):
        async with stall.client.get("/docs") as reply:
            assert reply.status == 200  # the replica itself has it

        front = balancer.fronts["identity"]
        told = {target: await status_of(front, target) for target in FOR_DEVELOPERS}
        assert set(told.values()) <= {400, 404}, told
        async with aiohttp.request("GET", f"{front}/metrics") as reply:
            problem = msgspec.json.decode(await reply.read(), type=Problem)
        assert problem == document(NotFound, (), problem.correlation_id, oauth=False)
        assert " 404 " not in balancer.log.read_text()  # who tries all addresses fills no log


async def test_a_stack_for_developers_shows_its_pages_but_not_its_health(
    haproxy: Path, tmp_path: Path
) -> None:
    async with in_front_of_a_shop(haproxy, tmp_path, docs="shown") as (balancer, _):
        front = balancer.fronts["identity"]
        assert await status_of(front, "/docs") == 200
        assert await status_of(front, "/openapi.json") == 200
        assert await status_of(front, "/health/status") == 404


# ---- which replica


async def test_a_replica_that_stops_is_taken_out_and_one_without_its_servers_is_not(
    haproxy: Path, tmp_path: Path
) -> None:
    async with in_front_of_a_shop(haproxy, tmp_path) as (balancer, stall):
        await asyncio.sleep(3)  # three checks of a replica whose database is away
        await found(balancer)
        assert balancer.taken_out() == []

        stall.health.stopping = True

        async def out() -> None:
            assert balancer.taken_out()

        await eventually(out)
