"""PostgreSQL and RabbitMQ as containers of a Docker engine that answers."""

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import docker
import docker.errors
import docker.utils
import requests
import urllib3
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer

from deploy.local import ports, postgres, rabbitmq
from deploy.local.errors import SourceUnavailable
from deploy.local.processes import Say, Trace, is_gone, together
from shared.randomness import Randomness

POSTGRES, RABBITMQ = "postgres:17", "rabbitmq:4"
DATA = "/var/lib/postgresql/data"  # in memory for a plain test run, as locally
CHECKOUT, OWNER, STARTED = "portico.checkout", "portico.owner", "portico.owner-started"  # labels
UNIX = "unix://"
DEFAULT_HOST = f"{UNIX}/var/run/docker.sock"
ENGINE_ANSWERS_WITHIN = 10  # seconds
PULLED_WITHIN = 600.0  # seconds an image
PULL_SILENT_FOR = 30  # seconds without a word of progress: the registry is not reached
ENGINE_AWAY = (docker.errors.DockerException, requests.RequestException, OSError)
"""What the client raises while an engine is not there, or not ours to use."""


@dataclass(slots=True)
class Containers:
    """Two containers of one run, removed with it, or by the next run after a crash."""

    checkout: str
    owner: Trace
    started: list[DockerContainer] = field(default_factory=list)

    async def start(self, *, durable: bool) -> tuple[str, rabbitmq.Node]:
        """Start both; return PostgreSQL's administrator URL and the node's URLs."""
        testcontainers_config.ryuk_disabled = True  # its image is one more to have; labels do
        password = Randomness().token()
        database = self.describe_postgres(password, durable=durable)
        broker = self.describe_rabbitmq(password)
        await together(self.launch(database), self.launch(broker))
        url = f"postgresql://{postgres.ADMINISTRATOR}:{password}@{at(database, 5432)}/postgres"
        access = f"{rabbitmq.ADMINISTRATOR}:{password}"
        node = rabbitmq.Node(
            amqp_url=f"amqp://{access}@{at(broker, 5672)}/",
            management_url=f"http://{access}@{at(broker, 15672)}",
        )
        await together(
            postgres.answers(url, check=alive(database)),
            rabbitmq.answers(node.management_url, check=alive(broker)),
        )
        return url, node

    def describe_postgres(self, password: str, *, durable: bool) -> DockerContainer:
        options = ["-c", f"max_connections={postgres.CONNECTIONS}"]
        container = (
            DockerContainer(POSTGRES)
            .with_env("POSTGRES_USER", postgres.ADMINISTRATOR)
            .with_env("POSTGRES_PASSWORD", password)
            .with_env("POSTGRES_DB", "postgres")
            .with_env("POSTGRES_INITDB_ARGS", "--encoding=UTF8 --locale=C")
            .with_command(["postgres", *options, *(() if durable else postgres.NOT_DURABLE)])
            .with_exposed_ports(5432)
            .with_kwargs(labels=self.labels)
        )
        return container if durable else container.with_tmpfs_mount(DATA)

    def describe_rabbitmq(self, password: str) -> DockerContainer:
        return (
            DockerContainer(RABBITMQ)
            .with_env("RABBITMQ_DEFAULT_USER", rabbitmq.ADMINISTRATOR)
            .with_env("RABBITMQ_DEFAULT_PASS", password)
            .with_copy_into_container(rabbitmq.PLUGINS.encode(), "/etc/rabbitmq/enabled_plugins")
            .with_copy_into_container(
                rabbitmq.CONFIGURATION, "/etc/rabbitmq/conf.d/20-portico.conf"
            )
            .with_exposed_ports(5672, 15672)
            .with_kwargs(labels=self.labels)
        )

    @property
    def labels(self) -> dict[str, str]:
        """Say whose it is: this process's, of this checkout on this host."""
        return {
            CHECKOUT: self.checkout,
            OWNER: str(self.owner.pid),
            STARTED: self.owner.started,
        }

    async def launch(self, container: DockerContainer) -> None:
        """Start it, or raise SourceUnavailable with the engine's reason."""
        self.started.append(container)
        try:
            await asyncio.to_thread(container.start)
        except ENGINE_AWAY as problem:
            raise SourceUnavailable(f"{container.image} does not start: {problem}") from problem

    async def stop(self) -> None:
        """Remove them with their volumes."""
        while self.started:
            await asyncio.to_thread(self.started.pop().stop)


def checkout_of(folder: Path) -> str:
    """Name the checkout of a `.local` folder: another host may use the same engine."""
    return f"{socket.gethostname()}:{folder.resolve()}"


async def prepare(
    checkout: str,
    say: Say,
    *,
    images: Sequence[str] = (POSTGRES, RABBITMQ),
    within: float = PULLED_WITHIN,
) -> None:
    """See that an engine answers and has the images; what it lacks is pulled, said aloud.

    Raises SourceUnavailable with the reason.
    """
    for image in await asyncio.to_thread(check_engine, checkout, images, say):
        say(f"pulling {image} ...")
        await pull(image, within=within)


def check_engine(checkout: str, images: Sequence[str], say: Say) -> list[str]:
    """Return the images that the engine lacks; remove what a crashed run left."""
    try:
        knock(docker.utils.kwargs_from_env().get("base_url", DEFAULT_HOST))
        client = docker.from_env(timeout=ENGINE_ANSWERS_WITHIN)
    except ENGINE_AWAY as problem:
        raise SourceUnavailable(f"no Docker engine answers ({problem})") from problem
    try:
        client.ping()
        remove_orphans(client, checkout, say)
        return [image for image in images if not has(client, image)]
    except ENGINE_AWAY as problem:
        raise SourceUnavailable(f"no Docker engine answers ({problem})") from problem
    finally:
        client.close()


async def pull(image: str, *, within: float) -> None:
    """Pull it, or raise SourceUnavailable with the engine's reason or when time is over."""
    unwanted = threading.Event()
    try:
        async with asyncio.timeout(within):
            await asyncio.to_thread(follow_pull, image, unwanted)
    except TimeoutError:
        raise SourceUnavailable(f"{image} was not pulled within {within:.0f} s") from None
    except (*ENGINE_AWAY, urllib3.exceptions.HTTPError) as problem:
        raise SourceUnavailable(f"{image} cannot be pulled: {problem}") from problem
    finally:
        unwanted.set()


def follow_pull(image: str, unwanted: threading.Event) -> None:
    """Follow the pull's progress to its end, or until nobody wants it any more."""
    client = docker.from_env(timeout=PULL_SILENT_FOR)
    try:
        for told in client.api.pull(image, stream=True, decode=True):
            if "error" in told:
                raise docker.errors.DockerException(told["error"])
            if unwanted.is_set():
                return
    finally:
        client.close()


def knock(host: str) -> None:
    """Raise OSError where nobody listens: docker's own client leaves its socket open then."""
    if host.startswith(UNIX):
        with socket.socket(socket.AF_UNIX) as door:
            door.connect(host.removeprefix(UNIX))


def has(client: docker.DockerClient, image: str) -> bool:
    """True when the engine has the image."""
    try:
        client.images.get(image)
    except docker.errors.ImageNotFound:
        return False
    return True


def remove_orphans(client: docker.DockerClient, checkout: str, say: Say) -> None:
    """Remove this checkout's containers whose run lives no more, known by pid and start time."""
    ours = {"label": f"{CHECKOUT}={checkout}"}
    for container in client.containers.list(all=True, filters=ours, ignore_removed=True):
        labels = container.labels
        if is_gone(Trace(int(labels[OWNER]), labels[STARTED])):
            say(f"removing container {container.short_id} that a run before this one left behind")
            with suppress(docker.errors.APIError):  # another run was quicker
                container.remove(force=True, v=True)


def at(container: DockerContainer, port: int) -> str:
    """Return host:port where the engine has put the container's port."""
    host = container.get_container_host_ip()
    return f"{ports.LOOPBACK if host == 'localhost' else host}:{container.get_exposed_port(port)}"


def alive(container: DockerContainer) -> Callable[[], None]:
    """Return a check that raises, with its log, once the container has ended."""

    def check() -> None:
        container.reload()
        if container.status not in ("created", "running"):
            log = b"".join(container.get_logs()).decode(errors="replace")[-2000:]
            raise SourceUnavailable(f"{container.image} has ended:\n{log}")

    return check
