"""Markers by folder, and the fixtures that every folder shares."""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import settings

from deploy.client.mailbox import Mailbox
from deploy.local.errors import CannotStart
from deploy.local.servers import Servers, Source, prepare
from tests.support import broker as brokers
from tests.support import database as databases
from tests.support import infra, known_keys, known_types
from tests.support.clock import FakeClock
from tests.support.mail import catching
from tests.support.workers import ByFile, place

TESTS = Path(__file__).parent
FOLDERS = (
    "unit",
    "contract",
    "architecture",
    "conformance",
    "integration",
    "e2e",
    "fault",
    "browse",
)
NEED_SERVERS = {"servers", "killable"}
PREPARED = pytest.StashKey[Source]()
SELDOM = 20_000  # objects made and still there, from one round of the collector to the next


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--every-path", action="store_true", help="kill on every path at every crash point"
    )


def pytest_configure(config: pytest.Config) -> None:
    known_types.keep()
    known_keys.keep()
    settings.register_profile("portico", deadline=None)  # on a busy machine everything takes longer
    settings.load_profile("portico")
    for folder in FOLDERS:
        config.addinivalue_line("markers", f"{folder}: the tests in tests/{folder}")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    return ByFile(config, log)


def pytest_itemcollected(item: pytest.Item) -> None:
    if TESTS in item.path.parents:
        item.add_marker(item.path.relative_to(TESTS).parts[0])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the kills of `make fault` to it; begin with what workers do the longest."""
    if not config.getoption("every_path"):
        left = [item for item in items if item.get_closest_marker("every_path")]
        items[:] = [item for item in items if item not in left]
        config.hook.pytest_deselected(items=left)
    if hasattr(config, "workerinput"):
        items.sort(key=place(items, needs_servers))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Install missing servers before any test's time runs; a failure is each such test's own.

    Whatever is there by then stays to the end, so the collector of garbage leaves it alone; for the
    rest it comes seldom, which saves a run 7 % of its processor time.
    """
    if any(map(needs_servers, session.items)):
        say = told_at_once(session.config)
        with suppress(CannotStart), infra.one_at_a_time("prepare"):
            session.config.stash[PREPARED] = asyncio.run(
                prepare(os.environ, folder=infra.FOLDER, say=say)
            )
    gc.collect()
    gc.freeze()
    gc.set_threshold(SELDOM)


def needs_servers(item: pytest.Item) -> bool:
    return not NEED_SERVERS.isdisjoint(getattr(item, "fixturenames", ()))


def told_at_once(config: pytest.Config) -> Callable[[str], None]:
    """Return a voice that is heard while the tests run, not after."""
    capture = config.pluginmanager.getplugin("capturemanager")
    assert capture is not None

    def say(line: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n{line}", file=sys.stderr, flush=True)  # noqa: T201 - a worker has no stdout

    return say


@pytest.fixture(scope="session")
def run_id() -> str:
    """What tells this run's databases and vhosts from another's on the same servers."""
    return infra.new_run_id()


@pytest_asyncio.fixture(scope="session")
async def servers(request: pytest.FixtureRequest) -> AsyncIterator[Servers]:
    """PostgreSQL and RabbitMQ, chosen as `make run` chooses them; never skipped."""
    environ = dict(os.environ)
    if (prepared := request.config.stash.get(PREPARED, None)) is not None:
        environ["SERVERS"] = prepared  # those before it are not tried a second time
    async with infra.open_servers(environ, told_at_once(request.config)) as found:
        yield found


@pytest_asyncio.fixture(scope="session")
async def template(servers: Servers, run_id: str) -> AsyncIterator[databases.Template]:
    """The database that every test's own is a copy of, migrated once."""
    async with databases.migrated_template(servers, run_id) as made:
        yield made


@pytest_asyncio.fixture(scope="session")
async def copies(template: databases.Template) -> AsyncIterator[databases.Copies]:
    """The copy that this worker's tests use one after the other."""
    made = databases.Copies(template=template)
    yield made
    await made.close()


@pytest_asyncio.fixture
async def database(copies: databases.Copies) -> AsyncIterator[databases.Database]:
    """A migrated database, this test's own as long as it runs."""
    async with copies.one() as one:
        yield one


@pytest_asyncio.fixture(scope="module")
async def one_database(template: databases.Template) -> AsyncIterator[databases.Database]:
    """A migrated database of this module's own: what its tests write does not meet."""
    async with template.copy() as copy:
        yield copy


@pytest_asyncio.fixture(scope="session")
async def vhost(servers: Servers, run_id: str) -> AsyncIterator[brokers.Broker]:
    """This run's vhost, with the topology applied."""
    async with brokers.provisioned_vhost(servers, f"portico-{run_id}") as made:
        yield made


@pytest_asyncio.fixture
async def broker(vhost: brokers.Broker) -> brokers.Broker:
    """The run's vhost, emptied for this test."""
    await vhost.purge()
    return vhost


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands still until the test moves it."""
    return FakeClock()


@pytest.fixture(scope="module")
def one_clock() -> FakeClock:
    """One for the module, like its database; it only goes on."""
    return FakeClock()


@pytest_asyncio.fixture
async def mails() -> AsyncIterator[Mailbox]:
    """A mail catcher of this test's own."""
    async with catching() as caught:
        yield caught
