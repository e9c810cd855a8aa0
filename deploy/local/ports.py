"""Ports of the loopback interface: one that is ours to listen on, and who holds one that is not."""

import errno
import os
import socket
from collections import deque
from pathlib import Path

from shared.randomness import Randomness

LOOPBACK = "127.0.0.1"
# Below the range the kernel takes outgoing ports from: only a listener can take one of these.
LOWEST, HIGHEST = 20000, 32000
HELD_AT_ONCE = 256  # more than a stack of three replicas draws before it listens on the first
LISTENING = "0A"

held: deque[int] = deque()  # descriptors: the end of the process closes what is left


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
    """Return a port that nobody has, and that no other draw returns while this one is held.

    A server may need seconds from the draw to its listening, and several runs start servers at
    once. So the port is bound here, without SO_REUSEADDR: a second draw of it fails, in this
    process and in any other. Set afterwards, the option lets a server listen beside us that sets
    it too, as servers do. It is given up after the next HELD_AT_ONCE draws: each is a descriptor.
    """
    while True:
        port = int(Randomness().between(LOWEST, HIGHEST))
        hold = socket.socket()
        try:
            hold.bind((LOOPBACK, port))
        except OSError as problem:
            hold.close()
            if problem.errno != errno.EADDRINUSE:
                raise
            continue
        hold.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.append(hold.detach())
        if len(held) > HELD_AT_ONCE:
            os.close(held.popleft())
        return port


def free_ports(count: int) -> tuple[int, ...]:
    """Return that many of them."""
    return tuple(free_port() for _ in range(count))


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
