"""The balancer as it is shipped, in front of a test's replicas: only the addresses are others."""

import asyncio
import re
import shutil
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local import ports
from deploy.local.packages import install
from deploy.local.processes import Program, Run
from shared.contracts.topology import SERVICES
from tests.support.infra import FOLDER
from tests.support.proof import ROOT

SHIPPED = ROOT / "deploy" / "balancer" / "haproxy.cfg"
PROGRAM = "haproxy"
DEBIAN = Path("/usr/sbin") / PROGRAM  # not on everybody's path
SLOW_HEAD = "timeout http-request 10s"
REPLICAS = re.compile(r"    server-template replica 9 (\w+):8080\n")
FRONT = re.compile(r"bind :(81\d\d)")
ALIVE = 8100


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """Where one listens."""

    http_port: int
    metrics_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancer:
    """Its fronts by service, while it runs."""

    fronts: Mapping[str, str]
    program: Program
    log: Path

    def taken_out(self) -> list[str]:
        """Return its lines about replicas that it stopped to use."""
        return [line for line in self.log.read_text().splitlines() if " is DOWN" in line]


async def installed(environ: Mapping[str, str], say: Callable[[str], None]) -> Path:
    """Find HAProxy, or install it as the servers are. Raises SourceUnavailable."""
    if shutil.which(PROGRAM) is None and not DEBIAN.exists():
        await install([PROGRAM], environ, say)
    return Path(shutil.which(PROGRAM) or DEBIAN)


def configured(
    replicas: Mapping[str, Sequence[Replica]], listening: Mapping[int, int], head: str
) -> str:
    """Return the shipped text with the ports of this machine in place of a network's names.

    `head` is how long a test has a request's head take at the most.
    """

    def lines(found: "re.Match[str]") -> str:
        return "".join(
            f"    server replica{number} {ports.LOOPBACK}:{each.http_port}"
            f" port {each.metrics_port}\n"
            for number, each in enumerate(replicas.get(found[1], ()), start=1)
        )

    def front(found: "re.Match[str]") -> str:
        return f"bind {ports.LOOPBACK}:{listening[int(found[1])]}"

    text, templates = REPLICAS.subn(lines, SHIPPED.read_text())
    text, fronts = FRONT.subn(front, text)
    assert (templates, fronts) == (len(SERVICES), len(SERVICES) + 1)
    assert SLOW_HEAD in text
    return text.replace(SLOW_HEAD, f"timeout http-request {head}")


@asynccontextmanager
async def balancing(
    program_file: Path,
    folder: Path,
    replicas: Mapping[str, Sequence[Replica]],
    *,
    before: str = "",
    docs: str = "",
    head: str = "10s",
) -> AsyncIterator[Balancer]:
    """Hold a balancer that has found a replica of each service that has any."""
    public = (ALIVE, *(8101 + place for place in range(len(SERVICES))))
    listening = dict(zip(public, ports.free_ports(len(public)), strict=True))
    file, log = folder / "haproxy.cfg", folder / "haproxy.log"
    file.write_text(configured(replicas, listening, head))
    run = Run(FOLDER)
    program = run.start(
        PROGRAM,
        [program_file, "-db", "-f", file],
        environ={"PORTICO_BEFORE_BALANCER": before, "PORTICO_DOCS": docs},
        log=log,
    )
    fronts = {
        service: f"http://{ports.LOOPBACK}:{listening[8101 + place]}"
        for place, service in enumerate(SERVICES)
    }
    try:
        while ports.is_free(listening[ALIVE]):
            program.check()
            await asyncio.sleep(0.05)
        yield Balancer(fronts=fronts, program=program, log=log)
    finally:
        await run.stop()
