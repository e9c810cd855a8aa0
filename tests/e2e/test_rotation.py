"""Keys and peppers change while people log on, and no request fails (ID-5, MF-1, SE-1, ST-3)."""

import asyncio
import base64
from collections import deque
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.client.eventually import eventually
from deploy.local.processes import Run
from shared.trust import signed
from shared.trust.access import TYPE
from tests.builders.two_step import code_of
from tests.rigs import verbs
from tests.rigs.identity import PASSWORD, Identity, identity_service
from tests.rigs.processes import Process, process
from tests.rigs.replica import EVERY, OWN, Answer, environment
from tests.support import broker as brokers
from tests.support import database as databases
from tests.support.clock import RunningClock
from tests.support.infra import FOLDER

REPLICAS = 2
PEOPLE = 4  # who come again and again, all at once
HOLDERS = 12  # of an app from before the change, whose codes are checked all at once
STEP = timedelta(seconds=30)  # of an app's code, each of which is good once
COMINGS = 3  # of all of them together, at least, between two changes
MINUTE = timedelta(minutes=1)  # a token lives for five
AHEAD = 11  # minutes; a following key is used ten after it was published
HELD = 3  # tokens of one minute after the other, none of them over yet
NEW_PEPPER = "another pepper that is long enough for a test"
OLD_PEPPER = OWN["identity"]["PEPPER"]
NEW_KEY = base64.b64encode(b"another key-encryption key......").decode()
OLD_KEY = EVERY["KEY_ENCRYPTION_KEY"]


@dataclass(slots=True, kw_only=True, eq=False)
class Place:
    """Where one replica after the other runs, and the requests that are with it."""

    replica: Process
    stack: AsyncExitStack
    busy: int = 0

    async def is_left(self) -> None:
        """Return once no request is with it."""

        def left() -> None:
            assert not self.busy

        await eventually(left, within=30)


@dataclass(slots=True, kw_only=True)
class Fleet:
    """Replicas as processes, restarted one at a time: what a balancer does not ask just now is not
    among the `serving`.
    """

    environ: dict[str, str]
    run: Run = field(default_factory=lambda: Run(FOLDER))
    serving: list[Place] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=count)

    async def roll(self, **changed: str) -> None:
        """Restart each under changed settings: it drains, and another one has its place."""
        self.environ |= {f"PORTICO_{name.upper()}": value for name, value in changed.items()}
        for place in list(self.serving):
            self.serving.remove(place)
            await place.is_left()
            await place.stack.aclose()
            await self.start()

    async def start(self) -> None:
        """Add one."""
        stack = AsyncExitStack()
        name = f"rotation-{next(self.numbers)}"
        replica = await stack.enter_async_context(
            process(self.run, "identity", self.environ, name=name)
        )
        self.serving.append(Place(replica=replica, stack=stack))

    async def call(self, method: str, path: str, body: Any, *, token: str | None) -> Answer:
        """Ask the next one."""
        place = self.serving.pop(0)
        self.serving.append(place)
        place.busy += 1
        try:
            return await place.replica.caller.call(method, path, body, token=token)
        finally:
            place.busy -= 1

    async def verb(self, *argv: str) -> str:
        """Do what an operator types."""
        said = await verbs.run("identity", self.environ, *argv)
        assert said.code == 0, said.err
        return said.out

    async def close(self) -> None:
        for place in self.serving:
            await place.stack.aclose()
        await self.run.stop()


@dataclass(slots=True, kw_only=True)
class Visitors:
    """People who log on with old passwords and new apps, each request at the next replica."""

    fleet: Fleet
    identity: Identity  # makes their accounts, as before the first change
    clock: RunningClock
    names: list[str] = field(default_factory=list)
    came: int = 0
    kids: set[str] = field(default_factory=set)
    late: int = 0  # how often a token was taken after another key than its own signed the next one
    apps: bool = True  # whether they set one up at each coming
    at_apps: int = 0  # how many do now
    going: "asyncio.Future[Any] | None" = None

    async def begin(self) -> None:
        """Let all of them come from now on."""
        self.names = [(await self.identity.an_account()).username for _ in range(PEOPLE)]
        self.going = asyncio.gather(*(self._comes(name) for name in self.names))

    async def pause(self) -> None:
        """Let each finish what she is at. Raises what failed."""
        assert self.going is not None
        going, self.going = self.going, None
        await going

    async def come_again(self) -> None:
        """Return once they came as often again. Raises what failed."""
        before = self.came

        def all_came() -> None:
            assert self.going is not None
            if self.going.done():
                self.going.result()
            assert self.came >= before + COMINGS * PEOPLE

        await eventually(all_came, within=60)

    async def _comes(self, name: str) -> None:
        while self.going is not None:
            await self.log_on(name)
            if self.apps:
                self.at_apps += 1
                try:
                    await self.sets_up_an_app()
                finally:
                    self.at_apps -= 1
            self.came += 1

    async def put_apps_away(self) -> None:
        """Return once no code is on its way: a minute would be too long for it."""
        self.apps = False

        def put_away() -> None:
            assert not self.at_apps

        await eventually(put_away, within=30)

    async def a_token(self) -> str:
        """Of somebody new, by the key in use."""
        said = {"name": (await self.identity.an_account()).username, "password": PASSWORD}
        token = str((await self.asks("POST", "/sessions", 201, said))["access_token"])
        self.kids.add(kid_of(token))
        return token

    async def use(self, held: Sequence[str], newest: str) -> None:
        """Each of these tokens at every replica."""
        for token in held:
            for place in tuple(self.fleet.serving):
                answer = await place.replica.caller.call("GET", "/account", token=token)
                assert answer.status == 200, answer.body
            self.late += kid_of(token) != kid_of(newest)

    async def log_on(self, name: str) -> None:
        """Each request where another one was before."""
        session = await self.asks("POST", "/sessions", 201, {"name": name, "password": PASSWORD})
        self.kids.add(kid_of(session["access_token"]))
        body = {"refresh_token": session["refresh_token"]}
        renewed = await self.asks("POST", "/sessions/refresh", 200, body)
        await self.asks("GET", "/account", 200, token=renewed["access_token"])

    async def sets_up_an_app(self) -> None:
        """By somebody new: one replica seals the secret, another one reads its codes."""
        name = (await self.identity.an_account()).username
        said = {"name": name, "password": PASSWORD}
        token = (await self.asks("POST", "/sessions", 201, said))["access_token"]
        path = "/account/two-step/app"
        secret = (await self.asks("POST", path, 201, {}, token=token))["secret"]
        code = code_of(secret, self.clock.now())
        await self.asks("POST", f"{path}/confirm", 200, {"code": code}, token=token)
        half = (await self.asks("POST", "/sessions", 201, said))["access_token"]
        code = code_of(secret, self.clock.now(), shift=1)
        await self.asks("POST", "/sessions/second-step", 201, {"code": code}, token=half)

    async def has_an_app(self) -> "Holder":
        """Somebody new, who has set one up and another one that is not confirmed yet."""
        name = (await self.identity.an_account()).username
        said = {"name": name, "password": PASSWORD}
        session = await self.asks("POST", "/sessions", 201, said)
        token, path = session["access_token"], "/account/two-step/app"
        secret = (await self.asks("POST", path, 201, {}, token=token))["secret"]
        body = {"code": code_of(secret, self.clock.now())}
        codes = (await self.asks("POST", f"{path}/confirm", 200, body, token=token))[
            "recovery_codes"
        ]
        proof = {"password": PASSWORD, "verb": "two-step", "code": codes.pop()}
        proven = await self.asks("POST", "/account/reauthenticate", 200, proof, token=token)
        body = {"reauthenticated": proven["grant"]}
        following = (await self.asks("POST", path, 201, body, token=token))["secret"]
        return Holder(
            name=name,
            refresh_token=session["refresh_token"],
            secret=secret,
            following=following,
            codes=codes,
        )

    async def renew(self, holder: "Holder") -> str:
        """Go on with the session in which an app was set up; return its access token."""
        body = {"refresh_token": holder.refresh_token}
        renewed = await self.asks("POST", "/sessions/refresh", 200, body)
        holder.refresh_token = renewed["refresh_token"]
        return str(renewed["access_token"])

    async def take(self, holder: "Holder", code: str) -> None:
        """Log on with this code."""
        said = {"name": holder.name, "password": PASSWORD}
        half = (await self.asks("POST", "/sessions", 201, said))["access_token"]
        await self.asks("POST", "/sessions/second-step", 201, {"code": code}, token=half)

    async def all_take(self, holders: Sequence["Holder"]) -> None:
        """Each the code that her app shows now, all at once, while their sessions are renewed."""
        now = self.clock.now()
        await asyncio.gather(
            *(self.take(each, code_of(each.secret, now)) for each in holders),
            *(self.renew(each) for each in holders),
        )

    async def replaces_her_app(self, holder: "Holder") -> None:
        """By the one that she has set up before."""
        body = {"code": code_of(holder.following, self.clock.now())}
        path, token = "/account/two-step/app/confirm", await self.renew(holder)
        await self.asks("POST", path, 200, body, token=token)
        holder.secret = holder.following

    async def asks(
        self, method: str, path: str, status: int, body: Any = None, *, token: str | None = None
    ) -> Mapping[str, Any]:
        """Call the next replica. Raises AssertionError where the reply is another one."""
        answer = await self.fleet.call(method, path, body, token=token)
        assert answer.status == status, (method, path, answer.status, answer.body)
        return dict(answer.body)


@dataclass(slots=True, kw_only=True)
class Holder:
    """Somebody with an app from before a change."""

    name: str
    refresh_token: str
    secret: str
    following: str  # of another app, which waits for its first code
    codes: list[str]  # of recovery


def kid_of(token: str) -> str:
    """By which key it was signed."""
    return signed.inspect(token, typ=TYPE).kid


def move(clock_file: Path, by: timedelta) -> None:
    """Let the time of all replicas be that much later."""
    clock_file.write_text(f"{by.total_seconds()}\n")


@asynccontextmanager
async def visited(
    database: databases.Database, broker: brokers.Broker, clock_file: Path
) -> AsyncIterator[Visitors]:
    """Hold two replicas, and people who come."""
    clock = RunningClock()
    environ = environment(
        "identity",
        database.url("identity"),
        broker_url=broker.url("identity"),
        clock_file=str(clock_file),
    )
    move(clock_file, timedelta())
    fleet = Fleet(environ=environ)
    async with identity_service(database, clock) as identity:
        try:
            for _ in range(REPLICAS):
                await fleet.start()
            yield Visitors(fleet=fleet, identity=identity, clock=clock)
        finally:
            await fleet.close()


def next_step(visitors: Visitors, clock_file: Path) -> None:
    """Let every app show another code."""
    ahead = visitors.clock.offset + STEP
    move(clock_file, ahead)
    visitors.clock.shift(ahead)


async def in_use_from_now_on(visitors: Visitors, clock_file: Path) -> None:
    """Let the ten minutes pass before a following key is used, once the broker has it.

    Requests are under way at each move, and tokens of the minutes before are used after it.
    """

    async def listed() -> list[Mapping[str, Any]]:
        lines = (await visitors.fleet.verb("keys", "list")).splitlines()
        return [msgspec.json.decode(line) for line in lines]

    async def confirmed() -> None:
        assert all(key["confirmed"] for key in await listed())

    async def ended() -> None:
        assert any(key["usable_until"] for key in await listed())

    await eventually(confirmed, within=30)
    await visitors.put_apps_away()
    held = deque([await visitors.a_token()], maxlen=HELD)
    for minutes in range(1, AHEAD + 1):
        move(clock_file, minutes * MINUTE)
        visitors.clock.shift(minutes * MINUTE)
        await visitors.come_again()
        newest = await visitors.a_token()
        await visitors.use(held, newest)
        held.append(newest)
    await eventually(ended, within=30)
    await visitors.come_again()
    await visitors.use(held, newest)
    visitors.apps = True


@pytest.mark.proves("ID-5", "MF-1", "SE-1", "ST-3")
async def test_peppers_and_keys_change_while_people_log_on_and_no_request_fails(
    database: databases.Database, broker: brokers.Broker, tmp_path: Path
) -> None:
    clock_file = tmp_path / "clock"
    async with visited(database, broker, clock_file) as visitors:
        fleet = visitors.fleet
        await visitors.begin()
        await visitors.come_again()

        await fleet.roll(peppers_retired=NEW_PEPPER, key_encryption_keys_retired=NEW_KEY)
        await visitors.come_again()
        await fleet.roll(
            pepper=NEW_PEPPER,
            peppers_retired=OLD_PEPPER,
            key_encryption_key=NEW_KEY,
            key_encryption_keys_retired=OLD_KEY,
        )
        await visitors.come_again()
        await fleet.verb("keys", "re-encrypt")
        await fleet.roll(key_encryption_keys_retired="")
        await visitors.come_again()
        await fleet.verb("keys", "rotate")
        await in_use_from_now_on(visitors, clock_file)
        await visitors.come_again()
        await visitors.pause()

        hashed = await visitors.identity.rows(
            "SELECT DISTINCT split_part(password_hash, '$', 4) AS pepper FROM accounts"
            " WHERE username = ANY ($1)",
            visitors.names,
        )

    assert len(visitors.kids) == 2
    assert visitors.late >= HELD
    assert len(hashed) == 1


@pytest.mark.proves("MF-1", "MF-4", "ST-3")
async def test_apps_and_recovery_codes_of_before_are_good_while_keys_and_peppers_change_and_after(
    database: databases.Database, broker: brokers.Broker, tmp_path: Path
) -> None:
    clock_file, checked = tmp_path / "clock", 0
    async with visited(database, broker, clock_file) as visitors:
        fleet = visitors.fleet
        holders = await asyncio.gather(*(visitors.has_an_app() for _ in range(HOLDERS)))
        await fleet.roll(peppers_retired=NEW_PEPPER, key_encryption_keys_retired=NEW_KEY)
        await fleet.roll(
            pepper=NEW_PEPPER,
            peppers_retired=OLD_PEPPER,
            key_encryption_key=NEW_KEY,
            key_encryption_keys_retired=OLD_KEY,
        )

        changing = asyncio.create_task(fleet.verb("keys", "re-encrypt"))
        while not changing.done():
            next_step(visitors, clock_file)
            await visitors.all_take(holders)
            checked += 1
        said = await changing
        await fleet.roll(key_encryption_keys_retired="")

        next_step(visitors, clock_file)
        await visitors.all_take(holders)
        await asyncio.gather(*(visitors.replaces_her_app(each) for each in holders))
        next_step(visitors, clock_file)
        await visitors.all_take(holders)
        await asyncio.gather(*(visitors.take(each, each.codes.pop()) for each in holders))

    assert checked > 1
    assert said.startswith(f"{1 + 2 * HOLDERS} under PORTICO_KEY_ENCRYPTION_KEY")
