"""What an operator should see to: services that are away, and a client's address not believed."""

from dataclasses import dataclass
from uuid import UUID

from deploy.gateway.app import Gateway
from deploy.gateway.doors.http import Door, source_seen_by
from deploy.gateway.web.refusals import Away, Broken, Refused

OK, FAILED = 0, 1
SOMEBODY = "198.51.100.7"  # RFC 5737: nobody's


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """A request of nobody's, from an address that only a trusted proxy could name."""

    source: str
    correlation_id: UUID


async def check(gateway: Gateway) -> int:
    """Print a line a service; 1 if anything is to be seen to."""
    asker = Asker(source=SOMEBODY, correlation_id=gateway.randomness.uuid())
    lacks = [await lack_of(door, asker) for door in gateway.doors]
    for door, lack in zip(gateway.doors, lacks, strict=True):
        print(f"{'!!' if lack else 'ok'} {door.service}: {lack or 'answers, and believes us'}")
    await gateway.close()
    return FAILED if any(lacks) else OK


async def lack_of(door: Door, asker: Asker) -> str | None:
    """Say what is wrong between us and a service. Where our word on the client's address is not
    taken, all patients are one source to it, and fifty refusals lock everybody out (LG-4).
    """
    try:
        seen = await source_seen_by(door, asker)
    except (Away, Refused, Broken):
        return f"does not answer at {door.url}"
    if seen != asker.source:
        return f"takes {seen} for the client: name our network in its PORTICO_TRUSTED_PROXIES"
    return None
