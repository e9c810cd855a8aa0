"""A private PostgreSQL of this machine: one free loopback port, one administrator, one folder."""

import asyncio
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import asyncpg

from deploy.local import ports
from deploy.local.errors import ProgramFailed, SourceUnavailable
from deploy.local.processes import Run, unprivileged
from shared.randomness import Randomness

PACKAGE = "postgresql"
DEBIAN = Path("/usr/lib/postgresql")
ADMINISTRATOR = "portico_admin"
MEMORY = Path("/dev/shm")  # noqa: S108 - only a folder of our own inside it is used
MEMORY_NEEDED = 4 * 2**30
CONNECTIONS = 300  # four services and the tests of one machine
READY_WITHIN = 60.0

# A plain test run may lose its data with the machine; a run that kills the server may not.
NOT_DURABLE = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


def find() -> Path | None:
    """Return the folder of `initdb` and `postgres`: Debian's newest version, else the path's."""
    versions = [folder for folder in DEBIAN.glob("*/bin") if (folder / "initdb").exists()]
    if versions:
        return max(versions, key=lambda folder: version_of(folder.parent.name))
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def in_memory() -> Path | None:
    """Return the machine's memory file system, where it has room for a test run's databases.

    A test's database is copied and dropped there ten times as fast as on a disk.
    """
    roomy = MEMORY.is_mount() and shutil.disk_usage(MEMORY).free > MEMORY_NEEDED
    return MEMORY if roomy else None


def version_of(name: str) -> tuple[int, ...]:
    """Order 9.6 before 15."""
    return tuple(int(part) for part in re.findall(r"\d+", name))


async def start(run: Run, *, environ: dict[str, str], durable: bool) -> str:
    """Start a fresh cluster and return its administrator's URL once it answers."""
    binaries = find()
    if binaries is None:
        raise SourceUnavailable("PostgreSQL's initdb is not found")
    user = unprivileged("postgres")  # PostgreSQL refuses root
    folder = run.private_folder("postgres", user=user, base=None if durable else in_memory())
    password = Randomness().token()
    await initialise(run, binaries, folder, user=user, password=password, environ=environ)

    port = ports.free_port()
    program = run.start(
        "postgres",
        [
            binaries / "postgres",
            *("-D", folder / "data", "-p", str(port)),
            *("-c", f"listen_addresses={ports.LOOPBACK}", "-c", "unix_socket_directories="),
            *("-c", f"max_connections={CONNECTIONS}"),
            *(() if durable else NOT_DURABLE),
        ],
        environ=environ,
        log=folder / "server.log",
        folder=folder,
        user=user,
        stop_signal=signal.SIGINT,  # "fast": does not wait for clients
    )
    url = f"postgresql://{ADMINISTRATOR}:{password}@{ports.LOOPBACK}:{port}/postgres"
    await answers(url, check=program.check)
    return url


async def initialise(
    run: Run,
    binaries: Path,
    folder: Path,
    *,
    user: str | None,
    password: str,
    environ: dict[str, str],
) -> None:
    """Run initdb: an administrator with this password, SCRAM for everybody, UTF-8."""
    secret = folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    if user is not None:
        shutil.chown(secret, user)
    program = run.start(
        "initdb",
        [
            binaries / "initdb",
            *("-D", folder / "data", "-U", ADMINISTRATOR, f"--pwfile={secret}"),
            *("-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "--no-sync"),
        ],
        environ=environ,
        log=folder / "server.log",
        folder=folder,
        user=user,
    )
    if await asyncio.to_thread(program.process.wait):
        program.check()
    secret.unlink()


async def answers(url: str, *, check: Callable[[], None], within: float = READY_WITHIN) -> None:
    """Wait until a query is answered; `check` raises when waiting is of no use."""
    deadline = asyncio.get_running_loop().time() + within
    while True:
        check()
        try:
            await version(url)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as problem:
            if asyncio.get_running_loop().time() > deadline:
                raise ProgramFailed(f"PostgreSQL does not answer: {problem}") from problem
            await asyncio.sleep(0.1)
        else:
            return


async def version(url: str) -> str:
    """Ask a server for its version, "15.18"."""
    connection = await asyncpg.connect(url, timeout=5)
    try:
        return str(await connection.fetchval("SHOW server_version")).split()[0]
    finally:
        await connection.close()
