"""A private RabbitMQ of this machine: a node, a port mapper, a cookie and a folder of its own."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.local import ports
from deploy.local.errors import ProgramFailed, SourceUnavailable
from deploy.local.processes import Run, unprivileged
from shared.errors import BrokerUnavailable
from shared.messaging.management import Management, ManagementRefused
from shared.randomness import Randomness

PACKAGE = "rabbitmq-server"
DEBIAN = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # /usr/sbin's is a wrapper that changes user
ADMINISTRATOR = "portico_admin"
READY_WITHIN = 120.0
CONFIGURATION = Path(__file__).parents[1] / "rabbitmq" / "portico.conf"
PLUGINS = "[rabbitmq_management,rabbitmq_prometheus]."


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Where a node listens, and its administrator."""

    amqp_url: str
    management_url: str


async def start(run: Run, *, environ: dict[str, str]) -> Node:
    """Start a fresh node and return its URLs once it takes connections."""
    server = find()
    if server is None:
        raise SourceUnavailable("rabbitmq-server is not found")
    user = unprivileged("rabbitmq")
    folder = run.private_folder("rabbitmq", user=user)
    password = Randomness().token()
    amqp, management, mapper, distribution = ports.free_ports(4)
    configure(folder, password=password, amqp=amqp, management=management)
    own = environment(folder, environ, amqp=amqp, mapper=mapper, distribution=distribution)
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            shutil.chown(path, user, user)

    log = folder / "server.log"
    # A node starts a port mapper that outlives it, unless one is there: ours ends with us.
    run.start("epmd", ["epmd"], environ=own, log=log, folder=folder, user=user)
    node = run.start(
        "rabbitmq",
        [server],
        environ=own,
        log=log,
        folder=folder,
        user=user,
        grace=0,  # its data goes with it, and a node takes ten seconds to put everything in order
    )
    found = Node(
        amqp_url=f"amqp://{ADMINISTRATOR}:{password}@{ports.LOOPBACK}:{amqp}/",
        management_url=f"http://{ADMINISTRATOR}:{password}@{ports.LOOPBACK}:{management}",
    )
    await answers(found.management_url, check=node.check)
    return found


def find() -> Path | None:
    """Return the server's script, which runs as whoever starts it."""
    if DEBIAN.exists():
        return DEBIAN
    on_path = shutil.which("rabbitmq-server")
    return Path(on_path) if on_path else None


def configure(folder: Path, *, password: str, amqp: int, management: int) -> None:
    """Write the node's settings. A default user that is not `guest` means there is no guest."""
    (folder / "enabled_plugins").write_text(PLUGINS)
    settings = folder / "rabbitmq.conf"
    settings.touch(mode=0o600)
    settings.write_text(
        f"listeners.tcp.local = {ports.LOOPBACK}:{amqp}\n"
        f"management.tcp.ip = {ports.LOOPBACK}\n"
        f"management.tcp.port = {management}\n"
        f"prometheus.tcp.ip = {ports.LOOPBACK}\n"
        f"prometheus.tcp.port = {ports.free_port()}\n"
        f"default_user = {ADMINISTRATOR}\n"
        f"default_pass = {password}\n"
        f"{CONFIGURATION.read_text()}"
        "log.console = true\n"
        "log.file = false\n"
    )


def environment(
    folder: Path, environ: dict[str, str], *, amqp: int, mapper: int, distribution: int
) -> dict[str, str]:
    """Keep everything the node and its port mapper use inside the folder and on the loopback."""
    return {
        **environ,
        "HOME": str(folder),  # the cookie
        "ERL_EPMD_PORT": str(mapper),
        "ERL_EPMD_ADDRESS": ports.LOOPBACK,
        "RABBITMQ_NODENAME": f"portico{amqp}@localhost",
        "RABBITMQ_NODE_PORT": str(amqp),
        "RABBITMQ_NODE_IP_ADDRESS": ports.LOOPBACK,
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
        "RABBITMQ_SCHEMA_DIR": str(folder / "schema"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
    }


async def answers(
    management_url: str, *, check: Callable[[], None], within: float = READY_WITHIN
) -> None:
    """Wait until the node listens for AMQP; `check` raises when waiting is of no use."""
    deadline = asyncio.get_running_loop().time() + within
    async with Management(management_url) as management:
        while True:
            check()
            try:
                await management.get("/api/health/checks/protocol-listener/amqp")
            except (BrokerUnavailable, ManagementRefused) as problem:
                if asyncio.get_running_loop().time() > deadline:
                    raise ProgramFailed(f"RabbitMQ does not answer: {problem!r}") from problem
                await asyncio.sleep(0.2)
            else:
                return


async def version(management_url: str) -> str:
    """Ask a node for its version, "3.10.8"."""
    async with Management(management_url) as management:
        return str((await management.get("/api/overview"))["rabbitmq_version"])
