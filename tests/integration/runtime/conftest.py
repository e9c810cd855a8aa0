"""merge's process with the shop in it: as a program, its environment, its verbs."""

import asyncio
from collections.abc import Iterator
from importlib.resources import files

import pytest

from shared.contracts import topology
from shared.program.commands import main
from shared.program.program import Composition, Plumbing, Program
from shared.settings.service import ServiceSettings
from tests.support import broker as brokers
from tests.support import database as databases
from tests.support.environ import KEYS
from tests.support.lines import logged
from tests.support.shop import ROUTES, Shop


def compose(plumbing: Plumbing[ServiceSettings]) -> Composition[Shop]:
    return Composition(
        features=Shop(
            database=plumbing.database,
            acts=plumbing.acts,
            budget=plumbing.budget,
            audit=plumbing.audit,
        ),
        subscriptions={queue.name: () for queue in topology.queues("merge")},
        loops=(),
        own_keys=None,
    )


PROGRAM: Program[Shop, ServiceSettings] = Program(
    service="merge",
    settings=ServiceSettings,
    routes=ROUTES,
    compose=compose,
    migrations=files("services.merge") / "migrations",
)


def environment(database_url: str, broker_url: str) -> dict[str, str]:
    return {
        **KEYS,
        "PORTICO_ENVIRONMENT": "development",
        "PORTICO_DATABASE_URL": database_url,
        "PORTICO_BROKER_URL": broker_url,
        "PORTICO_HTTP_PORT": "0",
        "PORTICO_METRICS_PORT": "0",
    }


@pytest.fixture
def environ(database: databases.Database, broker: brokers.Broker) -> dict[str, str]:
    """An operator's, who may migrate and make the topology as well."""
    return {
        **environment(database.url("merge"), broker.url("merge")),
        "PORTICO_MIGRATION_URL": database.migration_url("merge"),
        "PORTICO_BROKER_ADMIN_URL": broker.topology_url,
    }


@pytest.fixture(autouse=True)
def logs_put_back() -> Iterator[None]:
    """A verb configures the logs of its process, which is this one."""
    with logged():
        yield


async def verb(environ: dict[str, str], *argv: str) -> int:
    """Run a verb as its own process would: with an event loop of its own."""
    return await asyncio.to_thread(main, PROGRAM, argv, environ)
