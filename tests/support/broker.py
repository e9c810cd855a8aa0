"""A vhost of this run with the topology applied; emptied between tests."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from deploy.local.provision import BrokerAccess, drop_vhost, provision_broker
from deploy.local.servers import Servers
from shared.contracts.topology import DOORS, QUEUES, SERVICES, SESSIONS
from shared.messaging.management import Management, segment
from shared.messaging.topology import Administrator, apply


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker(BrokerAccess):
    """One vhost. The services' users get in as they do in production."""

    management: Management

    async def purge(self) -> None:
        """Empty every queue. A stream cannot be emptied, so it is made anew."""
        vhost = segment(self.vhost)
        names = [queue.name for queue in QUEUES] + [door.queue for door in DOORS]
        names += [f"{service}.dead" for service in SERVICES]
        contents = (f"/api/queues/{vhost}/{segment(name)}/contents" for name in names)
        await asyncio.gather(*(self.management.delete(path) for path in contents))
        await self.management.delete(f"/api/queues/{vhost}/{segment(SESSIONS)}")
        await apply_topology(self, "identity")


@asynccontextmanager
async def provisioned_vhost(servers: Servers, name: str) -> AsyncIterator[Broker]:
    """Make the vhost, its users and the topology; drop the vhost afterwards."""
    access = await provision_broker(servers, name)
    try:
        async with Management(servers.management_url) as management:
            for service in SERVICES:
                await apply_topology(access, service)
            yield Broker(
                servers=servers,
                vhost=access.vhost,
                passwords=access.passwords,
                management=management,
            )
    finally:
        await drop_vhost(servers, name)


async def apply_topology(access: BrokerAccess, service: str) -> None:
    """Do what the service's `topology` verb does."""
    await apply(service, administrator(access, service))


def administrator(access: BrokerAccess, service: str) -> Administrator:
    """Who makes the topology, in this vhost."""
    return Administrator(admin_url=access.topology_url, broker_url=access.url(service))
