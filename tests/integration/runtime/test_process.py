"""A process: ordered start and stop, and a database and a broker that come and go meanwhile."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import pytest

from deploy.client.eventually import eventually
from shared.clock import DatabaseClock
from shared.contracts import topology
from shared.db import Database
from shared.errors import Unavailable
from shared.loops import Loop
from shared.messaging.beats import Beats
from shared.messaging.broker import Broker
from shared.messaging.management import segment
from shared.messaging.topology import Vhost
from shared.program import readiness
from shared.program.process import CannotListen, serve
from shared.program.readiness import FIRST_BEAT_WITHIN
from shared.program.runtime import Assembled, assemble
from shared.randomness import Randomness
from shared.settings.loader import load
from shared.settings.service import ServiceSettings
from tests.integration.runtime.conftest import PROGRAM, environment
from tests.support import broker as brokers
from tests.support import database as databases
from tests.support.database import PATIENCE
from tests.support.lines import Lines, logged
from tests.support.proxy import proxied
from tests.support.shop import SHELF, Shop

OUTBOX_ROW = (
    "INSERT INTO outbox (event_id, exchange, routing_key, body, created_at, available_at)"
    " VALUES (gen_random_uuid(), 'merge.events', 'merge.x.v1', '{}', now(), now())"
)


def settings(database_url: str, broker_url: str) -> ServiceSettings:
    return load(ServiceSettings, environment(database_url, broker_url))


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A served shop."""

    service: Assembled[Shop, ServiceSettings]
    stop: asyncio.Event
    task: "asyncio.Task[None]"
    address: str
    metrics_address: str
    session: aiohttp.ClientSession
    lines: Lines

    async def ready(self) -> tuple[int, dict[str, bool]]:
        async with self.session.get(f"{self.metrics_address}/health/ready") as response:
            body = await response.json()
            return response.status, {check["name"]: check["ok"] for check in body["checks"]}

    async def status(self) -> dict[str, bool]:
        """What it finds of all that it shares with other replicas."""
        async with self.session.get(f"{self.metrics_address}/health/status") as response:
            assert response.status == 200
            return {part["name"]: part["ok"] for part in (await response.json())["parts"]}

    async def must_be_ready(self) -> None:
        status, checks = await self.ready()
        assert status == 200, checks

    async def must_find_everything(self) -> None:
        assert all((await self.status()).values())
        await self.must_be_ready()

    async def must_miss(self, part: str) -> None:
        assert (await self.status())[part] is False


@asynccontextmanager
async def running(database_url: str, broker_url: str) -> AsyncIterator[Running]:
    service = assemble(PROGRAM, settings(database_url, broker_url))
    stop = asyncio.Event()
    with logged("merge") as lines:
        task = asyncio.create_task(serve(service, stop))

        def told_ports() -> dict[str, Any]:
            found = lines.read_back("listening")
            assert found
            return found[0]

        try:
            ports = await eventually(told_ports)
            async with aiohttp.ClientSession() as session:
                yield Running(
                    service=service,
                    stop=stop,
                    task=task,
                    address=f"http://127.0.0.1:{ports['http_port']}",
                    metrics_address=f"http://127.0.0.1:{ports['metrics_port']}",
                    session=session,
                    lines=lines,
                )
        finally:
            stop.set()
            service.composition.features.go_on.set()
            await task


@asynccontextmanager
async def beating(database: databases.Database, broker: brokers.Broker) -> AsyncIterator[None]:
    """Identity's beats, without which nobody knows which sessions have ended."""
    pool = Database(database.url("identity"), application="beats", wait=PATIENCE)
    line = Broker(broker.url("identity"), name="beats")
    clock = DatabaseClock(pool.time)
    beats = Beats(
        stream=topology.SESSIONS,
        database=pool,
        publisher=line.publisher(),
        clock=clock,
        randomness=Randomness(),
    )
    await clock.once()
    task = asyncio.create_task(Loop(name="beats", once=beats.once, every=0.3).run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
        await line.close()
        await pool.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """Takes what arrives at a queue of the test's own."""

    broker: Broker
    queue: str = "listener"

    async def heard(self) -> list[bytes]:
        """The bodies that came; fails while there is none."""
        async with self.broker.pull() as deliveries:
            found = await deliveries.pull(self.queue, 10)
        assert found
        return [delivery.body for delivery in found]


@asynccontextmanager
async def listening(broker: brokers.Broker) -> AsyncIterator[Listener]:
    """Listen to merge's exchange, as the administrator."""
    vhost = Vhost(broker.management, broker.vhost)
    listener = Listener(broker=Broker(broker.administrator_url, name="listener"))
    await vhost.queue(listener.queue, "quorum")
    await vhost.bind(topology.exchange("merge"), listener.queue, "#")
    try:
        yield listener
    finally:
        await listener.broker.close()
        path = f"/api/queues/{segment(broker.vhost)}/{listener.queue}"
        await broker.management.delete(path)


async def test_a_service_is_ready_once_everything_it_needs_is_there(
    database: databases.Database, broker: brokers.Broker
) -> None:
    async with (
        beating(database, broker),
        running(database.url("merge"), broker.url("merge")) as shop,
    ):
        await eventually(shop.must_find_everything)

        _, checks = await shop.ready()
        assert set(checks) == {"clock", "sessions"}
        assert set(await shop.status()) == {"database", "broker", "consumers", "sessions"}
        async with shop.session.get(f"{shop.metrics_address}/metrics") as response:
            assert "portico_ready" in await response.text()
        async with shop.session.get(f"{shop.address}/metrics") as response:
            assert response.status == 404  # never on the public port


async def test_a_process_starts_while_both_are_away_and_is_ready_soon_after_they_come(
    database: databases.Database, broker: brokers.Broker
) -> None:
    async with (
        beating(database, broker),
        proxied(database.url("merge")) as postgres,
        proxied(broker.url("merge")) as rabbit,
    ):
        postgres.cut()
        rabbit.cut()
        urls = postgres.url(database.url("merge")), rabbit.url(broker.url("merge"))
        async with running(*urls) as shop:
            await shop.must_miss("database")
            await shop.must_miss("broker")
            status, checks = await shop.ready()
            assert (status, checks["clock"]) == (503, False)  # its own start is not over
            async with shop.session.get(f"{shop.address}/health/live") as response:
                assert response.status == 200

            postgres.restore()
            rabbit.restore()

            await eventually(shop.must_find_everything, within=6.0)


async def test_a_database_that_goes_is_named_answered_503_and_taken_up_again(
    database: databases.Database, broker: brokers.Broker
) -> None:
    async with (
        beating(database, broker),
        proxied(database.url("merge")) as postgres,
        running(postgres.url(database.url("merge")), broker.url("merge")) as shop,
    ):
        await eventually(shop.must_find_everything)

        postgres.cut()

        await eventually(lambda: shop.must_miss("database"))
        await shop.must_be_ready()  # what needs no database goes on here as well as anywhere
        async with shop.session.get(f"{shop.address}/health/live") as response:
            assert response.status == 200
        guess = {"word": "x"}
        async with shop.session.post(f"{shop.address}/guesses", json=guess) as response:
            assert (response.status, response.headers["Retry-After"]) == (503, "1")
        async with shop.session.get(f"{shop.address}{SHELF}") as response:
            assert response.status == 200

        postgres.restore()

        await eventually(shop.must_find_everything)
        async with shop.session.post(f"{shop.address}/guesses", json=guess) as response:
            assert response.status == 401


async def test_a_broker_that_goes_is_named_and_taken_up_again_with_nothing_lost(
    database: databases.Database, broker: brokers.Broker
) -> None:
    async with (
        beating(database, broker),
        listening(broker) as listener,
        proxied(broker.url("merge")) as rabbit,
        running(database.url("merge"), rabbit.url(broker.url("merge"))) as shop,
    ):
        await eventually(shop.must_find_everything)

        rabbit.cut()

        for part in ("broker", "consumers", "sessions"):
            await eventually(partial(shop.must_miss, part))
        await shop.must_be_ready()
        guess = {"word": "sesame"}
        async with shop.session.post(f"{shop.address}/guesses", json=guess) as response:
            assert response.status == 201  # what needs no broker goes on
        async with database.connection("merge") as connection:
            await connection.execute(OUTBOX_ROW)

        rabbit.restore()

        await eventually(shop.must_find_everything)
        assert await eventually(listener.heard) == [b"{}"]


@pytest.mark.parametrize("away", ["the broker", "identity"])
async def test_a_replica_restarted_while_no_beat_can_come_is_ready_all_the_same(
    database: databases.Database, broker: brokers.Broker, away: str
) -> None:
    async with proxied(broker.url("merge")) as rabbit:
        if away == "the broker":
            rabbit.cut()
        async with running(database.url("merge"), rabbit.url(broker.url("merge"))) as shop:
            await eventually(shop.must_be_ready, within=FIRST_BEAT_WITHIN + 5)

            await shop.must_miss("sessions")
            async with shop.session.get(f"{shop.address}{SHELF}") as response:
                assert response.status == 200


async def test_a_replica_that_a_beat_can_reach_is_not_ready_before_it(
    database: databases.Database, broker: brokers.Broker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(readiness, "FIRST_BEAT_WITHIN", 600.0)
    async with running(database.url("merge"), broker.url("merge")) as shop:

        async def all_but_a_beat() -> None:
            status, checks = await shop.ready()
            assert (status, checks) == (503, {"clock": True, "sessions": False})

        await eventually(all_but_a_beat)

        async with beating(database, broker):
            await eventually(shop.must_be_ready)


async def test_a_stop_finishes_what_was_begun_and_takes_nothing_new(
    database: databases.Database, broker: brokers.Broker
) -> None:
    async with running(database.url("merge"), broker.url("merge")) as shop:
        features = shop.service.composition.features
        begun = asyncio.create_task(shop.session.post(f"{shop.address}/waits"))
        await features.entered.wait()

        shop.stop.set()

        await eventually(lambda: refuses(shop.address))
        assert shop.service.health.stopping
        features.go_on.set()
        assert (await begun).status == 200
        await shop.task
        assert shop.lines.read_back("stopped")


async def test_a_connection_that_says_nothing_does_not_hold_up_a_stop(
    database: databases.Database, broker: brokers.Broker
) -> None:
    async with running(database.url("merge"), broker.url("merge")) as shop:
        _, silent = await asyncio.open_connection("127.0.0.1", urlsplit(shop.address).port)
        async with shop.session.get(f"{shop.address}/health/live") as response:
            assert response.status == 200  # and this one is kept alive

        shop.stop.set()

        async with asyncio.timeout(5):
            await shop.task
        silent.close()


async def test_a_kept_alive_connection_is_told_that_it_ends_before_it_is_closed(
    database: databases.Database, broker: brokers.Broker
) -> None:
    async with running(database.url("merge"), broker.url("merge")) as shop:
        async with shop.session.get(f"{shop.address}{SHELF}") as response:
            assert "Connection" not in response.headers  # so the client keeps it

        shop.stop.set()
        await eventually(lambda: refuses(shop.address))

        async with shop.session.post(f"{shop.address}/guesses", json={"word": "x"}) as response:
            assert (response.status, response.headers["Connection"]) == (401, "close")
        await shop.task


async def test_a_port_that_is_taken_ends_the_start_with_all_given_back(
    database: databases.Database, broker: brokers.Broker
) -> None:
    async with running(database.url("merge"), broker.url("merge")) as shop:
        taken = urlsplit(shop.metrics_address).port or 0
        chosen = settings(database.url("merge"), broker.url("merge"))
        second = assemble(PROGRAM, replace(chosen, metrics_port=taken))
        await second.plumbing.database.time()  # so there is a pool

        with pytest.raises(ExceptionGroup) as raised:
            await serve(second)

        assert raised.group_contains(CannotListen, match=str(taken))
        with pytest.raises(Unavailable):
            await second.plumbing.database.time()


@pytest.mark.parametrize("steps", [0, 3, 20, 80])
async def test_a_stop_at_any_moment_of_the_start_ends_soon(
    database: databases.Database, broker: brokers.Broker, steps: int
) -> None:
    async with running(database.url("merge"), broker.url("merge")) as shop:
        for _ in range(steps):
            await asyncio.sleep(0)  # a step of the event loop, no time

        shop.stop.set()

        async with asyncio.timeout(4):  # less than what a swallowed cancellation would take
            await shop.task


async def test_a_stop_publishes_what_is_still_in_the_outbox(
    database: databases.Database, broker: brokers.Broker
) -> None:
    async with running(database.url("merge"), broker.url("merge")) as shop:
        features = shop.service.composition.features
        begun = asyncio.create_task(shop.session.post(f"{shop.address}/waits"))
        await features.entered.wait()
        for loop in shop.service.messaging.relay_loops:
            loop.every = 3600
        shop.stop.set()
        async with database.connection("merge") as connection:
            await connection.execute(OUTBOX_ROW)
        features.go_on.set()
        await begun
        await shop.task

        async with database.connection("merge") as connection:
            row = await connection.fetchrow("SELECT attempts FROM outbox")
        assert row is None or row["attempts"] > 0  # a last round had it in hand


async def refuses(address: str) -> None:
    """Whether nobody listens there any more."""
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(address).port)
    except OSError:
        return
    writer.close()
    raise AssertionError
