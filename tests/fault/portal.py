"""The portal as people reach it: two replicas of each service behind the balancer as shipped."""

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp

from deploy.client.eventually import eventually
from deploy.client.gateway import Gateway
from deploy.local import ports
from deploy.local.processes import Program, together
from deploy.local.stack import ROOT
from shared.contracts.topology import SERVICES
from tests.fault.ledger import Ledger
from tests.fault.people import Person
from tests.fault.rig import Rig
from tests.support.balancer import Balancer, Replica, balancing

READY_WITHIN = 60.0
CHECKED = 3.0  # seconds: as often as the balancer needs to take a replica out, and once more


@dataclass(slots=True, kw_only=True)
class Portal:
    """The rig's replicas are the first of each; the second ones are this portal's own."""

    rig: Rig
    balancer: Balancer
    gateway: Gateway
    replicas: dict[str, tuple[Replica, Replica]]
    seconds: dict[str, Program]

    def person(self, ledger: Ledger) -> Person:
        """Somebody new, who calls the balancer."""
        return Person.new(self.rig.addresses, self.gateway, ledger)

    async def asked(self, service: str, path: str) -> list[tuple[int, Any]]:
        """Ask both replicas, past the balancer. Raises AssertionError where one is not there."""
        found = []
        async with aiohttp.ClientSession() as session:
            for replica in self.replicas[service]:
                url = f"http://{ports.LOOPBACK}:{replica.metrics_port}/health/{path}"
                try:
                    async with session.get(url) as reply:
                        found.append((reply.status, await reply.json()))
                except aiohttp.ClientError as problem:
                    raise AssertionError(f"{service} does not answer") from problem
        return found

    async def missed(self, part: str, *services: str) -> None:
        """Wait until each replica of these says in its status that this part is away."""

        async def told(service: str) -> None:
            for _, status in await self.asked(service, "status"):
                [found] = [each for each in status["parts"] if each["name"] == part]
                assert not found["ok"]

        await together(*(eventually(partial(told, each), within=30) for each in services))

    @contextmanager
    def none_is_taken_out(self) -> Iterator[None]:
        """Hold the balancer to every replica that it has now."""
        before = len(self.balancer.taken_out())
        yield
        assert self.balancer.taken_out()[before:] == []

    async def live(self, service: str) -> None:
        """Somebody answers behind this front."""
        url = f"{self.balancer.fronts[service]}/health/live"
        async with aiohttp.request("GET", url) as reply:
            assert reply.status == 200

    async def restart_first(self) -> None:
        """Kill the first replica of each, start it again and wait until it is ready."""
        for service in SERVICES:
            self.rig.kill(service)
        await together(*map(self.rig.restart, SERVICES))

    def kill_second(self) -> None:
        """SIGKILL to the second replica of each."""
        for program in self.seconds.values():
            program.process.kill()
            program.process.wait()

    async def start_second(self) -> None:
        """Start the second replica of each, and wait until the balancer has all."""
        for service in SERVICES:
            self._start_second(service)
        await together(*map(self._is_ready, SERVICES))
        await asyncio.sleep(CHECKED)

    @asynccontextmanager
    async def without(self, service: str) -> AsyncIterator[None]:
        """Kill both replicas of a service for a while."""
        self.rig.kill(service)
        self.seconds[service].process.kill()
        self.seconds[service].process.wait()
        try:
            yield
        finally:
            self._start_second(service)
            await self.rig.restart(service)
            await self._is_ready(service)
            await asyncio.sleep(CHECKED)

    def _start_second(self, service: str) -> None:
        replica = self.replicas[service][1]
        self.seconds[service] = self.rig.stack.run.start(
            f"{service} second",
            (sys.executable, "-m", f"services.{service}"),
            environ=self.rig.stack.surroundings.of(
                service, http_port=replica.http_port, metrics_port=replica.metrics_port
            ),
            log=self.rig.stack.log(f"{service}-second"),
            folder=ROOT,
        )

    async def _is_ready(self, service: str) -> None:
        async def ready() -> None:
            for status, told in await self.asked(service, "ready"):
                assert status == 200, told

        await eventually(ready, within=READY_WITHIN)


@asynccontextmanager
async def opened(rig: Rig, haproxy: Path, folder: Path) -> AsyncIterator[Portal]:
    """Hold the portal; its second replicas end with it."""
    stack = rig.stack
    replicas = {}
    for service in SERVICES:
        first = Replica(
            http_port=stack.ports.http[service][0], metrics_port=stack.ports.metrics[service][0]
        )
        http_port, metrics_port = ports.free_ports(2)
        replicas[service] = (first, Replica(http_port=http_port, metrics_port=metrics_port))
    # The tests' gateway stands before the balancer, and reads the documents through it.
    async with balancing(
        haproxy, folder, replicas, before=ports.LOOPBACK, docs="shown"
    ) as balancer:
        fronts = {service: (balancer.fronts[service],) for service in SERVICES}
        gateway = Gateway(fronts)
        portal = Portal(rig=rig, balancer=balancer, gateway=gateway, replicas=replicas, seconds={})
        try:
            await portal.start_second()
            async with gateway:
                yield portal
        finally:
            portal.kill_second()
