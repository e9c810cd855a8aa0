"""The topology verb: makes a service's exchanges, queues, bindings and policies; again is harmless.

It goes through the management API as an administrator, so that services need no configure right.
Everything that can change later is a policy: arguments of a queue are for ever.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import quote

import aiohttp
import msgspec
from yarl import URL

from shared.contracts import topology
from shared.errors import BrokerUnavailable

DELIVERY_LIMIT = 20
NO_LIMIT = 1_000_000  # RabbitMQ 4 drops after 20 where nothing is said; 3.10 has no word for never
STREAM_AGE = "1h"
STREAM_SEGMENT = 10_000_000  # bytes; age is only looked at when a segment is full
REQUEST_SECONDS = 30.0

Json = str | int | bool | Mapping[str, "Json"]


class TopologyRefused(Exception):
    """The broker said no: the object stands there with other arguments, or a right is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Settings of the queues whose names match."""

    name: str
    pattern: str
    definition: Mapping[str, Json]


def policies(service: str) -> tuple[Policy, ...]:
    """Return a service's policies; each queue matches exactly one.

    A queue's dead letters reach their queue at least once, which RabbitMQ does only together with
    reject-publish. The dead-letter queue has nowhere to hand on to, so it gives nothing up.
    """
    found = [
        Policy(
            name=f"{service}.queues",
            pattern=rf"^{service}\.(?!dead$|sessions$)",
            definition={
                "delivery-limit": DELIVERY_LIMIT,
                "dead-letter-exchange": topology.dead(service),
                "dead-letter-strategy": "at-least-once",
                "overflow": "reject-publish",
            },
        ),
        Policy(
            name=topology.dead(service),
            pattern=rf"^{service}\.dead$",
            definition={"delivery-limit": NO_LIMIT, "overflow": "reject-publish"},
        ),
    ]
    if service == "identity":
        found.append(
            Policy(
                name=topology.SESSIONS,
                pattern=r"^identity\.sessions$",
                definition={
                    "max-age": STREAM_AGE,
                    "stream-max-segment-size-bytes": STREAM_SEGMENT,
                },
            )
        )
    return tuple(found)


class Administrator:
    """The management API of one vhost."""

    def __init__(self, admin_url: str, vhost: str) -> None:
        address = URL(admin_url)
        self._base = str(address.with_user(None)).rstrip("/")
        self._vhost = quote(vhost, safe="")
        basic = aiohttp.encode_basic_auth(address.user or "", address.password or "")
        self._session = aiohttp.ClientSession(
            headers={"Authorization": basic, "Content-Type": "application/json"},
            timeout=aiohttp.ClientTimeout(total=REQUEST_SECONDS),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()

    async def exchange(self, name: str, kind: str) -> None:
        """Declare a durable exchange."""
        await self._send("PUT", "exchanges", (name,), {"type": kind, "durable": True})

    async def queue(self, name: str, kind: str) -> None:
        """Declare a durable queue, with its type as its only argument."""
        body: Json = {"durable": True, "arguments": {"x-queue-type": kind}}
        await self._send("PUT", "queues", (name,), body)

    async def bind(self, exchange: str, queue: str, routing_key: str) -> None:
        """Bind a queue to an exchange."""
        path = ("e", exchange, "q", queue)
        await self._send("POST", "bindings", path, {"routing_key": routing_key})

    async def policy(self, policy: Policy) -> None:
        """Set a policy for queues."""
        body: Json = {
            "pattern": policy.pattern,
            "definition": policy.definition,
            "apply-to": "queues",
            "priority": 0,
        }
        await self._send("PUT", "policies", (policy.name,), body)

    async def _send(self, method: str, kind: str, path: tuple[str, ...], body: Json) -> None:
        rest = "/".join(quote(part, safe="") for part in path)
        url = URL(f"{self._base}/api/{kind}/{self._vhost}/{rest}", encoded=True)
        try:
            async with self._session.request(method, url, data=msgspec.json.encode(body)) as reply:
                if reply.status >= 500:
                    raise BrokerUnavailable(f"management API: {reply.status}")
                if reply.status >= 400:
                    raise TopologyRefused(f"{kind} {rest}: {reply.status} {await reply.text()}")
        except (aiohttp.ClientConnectionError, TimeoutError) as error:
            raise BrokerUnavailable(f"management API: {type(error).__name__}") from error


async def apply(service: str, *, broker_url: str, admin_url: str) -> None:
    """Make all that the service publishes to and consumes from, in the vhost of its broker URL.

    The exchanges it binds from are declared too, so services may be set up in any order. A binding
    that is no longer in the table stays: a replica of the release before may still need it, and
    what nobody handles is acknowledged.
    """
    vhost = topology.vhost(broker_url)
    queues = topology.queues(service)
    sources = {
        topology.exchange(contract.owner) for queue in queues for contract in queue.contracts
    }
    async with Administrator(admin_url, vhost) as administrator:
        for name in sorted(sources | {topology.exchange(service)}):
            await administrator.exchange(name, "topic")
        await administrator.exchange(topology.dead(service), "fanout")
        for policy in policies(service):  # before the queues: they are never without
            await administrator.policy(policy)
        await administrator.queue(topology.dead(service), "quorum")
        await administrator.bind(topology.dead(service), topology.dead(service), "")
        for queue in queues:
            await administrator.queue(queue.name, "quorum")
            for contract in queue.contracts:
                source = topology.exchange(contract.owner)
                await administrator.bind(source, queue.name, contract.routing_key)
        if service == "identity":
            await administrator.exchange(topology.SESSIONS, "fanout")
            await administrator.queue(topology.SESSIONS, "stream")
            await administrator.bind(topology.SESSIONS, topology.SESSIONS, "")
