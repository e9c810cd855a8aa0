"""`topology` and `check`: a queue or binding that is missing is named, and made again."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from shared.contracts.recovery import RESET_LINK_REQUESTED
from shared.messaging.management import segment
from shared.messaging.topology import warning
from tests.integration.runtime.conftest import verb
from tests.support import broker as brokers
from tests.support import database as databases

QUEUE = "merge.saga"
KEY = "notify.merge-applied.v1"
WAITING = (
    "INSERT INTO outbox (event_id, exchange, routing_key, body, created_at, available_at,"
    " attempts, last_error) VALUES (gen_random_uuid(), 'merge.events', 'merge.merge-requested.v1',"
    " 'x', now() - $1::interval, now() + '1 day', 1, 'unconfirmed')"
)


@pytest.fixture(autouse=True)
async def topology_whole_again(broker: brokers.Broker) -> AsyncIterator[None]:
    yield
    for service in ("merge", "notify"):
        await brokers.apply_topology(broker, service)


def path(broker: brokers.Broker, *parts: str) -> str:
    return "/".join(("/api", parts[0], segment(broker.vhost), *parts[1:]))


@pytest.mark.proves("ST-3")
async def test_a_missing_binding_is_named_by_check_and_made_by_topology(
    environ: dict[str, str], broker: brokers.Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    await verb(environ, "migrate")
    assert await verb(environ, "check") == 0
    binding = path(broker, "bindings", "e", "notify.events", "q", QUEUE, segment(KEY))
    await broker.management.delete(binding)
    capsys.readouterr()

    assert await verb(environ, "check") == 1
    assert f"WARN topology: {QUEUE} is not bound to {KEY}\n" in capsys.readouterr().out

    assert await verb(environ, "topology") == 0
    assert await verb(environ, "check") == 0


async def test_the_one_who_publishes_is_told_too_that_nobody_is_bound(
    environ: dict[str, str], broker: brokers.Broker
) -> None:
    key = RESET_LINK_REQUESTED.routing_key
    queue = "notify.account-activity"
    await broker.management.delete(
        path(broker, "bindings", "e", "recovery.events", "q", queue, segment(key))
    )

    for service in ("recovery", "notify"):
        administrator = brokers.administrator(broker, service)
        told = await warning(service, administrator)
        assert told == f"{queue} is not bound to {key}"


async def test_without_the_administrators_url_check_goes_by_the_oldest_outbox_row(
    environ: dict[str, str], database: databases.Database, capsys: pytest.CaptureFixture[str]
) -> None:
    await verb(environ, "migrate")
    del environ["PORTICO_BROKER_ADMIN_URL"]
    async with database.connection("merge") as connection:
        await connection.execute(WAITING, timedelta(seconds=30))
    assert await verb(environ, "check") == 0
    told = capsys.readouterr().out
    assert "--   topology: not asked, PORTICO_BROKER_ADMIN_URL is not set\n" in told
    assert "ok   topology" not in told

    async with database.connection("merge") as connection:
        await connection.execute(WAITING, timedelta(minutes=3))
    assert await verb(environ, "check") == 1

    assert "WARN outbox: 1 of merge.merge-requested.v1 since 20" in (
        told := capsys.readouterr().out
    )
    assert "(unconfirmed)" in told


@pytest.mark.parametrize(
    ("queue", "why"),
    [(QUEUE, "is running"), ("notify.keys", "is no queue of merge's"), ("x", "is no queue")],
)
async def test_a_queue_that_is_up_or_anothers_is_not_made_anew(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str], queue: str, why: str
) -> None:
    assert await verb(environ, "topology", "--remake", queue) == 1

    assert why in capsys.readouterr().err


async def test_topology_names_what_is_not_up_and_how_it_is_made_anew(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def none_is_up(*_: object, **__: object) -> list[str]:
        return [QUEUE]

    monkeypatch.setattr("shared.messaging.topology.down", none_is_up)

    assert await verb(environ, "topology") == 1

    assert f"{QUEUE} is not running" in (told := capsys.readouterr().err)
    assert f"topology --remake {QUEUE}" in told


async def test_a_user_who_is_not_the_service_is_refused_before_anything_is_sent(
    environ: dict[str, str], broker: brokers.Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    environ["PORTICO_BROKER_URL"] = broker.url("notify")

    for name in ("serve", "check", "settings"):
        assert await verb(environ, name) == 2

    assert "PORTICO_BROKER_URL: its user must be merge" in capsys.readouterr().err


async def test_who_is_not_let_in_at_the_management_api_is_told_so_and_the_rest_is_looked_at(
    environ: dict[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    await verb(environ, "migrate")
    url = environ["PORTICO_BROKER_ADMIN_URL"]
    environ["PORTICO_BROKER_ADMIN_URL"] = url.replace("://", "://nobody:wrong@").replace(
        url.partition("://")[2].partition("@")[0] + "@", ""
    )

    assert await verb(environ, "check") == 1

    told = capsys.readouterr().out
    assert "WARN topology: " in told
    assert "ok   retries" in told


async def test_a_missing_queue_policy_or_an_unknown_binding_is_named(
    environ: dict[str, str], broker: brokers.Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    await verb(environ, "migrate")
    management = broker.management
    await management.delete(path(broker, "queues", "merge.keys"))
    await management.delete(path(broker, "policies", "merge.dead"))
    strange = path(broker, "bindings", "e", "notify.events", "q", QUEUE)
    await management.post(strange, {"routing_key": "notify.later.v1"})

    assert await verb(environ, "check") == 1

    await management.delete(f"{strange}/notify.later.v1")
    told = capsys.readouterr().out
    assert "policy merge.dead is missing or another" in told
    assert "queue merge.keys is missing" in told
    assert f"{QUEUE} is bound to notify.later.v1, unknown here" in told
