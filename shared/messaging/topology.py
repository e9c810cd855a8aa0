"""The topology verb: makes a service's exchanges, queues, bindings and policies; again is harmless.

It goes through the management API as an administrator, so that services need no configure right.
Everything that can change later is a policy: arguments of a queue are for ever.
"""

from dataclasses import dataclass

from shared.contracts import topology
from shared.messaging.management import Json, Management, segment


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

    def _path(self, kind: str, *parts: str) -> str:
        return "/".join(("/api", kind, *(segment(part) for part in (self.name, *parts))))


async def apply(service: str, *, broker_url: str, admin_url: str) -> None:
    """Make all that the service publishes to and consumes from, in the vhost of its broker URL.

    The exchanges it binds from are declared too, so services may be set up in any order. A binding
    that is no longer in the table stays: a replica of the release before may still need it, and
    what nobody handles is acknowledged.
    """
    queues = topology.queues(service)
    sources = {
        topology.exchange(contract.owner) for queue in queues for contract in queue.contracts
    }
    async with Management(admin_url) as management:
        vhost = Vhost(management, topology.vhost(broker_url))
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
        if service == "identity":
            await vhost.exchange(topology.SESSIONS, "fanout")
            await vhost.queue(topology.SESSIONS, "stream")
            await vhost.bind(topology.SESSIONS, topology.SESSIONS, "")
