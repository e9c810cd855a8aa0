"""The rig: own servers, one stack whose services have traps, and the books of it all."""

import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.client.eventually import eventually
from deploy.client.gateway import Gateway
from deploy.client.mailbox import Mailbox
from deploy.local.addresses import StackAddresses
from deploy.local.processes import Run
from deploy.local.stack import ROOT, Stack, running
from deploy.local.stack_ports import Ports
from shared.contracts.topology import SERVICES
from tests.fault.books import Books
from tests.fault.ledger import Ledger
from tests.fault.people import Person
from tests.fault.servers import OwnServers
from tests.fault.tap import Tap
from tests.fault.trap import Snare, Trap
from tests.support.infra import FOLDER

NAME = "portico_fault"
REACHED_WITHIN = 30.0
QUICK = {
    "identity": {"PORTICO_BCRYPT_COST": "4", "PORTICO_CLIENT_UNLOCKS_AN_HOUR": "1000"},
    "recovery": {"PORTICO_BCRYPT_COST": "4"},
    # A lease is what a killed courier's mail waits for; it must outlast a busy machine's pauses.
    "notify": {"PORTICO_LEASE_SECONDS": "4", "PORTICO_SMTP_DOT_SECONDS": "2"},
}


@dataclass(slots=True, kw_only=True)
class Rig:
    """One for the whole run; a test restarts what it has killed."""

    own: OwnServers
    stack: Stack
    addresses: StackAddresses
    gateway: Gateway
    books: Books
    folder: Path

    @property
    def mails(self) -> Mailbox:
        return self.books.mailbox

    def ledger(self) -> Ledger:
        """Open one for a test."""
        return Ledger(books=self.books)

    def person(self, ledger: Ledger) -> Person:
        """Somebody new, whose promises go into that ledger."""
        return Person.new(self.addresses, self.gateway, ledger)

    def trap(self, service: str) -> Trap:
        return Trap(self.folder, service)

    async def dies(self, service: str, snare: Snare) -> None:
        """Wait until it has died at its crash point; a point that is not reached is a failure."""
        program = self.stack.programs[service]

        def dead() -> None:
            assert program.process.poll() is not None, f"{service} never came to {snare.point}"

        await eventually(dead, within=REACHED_WITHIN)
        code = program.process.returncode
        assert code == -signal.SIGKILL, f"{service} ended with {code}:\n{program.last_words()}"
        assert self.trap(service).sprung.exists(), f"{service} was killed, but not by its trap"

    def kill(self, service: str) -> None:
        """SIGKILL, at no point in particular."""
        process = self.stack.programs[service].process
        process.kill()
        process.wait()

    async def restart(self, service: str) -> None:
        """Start what was killed, and wait until it is ready."""
        self.stack.start_service(service)
        await self.stack.ready(service)

    async def stops(self, service: str, snare: Snare) -> None:
        """Wait until it is paused at its crash point."""
        trap = self.trap(service)

        def paused() -> None:
            assert trap.sprung.exists(), f"{service} never came to {snare.point}"

        await eventually(paused, within=REACHED_WITHIN)

    def said(self, service: str, event: str) -> int:
        """Count how often it has logged this."""
        return self.stack.log(service).read_text().count(f'"event": "{event}"')

    @contextmanager
    def beside(self, service: str) -> Iterator[None]:
        """Run a second one of a service for a while, without traps."""
        program = self.stack.run.start(
            f"{service} beside",
            (sys.executable, "-m", f"services.{service}"),
            environ=self.stack.surroundings.of(service),
            log=self.stack.log(f"{service}-beside"),
            folder=ROOT,
        )
        try:
            yield
        finally:
            program.kill()
            program.process.wait()

    async def mend(self) -> None:
        """After a test: no trap, no fault of the mail server, every program up."""
        for service in SERVICES:
            self.trap(service).disarm()
            self.stack.programs[service].process.send_signal(signal.SIGCONT)
            if self.stack.programs[service].process.poll() is not None:
                await self.restart(service)
        if self.stack.programs["catcher"].process.poll() is not None:
            await self.restart_catcher()
        await self.mails.heal()

    async def kill_catcher(self) -> None:
        """The mail server is gone; what it had is in the books."""
        await self.books.collect()
        process = self.stack.programs["catcher"].process
        process.kill()
        process.wait()

    async def restart_catcher(self) -> None:
        """Start another one in its place."""
        self.books.catcher += "+"
        self.stack.start_catcher()


@asynccontextmanager
async def rigged(
    own: OwnServers, folder: Path, *, environ: Mapping[str, str], say: Callable[[str], None]
) -> AsyncIterator[Rig]:
    """Hold the stack. Database and vhost end with their servers, which are ours."""
    program = (sys.executable, "-m", "tests.fault.program", str(folder))
    stack = Stack(
        servers=own.servers,
        run=Run(FOLDER),
        name=NAME,
        folder=folder,
        ports=Ports.free(),
        say=say,
        environ=environ,
        extra=QUICK,
        commands={service: (*program, service) for service in SERVICES},
    )
    async with (
        running(stack) as addresses,
        Mailbox(addresses.mails) as mailbox,
        Gateway(addresses.services) as gateway,
    ):
        tap = await Tap.into(stack.surroundings.broker)
        try:
            yield Rig(
                own=own,
                stack=stack,
                addresses=addresses,
                gateway=gateway,
                books=Books(
                    database=stack.surroundings.database,
                    tap=tap,
                    mailbox=mailbox,
                    clock_file=stack.surroundings.clock_file,
                ),
                folder=folder,
            )
        finally:
            await tap.close()
