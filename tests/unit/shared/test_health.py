"""Health over real HTTP on the metrics port: what decides about requests, and what is only told."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from shared.errors import BrokerUnavailable, DatabaseUnavailable
from shared.http import health as health_module
from shared.http.health import Check, Health, Lack, NotWell
from shared.http.server import metrics_application
from shared.metrics import Metrics
from tests.support.clock import FakeClock
from tests.support.lines import logged

START = "2031-03-05T09:00:00Z"


async def answers() -> None:
    return


async def is_away() -> None:
    raise BrokerUnavailable("amqp://somebody:secret@broker") from ConnectionRefusedError("secret")


def made(
    own: Mapping[str, Lack] | None = None,
    shared: Mapping[str, Check] | None = None,
    clock: FakeClock | None = None,
) -> Health:
    return Health(own=own or {}, shared=shared or {}, clock=clock or FakeClock(), metrics=Metrics())


@asynccontextmanager
async def asked(health: Health) -> AsyncIterator["TestClient[Any, Any]"]:
    async with TestClient(TestServer(metrics_application(health.metrics, health))) as client:
        yield client


async def test_ready_names_each_check_and_which_one_fails() -> None:
    health = made(own={"clock": lambda: "not_steady", "own_keys": lambda: None})

    async with asked(health) as client:
        response = await client.get("/health/ready")

        assert response.status == 503
        assert await response.json() == {
            "ready": False,
            "checks": [
                {"name": "clock", "ok": False, "reason": "not_steady"},
                {"name": "own_keys", "ok": True, "reason": None},
            ],
        }
    assert health.metrics.value("ready", check="own_keys") == 1
    assert health.metrics.value("ready", check="clock") == 0


async def test_a_process_that_stops_is_not_ready_but_live() -> None:
    health = made()
    async with asked(health) as client:
        assert (await client.get("/health/ready")).status == 200

        health.stopping = True

        assert (await client.get("/health/ready")).status == 503
        assert (await client.get("/health/live")).status == 200


async def test_the_status_says_what_is_away_since_when_and_why_but_nothing_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def unregistered() -> None:
        raise NotWell("not_registered")

    async def never() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(health_module, "LONGEST_CHECK", 0.05)
    shared = {"database": answers, "broker": is_away, "consumers": unregistered, "smtp": never}
    health = made(shared=shared)

    with logged("shop") as lines:
        async with asked(health) as client:
            response = await client.get("/health/status")

            assert response.status == 200  # nobody may take it for a readiness probe
            assert await response.json() == {
                "ok": False,
                "parts": [
                    {"name": "database", "ok": True, "since": START, "reason": None},
                    {
                        "name": "broker",
                        "ok": False,
                        "since": START,
                        "reason": "BrokerUnavailable: ConnectionRefusedError",
                    },
                    {"name": "consumers", "ok": False, "since": START, "reason": "not_registered"},
                    {"name": "smtp", "ok": False, "since": START, "reason": "no_answer"},
                ],
            }
        away = {line["check"] for line in lines.read_back("shared_part_away")}
    assert away == {"broker", "consumers", "smtp"}
    assert health.metrics.value("shared_part_ok", part="database") == 1
    assert health.metrics.value("shared_part_ok", part="broker") == 0


async def test_since_is_kept_for_as_long_as_a_part_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    away = True

    async def broker() -> None:
        if away:
            raise DatabaseUnavailable

    monkeypatch.setattr(health_module, "STATUS_KEPT", 0.0)
    clock = FakeClock()
    health = made(shared={"broker": broker}, clock=clock)
    (first,) = (await health.status()).parts

    clock.advance(minutes=5)
    (later,) = (await health.status()).parts
    away = False
    (mended,) = (await health.status()).parts

    assert first.since == later.since
    assert (mended.ok, mended.since) == (True, clock.unshifted())


async def test_many_who_ask_for_the_status_at_once_ask_the_servers_once() -> None:
    asked_for = 0

    async def database() -> None:
        nonlocal asked_for
        asked_for += 1
        await asyncio.sleep(0.01)

    health = made(shared={"database": database})

    async with asked(health) as client:
        replies = await asyncio.gather(*(client.get("/health/status") for _ in range(50)))

    assert {reply.status for reply in replies} == {200}
    assert asked_for == 1


async def test_who_asks_nothing_finds_it_in_the_metrics_all_the_same() -> None:
    health = made(own={"clock": lambda: "not_steady"}, shared={"broker": answers})

    assert await health.look() == 0

    assert health.metrics.value("shared_part_ok", part="broker") == 1
    assert health.metrics.value("ready", check="clock") == 0
