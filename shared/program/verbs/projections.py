"""Projections of others' snapshots: listed, and rebuilt while events come (ST-3)."""

import argparse
import asyncio

import msgspec

from shared.audit.entries import Action
from shared.messaging import rebuilds
from shared.messaging.snapshots import Projection
from shared.program.asked import Asked, Command
from shared.program.bar import shown
from shared.program.program import F, Plumbing, S
from shared.program.terminal import FAILED, OK, say, say_json, tell
from shared.progress import Progress

LOOK_EVERY = 0.5  # seconds, while nothing is there to be settled


class RebuildAction(Action):
    REBUILD = "projection.rebuild"


class ProjectionListed(msgspec.Struct, frozen=True, kw_only=True):
    """A line of `projection list`."""

    name: str
    owner: str
    rows: int
    generation: int
    older: int  # rows that are not of the generation: to be heard again, while it is rebuilt
    rebuilding: bool


async def list_kept(asked: Asked[F, S]) -> int:
    async with asked.plumbing() as plumbing:
        return say_json(
            *[await listed(plumbing, projection) for projection in asked.program.projections]
        )


async def rebuild(asked: Asked[F, S]) -> int:
    """Begin, or go on with what was begun; then settle each piece as it comes."""
    arguments = asked.arguments
    projections = {one.name: one for one in asked.program.projections}
    projection = projections.get(arguments.projection)
    if projection is None:
        kept = ", ".join(projections) or "none"
        return tell(FAILED, f"{asked.program.service} has no such projection: it has {kept}")
    async with asked.plumbing() as plumbing:
        now = await listed(plumbing, projection)
        if asked.dry_run:
            generation = now.generation + (not now.rebuilding)
            begun = "go on with" if now.rebuilding else "begin"
            told = f"would {begun} generation {generation}; {now.rows} rows are kept meanwhile"
            return say(told, publishing(plumbing, projection, generation))
        async with plumbing.acts.open(plumbing.operator()) as act:
            if await rebuilds.begin(act.tx, projection, act.now):
                act.record(RebuildAction.REBUILD, detail=f"begun:{projection.name}")
        generation = (await listed(plumbing, projection)).generation
        say(
            f"generation {generation} of {projection.name}: rows stay until they are heard again",
            publishing(plumbing, projection, generation),
        )
        if arguments.no_wait:
            return OK
        with shown(projection.name) as progress:
            progress.begin(now.rows)
            gone = await settled(plumbing, projection, progress)
    return say(f"{projection.name} are what {projection.contract.owner} has; {gone} were nobody's")


def publishing(plumbing: Plumbing[S], projection: Projection, generation: int) -> str:
    """What is to be called where the snapshots come from."""
    owner, service = projection.contract.owner, plumbing.service
    return f"at {owner}: snapshots publish {projection.name} --rebuild {service}:{generation}"


async def settled(plumbing: Plumbing[S], projection: Projection, progress: Progress) -> int:
    """Settle until all of it is; return how many rows were nobody's.

    Where another call settles beside this one, either takes what is next.
    """
    gone = 0
    while True:
        async with plumbing.acts.open(plumbing.operator()) as act:
            piece = await rebuilds.settle(act.tx, projection, act.now)
            if piece is not None and piece.whole:
                act.record(RebuildAction.REBUILD, detail=f"ended:{projection.name}")
        if piece is not None:
            gone += piece.gone
            progress.add(piece.subjects)
            continue
        async with plumbing.database.connection() as connection:
            begun = await rebuilds.find(connection, projection.name)
        if begun is None or begun.ended_at is not None:
            return gone
        await asyncio.sleep(LOOK_EVERY)


async def listed(plumbing: Plumbing[S], projection: Projection) -> ProjectionListed:
    async with plumbing.database.connection() as connection:
        begun = await rebuilds.find(connection, projection.name)
        generation = begun.generation if begun else 0
        rows, older = await rebuilds.count(connection, projection, generation)
    return ProjectionListed(
        name=projection.name,
        owner=projection.contract.owner,
        rows=rows,
        generation=generation,
        older=older,
        rebuilding=begun is not None and begun.ended_at is None,
    )


def which_projection(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("projection", metavar="NAME", help="as `projection list` has it")
    parser.add_argument(
        "--no-wait", action="store_true", help="only begin; the same verb goes on with it"
    )


COMMANDS = (
    Command(
        name="projection list",
        help="list the projections that this service keeps as JSON lines",
        run=list_kept,
    ),
    Command(
        name="projection rebuild",
        help="make a projection what its owner has, while events come",
        run=rebuild,
        arguments=which_projection,
        changes=True,
    ),
)
