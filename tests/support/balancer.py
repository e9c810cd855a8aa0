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
AWAY = SHIPPED.with_name("away.html")
PROGRAM = "haproxy"
DEBIAN = Path("/usr/sbin") / PROGRAM  # not on everybody's path
SLOW_HEAD = "timeout http-request 10s"
SLOW_REPLICA = "timeout server 60s"
REPLICAS = re.compile(r"(backend (\w+).*\n)    server-template replica 9 \w+:\d+\n")
FRONT = re.compile(r"bind :\d+( name (\w+))?")
ALIVE = "alive"
PORTAL, DESK = "gateway", "desk"
FRONTS = (*SERVICES, PORTAL, DESK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replica:
    """Where one listens."""

    http_port: int
    metrics_port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancer:
    """Its ports, by the names of its fronts, while it runs."""

    listening: Mapping[str, int]
    program: Program
    log: Path

    @property
    def fronts(self) -> Mapping[str, str]:
        """Their addresses."""
        return {
            name: f"http://{ports.LOOPBACK}:{port}"
            for name, port in self.listening.items()
            if name in SERVICES or name == PORTAL
        }

    def taken_out(self) -> list[str]:
        """Return its lines about replicas that it stopped to use."""
        return [line for line in self.log.read_text().splitlines() if " is DOWN" in line]


async def installed(environ: Mapping[str, str], say: Callable[[str], None]) -> Path:
    """Find HAProxy, or install it as the servers are. Raises SourceUnavailable."""
    if shutil.which(PROGRAM) is None and not DEBIAN.exists():
        await install([PROGRAM], environ, say)
    return Path(shutil.which(PROGRAM) or DEBIAN)


def configured(
    replicas: Mapping[str, Sequence[Replica]], listening: Mapping[str, int], head: str, reply: str
) -> str:
    """Return the shipped text with the ports of this machine in place of a network's names.

    `head` is how long a test has a request's head take at the most, `reply` a replica's answer.
    """

    def lines(found: "re.Match[str]") -> str:
        return found[1] + "".join(
            f"    server replica{number} {ports.LOOPBACK}:{each.http_port}"
            f" port {each.metrics_port}\n"
            for number, each in enumerate(replicas.get(found[2], ()), start=1)
        )

    def front(found: "re.Match[str]") -> str:
        return f"bind {ports.LOOPBACK}:{listening[found[2] or ALIVE]}{found[1] or ''}"

    text, templates = REPLICAS.subn(lines, SHIPPED.read_text())
    text, fronts = FRONT.subn(front, text)
    assert (templates, fronts) == (len(FRONTS), len(FRONTS) + 1)
    assert SLOW_HEAD in text
    assert SLOW_REPLICA in text
    text = text.replace(SLOW_HEAD, f"timeout http-request {head}")
    return text.replace(SLOW_REPLICA, f"timeout server {reply}")


@asynccontextmanager
async def balancing(
    program_file: Path,
    folder: Path,
    replicas: Mapping[str, Sequence[Replica]],
    *,
    before: str = "",
    docs: str = "",
    desk: str = "",
    head: str = "10s",
    reply: str = "60s",
) -> AsyncIterator[Balancer]:
    """Hold a balancer that listens; a replica is found once it says that it is ready."""
    public = (ALIVE, *FRONTS)
    listening = dict(zip(public, ports.free_ports(len(public)), strict=True))
    file, log = folder / "haproxy.cfg", folder / "haproxy.log"
    file.write_text(configured(replicas, listening, head, reply))
    shutil.copy(AWAY, folder)
    run = Run(FOLDER)
    program = run.start(
        PROGRAM,
        [program_file, "-db", "-f", file],
        environ={
            "PORTICO_BEFORE_BALANCER": before,
            "PORTICO_DOCS": docs,
            "PORTICO_DESK": desk,
        },
        log=log,
    )
    try:
        while ports.is_free(listening[ALIVE]):
            program.check()
            await asyncio.sleep(0.05)
        yield Balancer(listening=listening, program=program, log=log)
    finally:
        await run.stop()
