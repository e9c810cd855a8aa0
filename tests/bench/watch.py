"""A watch: how long something takes, and what every process group spends on it meanwhile."""

import os
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from tests.bench.figures import Measured, Spread
from tests.bench.processes import TICKS
from tests.support.proc import PARENT, by_parent, processes

# Of a process's fields: its own time, user and system, and that of its children that ended.
SPENT = slice(11, 15)
SERVERS = ("PostgreSQL", "RabbitMQ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """One that was begun. The first group is the one that the row is about."""

    groups: Mapping[str, int]  # a process each: what it has started belongs to it
    before: Mapping[str, float]
    began: float = field(default_factory=time.monotonic)

    @classmethod
    def over(cls, groups: Mapping[str, int]) -> "Watch":
        """Begin now."""
        return cls(groups=groups, before=spent_by(groups))

    @property
    def seconds(self) -> float:
        """Since it was begun."""
        return time.monotonic() - self.began

    def measured(
        self,
        done: int,
        *,
        seconds: float | None = None,
        others: Mapping[str, float] | None = None,
    ) -> Measured:
        """Say what was done since, in this time or in `seconds`, and who spent what on it.

        `others` are processes of the bench's own, which have counted for themselves.
        """
        seconds = self.seconds if seconds is None else seconds
        after = spent_by(self.groups)
        spent = {name: after[name] - self.before[name] for name in self.groups}
        return Measured(
            done=done,
            seconds=seconds,
            cpu=spent[next(iter(self.groups))],
            spent={**spent, **(others or {})},
        )


def spent_by(groups: Mapping[str, int]) -> Mapping[str, float]:
    """Seconds that each group has spent: all its processes, those that ended included."""
    names = {pid: name for name, pid in groups.items()}
    found = dict(processes())
    parents = {pid: int(fields[PARENT]) for pid, fields in found.items()}
    total: dict[str, float] = defaultdict(float)
    for pid, fields in found.items():
        group: int | None = pid
        while group is not None and group not in names:
            group = parents.get(group)
        if group is not None:
            total[names[group]] += sum(map(int, fields[SPENT])) / TICKS
    return total


@cache
def server_pids() -> Mapping[str, int]:
    """Find the servers that this process has started, here or in containers; none given by URL."""
    started = by_parent().get(os.getpid(), ())
    commands = {pid: Path(f"/proc/{pid}/cmdline").read_text() for pid in started}
    found = {
        name: pid
        for name, word in zip(SERVERS, ("bin/postgres", "rabbitmq-server"), strict=True)
        for pid, command in commands.items()
        if word in command
    }
    return found or container_pids()


def container_pids() -> Mapping[str, int]:
    """The first process of each of this process's containers."""
    try:
        import docker

        client = docker.from_env(timeout=5)
    except Exception:  # no engine, no client: told by URL, or nothing to tell
        return {}
    try:
        mine = {"label": f"portico.owner={os.getpid()}"}
        return {
            SERVERS["postgres" not in str(found.image)]: pid
            for found in client.containers.list(filters=mine)
            if (pid := found.attrs["State"]["Pid"])
        }
    finally:
        client.close()


def costs(row: str, each: str, rounds: Sequence[Measured]) -> str:
    """Name what was spent and who was busiest: the first ceiling is the one that is reached."""
    spent = {name: Spread.of(one.spent[name] for one in rounds).middle for name in rounds[0].spent}
    ranked = sorted(spent.items(), key=lambda item: -item[1])
    done = Spread.of(one.done for one in rounds).middle
    seconds = Spread.of(one.seconds for one in rounds).middle
    busiest, most = ranked[0]
    told = ", ".join(f"{name} {cost / done * 1e6:.0f}" for name, cost in ranked)
    total, cores = sum(spent.values()), len(os.sched_getaffinity(0))
    return (
        f"{row}: CPU a {each} in µs: {told}, together {total / done * 1e6:.0f}; busiest was "
        f"{busiest} with {most / seconds:.0%} of a core, all of this took {total / seconds:.0%} of "
        f"{cores} cores"
    )
