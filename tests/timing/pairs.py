"""Pairs of requests, one of somebody known and one of another class, in either order."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from shared.randomness import Randomness
from tests.bench.figures import NotMeasured
from tests.bench.load import Connection, Job, requests


@dataclass(frozen=True, slots=True, kw_only=True)
class InSession:
    """A body that is sent with a token of its own."""

    body: str
    token: str


Bodies = Callable[[int], Awaitable[Sequence[str | InSession]]]
"""Makes so many bodies, and what is behind them: each is sent once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """A public verb that must not tell whether somebody is known."""

    job: Job  # where it is
    accepted: int  # the status that it answers with, whoever is asked for
    known: Bodies
    others: Mapping[str, Bodies]  # by class
    against: Mapping[str, Bodies] = field(default_factory=dict)
    """What a class is held against, where it is not `known`: what a guesser sends decides, too."""
    renewed: Callable[[], Awaitable[Job]] | None = None
    """Makes the job anew for each class, where a token is in it: it lives five minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Took:
    """Seconds of each reply."""

    known: Sequence[float]
    other: Sequence[float]


async def compare(
    door: Door,
    other: Bodies,
    *,
    pairs: int,
    randomness: Randomness,
    known: Bodies | None = None,
) -> Took:
    """Knock for one of each, one after the other over one connection, in an order by chance.

    So both meet the same machine, and the same work behind the requests before. Raises NotMeasured
    where a reply is not the one that all get.
    """
    these, others = await (known or door.known)(pairs), await other(pairs)
    known_first = [randomness.between(0.0, 1.0) < 0.5 for _ in range(pairs)]
    sent: list[str | InSession] = []
    for one, another, first in zip(these, others, known_first, strict=True):
        sent += (one, another) if first else (another, one)
    took = await times(door, sent)
    return Took(
        known=[took[2 * pair + (not first)] for pair, first in enumerate(known_first)],
        other=[took[2 * pair + first] for pair, first in enumerate(known_first)],
    )


async def times(door: Door, bodies: Sequence[str | InSession]) -> Sequence[float]:
    """How long the reply to each took."""
    now, took = asyncio.get_running_loop().time, []
    job = door.job if door.renewed is None else await door.renewed()
    connection = Connection()
    await connection.open(job.host, job.port)
    try:
        for request in list(written(job, bodies)):
            began = now()
            status = await connection.ask(request)
            took.append(now() - began)
            if status != door.accepted:
                raise NotMeasured(f"answered {status} where {door.accepted} is for all")
    finally:
        connection.close()
    return took


def written(job: Job, bodies: Sequence[str | InSession]) -> Iterator[bytes]:
    """The requests, each from a source of its own."""
    for number, one in enumerate(bodies):
        said = one if isinstance(one, InSession) else InSession(body=one, token="")
        headers = {
            **job.headers,
            **({"Authorization": f"Bearer {said.token}"} if said.token else {}),
        }
        yield from requests(
            msgspec.structs.replace(
                job, bodies=(said.body,), headers=headers, first_source=job.first_source + number
            )
        )
