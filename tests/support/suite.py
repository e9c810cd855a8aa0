"""Three of each service as processes, with a database, a vhost and a catcher of their own."""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from deploy.client.eventually import eventually
from deploy.client.mailbox import Mailbox
from deploy.local.addresses import StackAddresses
from deploy.local.processes import Run
from deploy.local.provision import (
    connected,
    drop_database,
    drop_vhost,
    in_database,
    provision_database,
)
from deploy.local.servers import Servers
from deploy.local.settings import Surroundings
from deploy.local.stack import Stack, program_name, running
from deploy.local.stack_ports import Ports
from tests.support.infra import FOLDER
from tests.support.leftovers import real_time, sign

PROJECTIONS = {
    "recovery.accounts": "identity.accounts",
    "merge.accounts": "identity.accounts",
    "recovery.persons": "identity.patients",
    "merge.persons": "identity.patients",
}
FAST = {service: {"PORTICO_BCRYPT_COST": "4"} for service in ("identity", "recovery")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A running stack: the same as `make run REPLICAS=3`, on free ports."""

    stack: Stack
    addresses: StackAddresses
    mails: Mailbox

    def kill(self, service: str, replica: int = 0) -> None:
        """SIGKILL to exactly this replica; it is gone on return."""
        process = self.stack.programs[program_name(service, replica)].process
        process.kill()
        process.wait()

    async def restart(self, service: str, replica: int = 0) -> None:
        """Start a replica that a test has killed, and wait until it is ready."""
        self.stack.start_service(service, replica)
        await self.stack.ready(service, replica)

    async def all_heard(self) -> None:
        """Wait until the others know every account and record as identity does: who goes away at
        once takes with it what it has not published.
        """
        await eventually(self._heard)

    async def _heard(self) -> None:
        postgres = in_database(self.stack.servers.postgres_url, self.stack.name)
        async with connected(postgres) as connection:
            for projection, own in PROJECTIONS.items():
                of = "account_id" if projection.endswith(".accounts") else "patient_id"
                unheard = f"""
                    SELECT FROM {own} i LEFT JOIN {projection} r ON r.{of} = i.id
                    WHERE r.version IS DISTINCT FROM i.version
                """  # noqa: S608 - names of ours
                assert not await connection.fetch(unheard), f"{projection} is not of now"

    @asynccontextmanager
    async def otherwise(self, service: str, **settings: str) -> AsyncIterator[None]:
        """Let a service of one replica run with other settings meanwhile."""
        before = self.stack.surroundings
        own = {**before.extra.get(service, {}), **settings}
        await self._settled(service, replace(before, extra={**before.extra, service: own}))
        try:
            yield
        finally:
            await self._settled(service, before)

    async def _settled(self, service: str, surroundings: Surroundings) -> None:
        self.kill(service)
        self.stack.surroundings = surroundings
        await self.restart(service)


@asynccontextmanager
async def running_suite(
    servers: Servers,
    name: str,
    folder: Path,
    *,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    replicas: int = 3,
    extra: Mapping[str, Mapping[str, str]] = FAST,
) -> AsyncIterator[Suite]:
    """Hold a suite; its database and vhost are dropped afterwards."""
    stack = Stack(
        servers=servers,
        run=Run(FOLDER),
        name=name,
        folder=folder,
        ports=Ports.free(replicas=replicas),
        say=say,
        environ=environ,
        extra=extra,
    )
    try:
        await provision_database(servers, name)
        await sign(servers, name, begun=real_time())
        async with running(stack) as addresses, Mailbox(addresses.mails) as mails:
            yield Suite(stack=stack, addresses=addresses, mails=mails)
    finally:
        await drop_database(servers, name)
        await drop_vhost(servers, name)
