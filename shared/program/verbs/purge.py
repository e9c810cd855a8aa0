"""What is over, deleted to the last row at once, as the loops do it batch by batch (ST-3)."""

from collections.abc import Iterator
from contextlib import nullcontext

from shared.audit.entries import Action
from shared.loops import Sweep
from shared.messaging import wiring
from shared.program.asked import Asked, Command
from shared.program.bar import shown
from shared.program.own_loops import own_sweeps
from shared.program.program import Composition, F, Plumbing, S
from shared.program.terminal import say
from shared.progress import Progress


class PurgeAction(Action):
    PURGE = "purge"


async def purge(asked: Asked[F, S]) -> int:
    """Go from kind to kind. A batch is a transaction: beside a replica, or after an interruption,
    whoever comes takes what is left.
    """
    async with asked.plumbing() as plumbing:
        composition = asked.program.compose(plumbing)
        try:
            await record(plumbing, "begun")
            for sweep in sweeps(plumbing, composition):
                # A dry run lets go of the rows of one kind before it goes on: requests want them.
                apart = plumbing.database.rehearsal() if asked.dry_run else nullcontext()
                with shown(sweep.what) as progress:
                    async with apart:
                        count = await swept(sweep, progress)
                await record(plumbing, f"ended:{sweep.name}:{count}")
                say(f"{'would purge' if asked.dry_run else 'purged'} {count} {sweep.what}")
        finally:
            for closer in composition.closers:
                await closer()
    return say(*(() if asked.dry_run else ("done",)))


def sweeps(plumbing: Plumbing[S], composition: Composition[F]) -> Iterator[Sweep]:
    """Everything that a loop of this service sweeps."""
    for loop in (*own_sweeps(plumbing), *composition.loops):
        if loop.sweep is not None:
            yield loop.sweep
    yield from wiring.sweeps(
        (*composition.subscriptions, *(inbox.queue for inbox in composition.inboxes)),
        database=plumbing.database,
        clock=plumbing.clock,
        metrics=plumbing.metrics,
    )


async def swept(sweep: Sweep, progress: Progress) -> int:
    """Sweep until a batch is not full; return how many rows that were."""
    total = 0
    while True:
        count = await sweep.once()
        total += count
        progress.add(count)
        if count < sweep.full:
            return total


async def record(plumbing: Plumbing[S], detail: str) -> None:
    async with plumbing.acts.open(plumbing.operator()) as act:
        act.record(PurgeAction.PURGE, detail=detail)


COMMANDS = (
    Command(
        name="purge",
        help="delete all that is over and serves nothing any more, as the loops do in time",
        run=purge,
        changes=True,
    ),
)
