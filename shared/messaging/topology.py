"""The topology verb: makes a service's exchanges, queues, bindings and policies; again is harmless.

It goes through the management API as an administrator, so that services need no configure right.
Everything that can change later is a policy: arguments of a queue are for ever.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from shared.contracts import topology
from shared.messaging.management import Json, Management, ManagementRefused, segment

KNOWN_WITHIN = 20.0  # seconds; a queue says how it is only from its second tick on, of five each
LED_WITHIN = 5.0  # seconds for an election
LOOK_EVERY = 0.5
UP = ("running", "idle", "flow")
UNTOLD = (None, "live")  # without its statistics, which the broker may have lost


@dataclass(frozen=True, slots=True)
class Vhost:
    """One vhost, and what the verb makes in it."""

    management: Management
    name: str

    async def exchange(self, name: str, kind: str) -> None:
        """Declare a durable exchange."""
        await self.management.put(self._path("exchanges", name), {"type": kind, "durable": True})

    async def queue(self, name: str, kind: str) -> None:
        """Declare a durable queue, with its type as its only argument."""
        body: Json = {"durable": True, "arguments": {"x-queue-type": kind}}
        await self.management.put(self._path("queues", name), body)

    async def delete_queue(self, name: str) -> None:
        """Delete a queue with all that it holds."""
        await self.management.delete(self._path("queues", name))

    async def bind(self, exchange: str, queue: str, routing_key: str) -> None:
        """Bind a queue to an exchange."""
        path = self._path("bindings", "e", exchange, "q", queue)
        await self.management.post(path, {"routing_key": routing_key})

    async def policy(self, policy: topology.Policy) -> None:
        """Set a policy for queues."""
        body: Json = {
            "pattern": policy.pattern,
            "definition": policy.definition,
            "apply-to": "queues",
            "priority": 0,
        }
        await self.management.put(self._path("policies", policy.name), body)

    async def has_policy(self, policy: topology.Policy) -> bool:
        """Whether it stands there as it should."""
        found = await self.management.find(self._path("policies", policy.name))
        return found is not None and (found["pattern"], found["definition"]) == (
            policy.pattern,
            policy.definition,
        )

    async def bindings(self, queue: str) -> set[tuple[str, str]]:
        """List a queue's exchanges and routing keys; the default exchange is no binding of ours."""
        found = await self.management.find(self._path("queues", queue, "bindings"))
        return {(one["source"], one["routing_key"]) for one in found or () if one["source"]}

    async def is_there(self, queue: str) -> bool:
        """Whether the queue was ever made."""
        return await self.management.find(self._path("queues", queue)) is not None

    async def is_up(self, queue: str, *, new: bool = False) -> bool | None:
        """Whether it takes messages, waiting a bounded time until it is known.

        One that was just made has a leader at once. Of another a leader is told even where none
        is left, and only its state tells. Without one it is down where too few members are up;
        else None: the broker does not say.
        """
        began = asyncio.get_running_loop().time()
        while True:
            found = await self.management.find(self._path("queues", queue)) or {}
            state = found.get("state")
            if is_led(found) and (new or state in UP) and await self._has_leader(queue, found):
                return True
            waited = asyncio.get_running_loop().time() - began
            if state in UNTOLD:
                if waited > KNOWN_WITHIN:
                    return None if may_live(found) else False
            elif state not in UP or waited > LED_WITHIN:
                return False
            await asyncio.sleep(LOOK_EVERY)

    async def _has_leader(self, queue: str, found: Mapping[str, Any]) -> bool:
        """Ask the members of a quorum queue themselves, where the broker has a page for that.

        RabbitMQ 4 goes on telling the last statistics of a queue whose leader is no more; 3.10
        knows no such page, and tells it by the state.
        """
        if found.get("type") != "quorum":
            return True
        members = await self.management.find(f"{self._path('queues/quorum', queue)}/status")
        return not members or any(one.get("Raft State") == "leader" for one in members)

    def _path(self, kind: str, *parts: str) -> str:
        return "/".join(("/api", kind, *(segment(part) for part in (self.name, *parts))))


def is_led(found: Mapping[str, Any]) -> bool:
    """Whether a queue has a leader; RabbitMQ 3 tells a stream's as its node."""
    of_a_stream = found.get("node") if found.get("type") == "stream" else None
    return bool(found.get("leader") or of_a_stream)


def may_live(found: Mapping[str, Any]) -> bool:
    """Whether most of a queue's members are up, which the broker tells without statistics.

    Of a quorum queue it then also tells its leader.
    """
    online, members = found.get("online", ()), found.get("members", ())
    led = found.get("type") == "stream" or is_led(found)
    return led and len(online) * 2 > len(members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Administrator:
    """Who makes a topology: the management API's URL, and an AMQP URL that names the vhost."""

    admin_url: str
    broker_url: str
    tls: ssl.SSLContext | None = None

    @asynccontextmanager
    async def vhost(self) -> AsyncIterator[Vhost]:
        """Hold the vhost."""
        async with Management(self.admin_url, tls=self.tls) as management:
            yield Vhost(management, topology.vhost(self.broker_url))


async def apply(service: str, administrator: Administrator) -> Sequence[str]:
    """Make all that the service publishes to and consumes from, in the vhost of its broker URL.

    The exchanges it binds from are declared too, so services may be set up in any order. A binding
    that is no longer in the table stays: a replica of the release before may still need it.
    Returns the queues that were there already; they may be down.
    """
    queues = topology.queues(service)
    sources = {
        topology.exchange(contract.owner) for queue in queues for contract in queue.contracts
    }
    async with administrator.vhost() as vhost:
        old = [name for name in own(service) if await vhost.is_there(name)]
        for name in sorted(sources | {topology.exchange(service)}):
            await vhost.exchange(name, "topic")
        await vhost.exchange(topology.dead(service), "fanout")
        for policy in topology.policies(service):  # before the queues: they are never without
            await vhost.policy(policy)
        await vhost.queue(topology.dead(service), "quorum")
        await vhost.bind(topology.dead(service), topology.dead(service), "")
        for queue in queues:
            await vhost.queue(queue.name, "quorum")
            for contract in queue.contracts:
                source = topology.exchange(contract.owner)
                await vhost.bind(source, queue.name, contract.routing_key)
        for door in topology.doors(service):
            await vhost.exchange(door.exchange, "topic")
            await vhost.queue(door.queue, "quorum")
            await vhost.bind(door.exchange, door.queue, door.keys)
        for stream in topology.streams(service):
            await vhost.exchange(stream, "fanout")
            await vhost.queue(stream, "stream")
            await vhost.bind(stream, stream, "")
    return old


async def down(service: str, administrator: Administrator, *, old: Sequence[str]) -> Sequence[str]:
    """Name the service's queues that are not up, after a bounded wait; `old` is of `apply`."""
    async with administrator.vhost() as vhost:
        names = own(service)
        found = await asyncio.gather(*(vhost.is_up(name, new=name not in old) for name in names))
    return [name for name, up in zip(names, found, strict=True) if up is False]


async def remake(service: str, queue: str, administrator: Administrator) -> None:
    """Delete a queue that has no member left, with what it held, and make it anew.

    Raises ManagementRefused for a queue that is up, or of which that is not known: there it would
    lose messages for nothing.
    Who consumed the old one is not told that it is gone, but asks after it and comes again.
    """
    if queue not in own(service):
        raise ManagementRefused(f"{queue} is no queue of {service}'s: {', '.join(own(service))}")
    async with administrator.vhost() as vhost:
        match await vhost.is_up(queue):
            case True:
                raise ManagementRefused(f"{queue} is running: it is made anew only where it is not")
            case None:
                raise ManagementRefused(f"{queue} may be running: RabbitMQ has no statistics of it")
        await vhost.delete_queue(queue)
    await apply(service, administrator)


async def warning(service: str, administrator: Administrator) -> str | None:
    """Say what of the topology is missing or down, for what it hears and for what it tells."""
    async with administrator.vhost() as vhost:
        found = [
            f"policy {policy.name} is missing or another"
            for policy in topology.policies(service)
            if not await vhost.has_policy(policy)
        ]
        expected = expected_bindings(service)
        up = await asyncio.gather(*(vhost.is_up(name) for name in expected))
        for (name, wanted), is_up in zip(expected.items(), up, strict=True):
            if not await vhost.is_there(name):
                found.append(f"queue {name} is missing")
                continue
            if is_up is None:
                found.append(f"of queue {name} RabbitMQ has no statistics, it may be running")
            elif not is_up:
                found.append(f"queue {name} is not running")
            bound = await vhost.bindings(name)
            found += [f"{name} is not bound to {at(*one)}" for one in sorted(wanted - bound)]
            if name.startswith(f"{service}."):
                others = sorted(bound - wanted)
                found += [f"{name} is bound to {at(*one)}, unknown here" for one in others]
    return "; ".join(found) or None


def own(service: str) -> Sequence[str]:
    """Name every queue that the service's verb makes."""
    queues = (queue.name for queue in topology.queues(service))
    doors = (door.queue for door in topology.doors(service))
    return (topology.dead(service), *queues, *doors, *topology.streams(service))


def expected_bindings(service: str) -> Mapping[str, set[tuple[str, str]]]:
    """Return what is bound to each of its own queues, and of its events to the others'."""
    found = {
        queue.name: {
            (topology.exchange(contract.owner), contract.routing_key)
            for contract in queue.contracts
            if service in (queue.service, contract.owner)
        }
        for queue in topology.QUEUES
    }
    for name in (topology.dead(service), *topology.streams(service)):
        found[name] = {(name, "")}
    for door in topology.doors(service):
        found[door.queue] = {(door.exchange, door.keys)}
    return {name: wanted for name, wanted in found.items() if wanted}


def at(exchange: str, routing_key: str) -> str:
    """Name one end of a binding: a routing key says its exchange."""
    return routing_key or exchange
