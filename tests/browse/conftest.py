"""The stack of this run with one of each service, and visitors who come to it."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright
from rich.console import Console
from yarl import URL

from deploy.client.gateway import Gateway
from deploy.client.mailbox import Mailbox
from deploy.local import chromium
from deploy.local.servers import Servers
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from shared.randomness import Randomness
from tests.browse.desk import SECOND, Desk
from tests.browse.inspector import Inspector
from tests.browse.patient import Patient
from tests.browse.visitor import Device, Visitor, launched, visiting
from tests.conftest import told_at_once
from tests.support.infra import FOLDER, one_at_a_time
from tests.support.suite import Suite, running_suite

SECONDS = 300  # of a story: the first one brings everything up
PICTURES = FOLDER / "shots"

Visit = Callable[..., AbstractAsyncContextManager[Visitor]]
AtPortal = Callable[..., AbstractAsyncContextManager[Patient]]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--shots", action="store_true", help="write a picture of every page")
    parser.addoption("--again", action="store_true", help="inspect a page each time it is seen")


def pytest_configure(config: pytest.Config) -> None:
    """Begin with no pictures, before there are workers."""
    if config.getoption("shots") and not hasattr(config, "workerinput"):
        shutil.rmtree(PICTURES, ignore_errors=True)
        PICTURES.mkdir(parents=True)


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest) -> Path:
    """Debian's chromium, installed as a server would be; missing, every story fails and says so."""
    with one_at_a_time("chromium"):
        return asyncio.run(chromium.installed(os.environ, told_at_once(request.config)))


@pytest_asyncio.fixture(scope="package")
async def browser(program: Path) -> AsyncIterator[Browser]:
    async with (
        async_playwright() as playwright,
        launched(playwright, program, root=os.geteuid() == 0) as running,
    ):
        yield running


@pytest_asyncio.fixture(scope="package")
async def suite(
    request: pytest.FixtureRequest,
    servers: Servers,
    run_id: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[Suite]:
    """The stack as processes, brought up as `make run` does, once for all stories."""
    async with running_suite(
        servers,
        f"portico_{run_id}_suite",
        tmp_path_factory.mktemp("suite"),
        environ=os.environ,
        say=told_at_once(request.config),
        replicas=1,
    ) as running:
        yield running


@pytest.fixture(scope="session")
def inspector(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Inspector]:
    folder = tmp_path_factory.getbasetemp()  # a worker's own lies in the run's
    seen = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "seen"
    seen.mkdir(exist_ok=True)
    inspector = Inspector(
        seen=seen,
        pictures=PICTURES if request.config.getoption("shots") else None,
        again=request.config.getoption("again"),
    )
    yield inspector
    inspector.contact_sheet()


@pytest.fixture(scope="session")
def devices() -> Iterator[Device]:
    """A phone and a desktop by turns."""
    return cycle(Device)


@pytest.fixture(scope="session")
def sources() -> Iterator[str]:
    """An address for each visitor, so that no two share a budget (RFC 2544: no real host's)."""
    low, high = Randomness().bytes(2)
    return (f"198.19.{(low + n // 254) % 256}.{(high + n) % 254 + 1}" for n in range(60_000))


@pytest.fixture
def visit(
    browser: Browser, inspector: Inspector, devices: Iterator[Device], sources: Iterator[str]
) -> Visit:
    """Return what opens a browser for a visitor to these origins."""

    def opened(*urls: str, **wanted: Any) -> AbstractAsyncContextManager[Visitor]:
        return visiting(
            browser,
            source=next(sources),
            origins=frozenset(str(URL(url).origin()) for url in urls),
            inspector=inspector,
            **{"device": next(devices), **wanted},
        )

    return opened


@pytest.fixture
def mailbox(suite: Suite) -> Mailbox:
    return suite.mails


@pytest.fixture
def portal(suite: Suite) -> str:
    """The address that people type."""
    return suite.addresses.portal


@pytest_asyncio.fixture(scope="package")
async def stage(suite: Suite) -> AsyncIterator[Stage]:
    """The clock, and the verbs for who has no page."""
    async with Gateway(suite.addresses.services) as gateway:
        yield Stage(
            stack=suite.addresses,
            gateway=gateway,
            mailbox=suite.mails,
            console=Console(quiet=True),
        )


@pytest.fixture
def at_portal(visit: Visit, portal: str, suite: Suite, mailbox: Mailbox) -> AtPortal:
    """Return what opens a browser for a person who goes to the portal."""

    @asynccontextmanager
    async def opened(person: Person, **wanted: Any) -> AsyncIterator[Patient]:
        async with visit(portal, suite.addresses.mails, **wanted) as visitor:
            yield Patient(person=person, visitor=visitor, portal=portal, mailbox=mailbox)

    return opened


@pytest_asyncio.fixture
async def desk(suite: Suite, visit: Visit) -> AsyncIterator[Desk]:
    """Somebody who sits at the practice's desk, at a browser of her own."""
    url = suite.addresses.desk
    async with visit(url, device=Device.DESKTOP) as visitor:
        desk = Desk(visitor=visitor, url=url)
        await desk.sit_down()
        yield desk


@pytest_asyncio.fixture
async def asking(desk: Desk) -> AsyncIterator[Desk]:
    """The desk of a practice that asks its patients for security questions."""
    await desk.move(SECOND)
    await desk.asks_questions()
    yield desk
    await desk.asks_questions(False)


@pytest.fixture
def somebody(stage: Stage) -> Person:
    """Somebody who has never been here."""
    return Person.met_for_the_first_time(stage.randomness)
