"""Where a request comes from, for LG-4: an IPv4 address or an IPv6 /64, never a forged one."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from shared.settings.values import Network

Address = IPv4Address | IPv6Address
NOWHERE = "unknown"  # a peer without an address, such as a socket file
PORT = r"(?::\d{1,5})?"
WRITTEN = re.compile(
    rf"\[(?P<bracketed>[^\[\]]*)\]{PORT}|(?P<four>[\d.]+){PORT}|(?P<bare>[^\[\]]*)", re.ASCII
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Believes a forwarded address only from configured proxies.

    Each proxy appends the address it saw, so the list is read from the right: the first address
    that is no trusted proxy is the client's. What stands left of it anybody may have written.
    """

    trusted: tuple[Network, ...]
    header: str

    def key(self, peer: str | None, forwarded: Sequence[str]) -> str:
        """Return the key that budgets and audit rows use."""
        found = self.address(peer, forwarded)
        return NOWHERE if found is None else key_of(found)

    def address(self, peer: str | None, forwarded: Sequence[str]) -> Address | None:
        """Return the client's address, for who passes the request on; None for one without."""
        nearest = address_of(peer or "")
        if nearest is None:
            return None
        hops = [hop for line in forwarded for hop in line.split(",")]
        for hop in reversed(hops):
            if not self._trusts(nearest):
                break
            further = address_of(hop)
            if further is None:  # not written by a proxy of ours: the last known one stands
                break
            nearest = further
        return nearest

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self.trusted)


@lru_cache(maxsize=1024)
def address_of(text: str) -> Address | None:
    """Read an address, with or without port, brackets or zone; IPv4 inside IPv6 is IPv4.

    None for anything else, so that no half-written entry is a source of its own.
    """
    text = text.strip()
    if len(text) > 1 and text[0] == text[-1] == '"':
        text = text[1:-1]
    match = WRITTEN.fullmatch(text)
    if match is None:
        return None
    bare = match["bracketed"] or match["four"] or match["bare"] or ""
    bare, zone, _ = bare.partition("%")
    try:
        found = ip_address(bare)
    except ValueError:
        return None
    if isinstance(found, IPv4Address):
        return None if zone or match["bracketed"] else found
    return found.ipv4_mapped or found


def key_of(address: Address) -> str:
    """An IPv6 client owns a whole /64, so that is what is counted."""
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, 64), strict=False))


def network_of(source: str) -> str | None:
    """Return the network that a source is in, as far as a person is told: an IPv4 /24, an IPv6 /48.

    Who looks over her sessions knows her own by it, and nobody learns which house they are in.
    None for a source without an address.
    """
    if source in ("", NOWHERE):
        return None
    width = 48 if ":" in source else 24
    return str(ip_network(source).supernet(new_prefix=width))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a source is counted: which row, and which of its /64s where the row is a /48's."""

    row: str
    subnet: int = 0
    wider: tuple[str, ...] = ()  # the /56 and the /48, which have larger budgets of their own


@lru_cache(maxsize=1024)
def place_of(source: str) -> Place:
    """Whoever has a /64 may well have a /56 or a /48: 65,536 sources, if only each was counted."""
    if not source.endswith("/64"):
        return Place(row=source)
    network = IPv6Network(source)
    wider = tuple(str(network.supernet(new_prefix=width)) for width in (56, 48))
    subnet = (int(network.network_address) >> 64) & 0xFFFF
    return Place(row=wider[-1], subnet=subnet, wider=wider)
