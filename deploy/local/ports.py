"""Ports of the loopback interface: a free one, and who holds one that is not."""

import errno
import socket
from pathlib import Path

from shared.randomness import Randomness

LOOPBACK = "127.0.0.1"
# Below the range the kernel takes outgoing ports from: a port found free stays free until used.
LOWEST, HIGHEST = 20000, 32000
LISTENING = "0A"


def is_free(port: int) -> bool:
    """True when a server could listen on it now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as problem:
            if problem.errno != errno.EADDRINUSE:
                raise
            return False
    return True


def free_port() -> int:
    """Return a port nobody listens on, chosen at random so that two runs hardly ever meet."""
    while True:
        port = int(Randomness().between(LOWEST, HIGHEST))
        if is_free(port):
            return port


def free_ports(count: int) -> tuple[int, ...]:
    """Return that many of them, no two alike."""
    found: set[int] = set()
    while len(found) < count:
        found.add(free_port())
    return tuple(found)


def holder(port: int) -> str:
    """Say which program listens on this port, as far as this user may see."""
    inodes = listening_inodes(port)
    for links in Path("/proc").glob("[0-9]*/fd"):
        try:
            if any(str(link.readlink()) in inodes for link in links.iterdir()):
                command = (links.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                return f"process {links.parent.name} ({command.strip()})"
        except OSError:
            continue  # another user's, or gone
    return "a program that this user may not see"


def listening_inodes(port: int) -> set[str]:
    """Return the sockets that listen on this port, as /proc/<pid>/fd names them."""
    found = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            fields = line.split()
            if fields[3] == LISTENING and int(fields[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{fields[9]}]")
    return found
