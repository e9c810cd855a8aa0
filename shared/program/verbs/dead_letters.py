"""Dead letters: listed without their bodies, tried again, or deleted (ST-3)."""

import argparse

from shared.audit.entries import Action
from shared.messaging import dead_letters
from shared.program.asked import Asked, Command
from shared.program.program import F, S
from shared.program.terminal import number_from, say, say_json


class LetterAction(Action):
    REPLAY = "dead-letters.replay"
    DISCARD = "dead-letters.discard"


async def list_dead(asked: Asked[F, S]) -> int:
    arguments = asked.arguments
    async with asked.plumbing() as plumbing:
        letters = await dead_letters.list_dead(
            plumbing.database,
            consumer=arguments.queue,
            after=arguments.after,
            limit=arguments.limit,
        )
    return say_json(*letters)


async def replay(asked: Asked[F, S]) -> int:
    ids = asked.arguments.ids or None
    async with asked.plumbing() as plumbing, plumbing.acts.open(plumbing.operator()) as act:
        replayed = await dead_letters.replay(act.tx, ids=ids, now=act.now)
        act.record(LetterAction.REPLAY, detail=f"letters:{replayed}")
    return say(f"{replayed} handed to the retry loop")


async def discard(asked: Asked[F, S]) -> int:
    ids = asked.arguments.ids or None
    async with asked.plumbing() as plumbing, plumbing.acts.open(plumbing.operator()) as act:
        discarded = await dead_letters.discard(act.tx, ids=ids)
        act.record(LetterAction.DISCARD, detail=f"letters:{discarded}")
    return say(f"{discarded} discarded")


def page(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--queue", help="only this queue's")
    parser.add_argument(
        "--after", type=number_from(0), default=0, metavar="ID", help="begin after this one"
    )
    parser.add_argument("--limit", type=number_from(1), default=100)


def which(parser: argparse.ArgumentParser) -> None:
    one = parser.add_mutually_exclusive_group(required=True)
    one.add_argument("--all", action="store_true", help="every one")
    one.add_argument("--ids", type=number_from(1), nargs="+", metavar="ID", help="these")


COMMANDS = (
    Command(
        name="dead-letters list",
        help="list dead letters as JSON lines",
        run=list_dead,
        arguments=page,
    ),
    Command(
        name="dead-letters replay",
        help="try dead letters again",
        run=replay,
        arguments=which,
        changes=True,
    ),
    Command(
        name="dead-letters discard",
        help="delete dead letters for good",
        run=discard,
        arguments=which,
        changes=True,
    ),
)
