"""No text that somebody types holds up the event loop: every public body of every service (ID-3).

One code point can become 18 under NFKC, and marks are put in order in quadratic time. Each text
field is filled to its limit with either, and the longest step of the loop is compared with that of
an empty text in the same run. CPU time of the thread, so a busy machine changes nothing.
"""

import time
from asyncio.events import Handle
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient
from msgspec import inspect

from services.identity.routes import ROUTES as IDENTITY
from services.merge.routes import ROUTES as MERGE
from services.notify.routes import ROUTES as NOTIFY
from services.recovery.routes import ROUTES as RECOVERY
from shared.http.guards import Public, Session
from shared.http.routes import Form, Route
from tests.builders.practices import application, postman_beside, practice_desk
from tests.rigs.identity import PASSWORD, Identity, identity_service, recovery_beside
from tests.rigs.recovery import a_sealing_key, replica
from tests.support.clock import FakeClock
from tests.support.database import Database

AT_MOST = 0.005  # seconds of one step, beside the same step with nothing to look at
RUNS = 3  # the best of them: the first also fills caches
GROWING = ("\ufdfa", "\u0315\u0300")
UNBOUNDED = 16_000  # code points, where only the whole body has a limit: two kinds fit in it

Example = Callable[[], Awaitable[dict[str, Any]]]


def typed(route: Route[Any]) -> Iterator[tuple[str, int]]:
    """The text fields of a body, each with the most code points it takes."""
    described = inspect.type_info(route.body)
    assert isinstance(described, inspect.StructType)
    for field in described.fields:
        for kind in field.type.types if isinstance(field.type, inspect.UnionType) else [field.type]:
            if isinstance(kind, inspect.StrType):
                yield field.encode_name, kind.max_length or UNBOUNDED


CASES = [
    pytest.param(service, route, field, limit, id=f"{service}-{route.name}-{field}")
    for service, routes in (
        ("identity", IDENTITY),
        ("recovery", RECOVERY),
        ("merge", MERGE),
        ("notify", NOTIFY),
    )
    for route in routes
    if isinstance(route.guard, Public if service != "identity" else Public | Session)
    for field, limit in typed(route)
]


@contextmanager
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """How long each step of the event loop takes, in seconds of this thread's CPU."""
    taken: list[float] = []
    run = Handle._run

    def timed(handle: Handle) -> None:
        start = time.thread_time()
        run(handle)
        taken.append(time.thread_time() - start)

    with monkeypatch.context() as patched:
        patched.setattr(Handle, "_run", timed)
        yield taken


class Door:
    """A service's verbs, each with a body that gets as far as it can."""

    def __init__(
        self, client: "TestClient[Any, Any]", examples: Mapping[str, Example], token: str = ""
    ) -> None:
        self._client = client
        self._examples = examples
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._calls = 0

    async def call(self, route: Route[Any], field: str, text: str) -> None:
        """Call the verb with this text in this field."""
        body = {**await self._examples[route.name](), field: text}
        self._calls += 1
        headers = {
            **({} if isinstance(route.guard, Public) else self._headers),
            "X-Forwarded-For": f"198.51.{self._calls // 250}.{self._calls % 250 + 1}",
            "Content-Type": "application/json",
        }
        whole: Any = body if route.form is Form.URLENCODED else msgspec.json.encode(body)
        if route.form is Form.URLENCODED:
            del headers["Content-Type"]
        async with self._client.request(
            route.method, route.path, data=whole, headers=headers
        ) as response:
            await response.read()
            assert response.status < 500, await response.text()


async def of_identity(identity: Identity, grants: Callable[[], Awaitable[str]]) -> Door:
    desk = await practice_desk(identity)
    person = await identity.an_account("june.hale")
    session = (await identity.log_on(person.username)).body
    client_id, secret = await identity.a_practice_client()

    def fixed(**body: Any) -> Example:
        async def example() -> dict[str, Any]:
            return body

        return example

    async def enrol() -> dict[str, Any]:
        return application(await desk.a_token(), email="maria@mail.example")

    async def add_practice_to_account() -> dict[str, Any]:
        token = await desk.a_token()
        return {"token": token, "name": person.username, "password": PASSWORD}

    async def reset_password() -> dict[str, Any]:
        return {"grant": await grants(), "new_password": "Copper!Lantern-9"}

    examples = {
        "enrol": enrol,
        "add_practice_to_account": add_practice_to_account,
        "reset_password": reset_password,
        "check_password": fixed(
            candidate=PASSWORD,
            username="june.hale",
            email="june@mail.example",
            last_name="Hale",
            first_name="June",
            practice_name="Elm Street",
            birth_date="1984-05-03",
        ),
        "log_on": fixed(name=person.username, password="wrong"),
        "refresh_session": fixed(refresh_token="x"),
        "obtain_client_token": fixed(
            grant_type="client_credentials", client_id=client_id, client_secret=secret
        ),
        "claim_email": fixed(address="june@mail.example"),
        "verify_email": fixed(token="x"),
        "reauthenticate": fixed(password="wrong", verb="merge"),
        "prove_ownership": fixed(name=person.username, password="wrong"),
    }
    return Door(identity.client, examples, session["access_token"])


async def of_recovery(client: "TestClient[Any, Any]") -> Door:
    async def nothing() -> dict[str, Any]:
        return {}

    names = ("request_reset_link", "remind_username", "redeem_reset_link")
    return Door(client, dict.fromkeys(names, nothing))


@pytest_asyncio.fixture
async def doors(database: Database, clock: FakeClock) -> AsyncIterator[Mapping[str, Door]]:
    """The services that have a public body."""
    async with (
        identity_service(database, clock) as identity,
        recovery_beside(identity) as recovery,
        postman_beside(identity),
        replica(database, clock, a_sealing_key()) as beside,
    ):
        person = await identity.an_account()

        async def grant() -> str:
            return await recovery.grant(person)

        yield {
            "identity": await of_identity(identity, grant),
            "recovery": await of_recovery(beside.client),
        }


async def longest(
    door: Door, route: Route[Any], field: str, text: str, taken: list[float]
) -> float:
    """The longest step of the best of some runs."""
    found = []
    for _ in range(RUNS):
        taken.clear()
        await door.call(route, field, text)
        found.append(max(taken))
    return min(found)


@pytest.mark.proves("ID-3")
@pytest.mark.parametrize(("service", "route", "field", "limit"), CASES)
async def test_a_text_that_grows_holds_the_loop_no_longer_than_an_empty_one(
    doors: Mapping[str, Door],
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    route: Route[Any],
    field: str,
    limit: int,
) -> None:
    door = doors[service]

    with steps(monkeypatch) as taken:
        idle = await longest(door, route, field, "", taken)
        for unit in GROWING:
            text = (unit * limit)[:limit]
            assert await longest(door, route, field, text, taken) - idle <= AT_MOST, ascii(unit)
