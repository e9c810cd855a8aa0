"""What one kind of request needs: to be accepted, and to be worked on."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from services.recovery.settings import RecoverySettings
from services.recovery.waiting.model import Kind
from services.recovery.waiting.requests import Requests
from services.recovery.waiting.rounds import Rounds, Work
from services.recovery.waiting.store import requests as store
from shared.group_commit import GroupCommit
from shared.loops import Loop
from shared.program.program import Plumbing

LONGEST_WAIT = 2.0  # seconds until requests are looked at again after the database was away


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    requests: Requests
    rounds: Rounds
    loop: Loop


def compose(
    plumbing: Plumbing[RecoverySettings],
    kind: Kind,
    work: Work,
    *,
    loop: str,
    fed_since: Callable[[], datetime | None],
) -> Features:
    """Build the group for one kind.

    Its loop is woken by every request a little later; it ticks for what other replicas left.
    """
    settings, wake = plumbing.settings, asyncio.Event()
    rounds = Rounds(
        kind=kind,
        work=work,
        acts=plumbing.acts,
        clock=plumbing.clock,
        patience=timedelta(seconds=settings.miss_patience),
        fed_since=fed_since,
    )
    return Features(
        requests=Requests(
            keep=GroupCommit(database=plumbing.database, write=partial(store.add, kind)),
            digests=plumbing.digests,
            randomness=plumbing.randomness,
            work=wake,
        ),
        rounds=rounds,
        loop=Loop(
            name=loop, once=rounds.once, every=settings.tick, wake=wake, longest_wait=LONGEST_WAIT
        ),
    )
