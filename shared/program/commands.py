"""The command line of every service: serve, and the operator's verbs (ST-3)."""

import argparse
import asyncio
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from shared import logs
from shared.audit.chain import ChainBroken
from shared.audit.dropping import NotChainedYet
from shared.db import StatementFailed, told_by
from shared.errors import Refused, Unavailable
from shared.messaging.management import ManagementRefused
from shared.migrate import MigrationRefused
from shared.program.asked import Asked, Command, NeedsSetting, NoKeys, OtherSchema
from shared.program.program import F, Program, S, Verb
from shared.program.terminal import FAILED, INTERRUPTED, MISUSED, OTHER_SCHEMA, NoSuch, tell, why
from shared.program.verbs import (
    audit,
    check,
    dead_letters,
    documents,
    keys,
    projections,
    purge,
    serving,
    snapshots,
)
from shared.publications import ForAnotherRebuild, NotKnownSince, TakenOver
from shared.settings.loader import PREFIX, SettingsInvalid

COMMANDS: tuple[Command, ...] = (
    *serving.COMMANDS,
    *documents.COMMANDS,
    *dead_letters.COMMANDS,
    *keys.COMMANDS,
    *snapshots.COMMANDS,
    *projections.COMMANDS,
    *purge.COMMANDS,
    *audit.COMMANDS,
    *check.COMMANDS,
)

REFUSALS = (
    ChainBroken,
    ForAnotherRebuild,
    ManagementRefused,
    MigrationRefused,
    NoKeys,
    NoSuch,
    NotChainedYet,
    NotKnownSince,
    TakenOver,
)


def main(program: Program[F, S], argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one verb and return the exit code: 0 done, 1 refused or away, 2 misused or misset, 3 the
    schema is another release's, 130 interrupted.
    """
    commands = (*COMMANDS, *(own(verb) for verb in program.verbs))
    parsed = parser(program.service, commands).parse_args(list(argv) or ["serve"])
    command = next(command for command in commands if command.name == parsed.verb)
    if command.name != "serve":
        logs.configure(program.service, "WARNING", sys.stderr)
    asked = Asked(program=program, environ=environ, arguments=parsed)
    try:
        with terminated_as_interrupted():
            return asyncio.run(command.run(asked))
    except SettingsInvalid as invalid:
        return tell(MISUSED, *invalid.problems)
    except NeedsSetting as missing:
        return tell(MISUSED, f"{PREFIX}{missing} is missing: `{command.name}` needs it")
    except OtherSchema as other:
        return tell(OTHER_SCHEMA, str(other))
    except REFUSALS as refused:
        return tell(FAILED, str(refused))
    except Refused as refusal:
        said = (f"{one.field}: {one.detail}" for one in refusal.violations)
        return tell(FAILED, "; ".join(said) or refusal.title)
    except Unavailable as away:
        return tell(FAILED, f"{type(away).__name__}: {why(away)}")
    except StatementFailed as failed:  # as where a right is missing
        return tell(FAILED, f"the database refused it: {told_by(failed)}")
    except KeyboardInterrupt:
        return tell(INTERRUPTED, "interrupted: what it was at is undone, what it said is done")


def interrupt(*_: object) -> None:
    """As Ctrl-C does, of which asyncio makes a cancellation: but not where Ctrl-C is ignored, as it
    is in what a script starts in the background.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


@contextmanager
def terminated_as_interrupted() -> Iterator[None]:
    """Let SIGTERM, as a scheduler sends it, end a verb as Ctrl-C does: in order, and with a word.

    `serve` drains on either by handlers of its own. Outside the main thread nothing can be set.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def parser(service: str, commands: Sequence[Command]) -> argparse.ArgumentParser:
    """Make the parser; a verb of two words is one of a group."""
    top = argparse.ArgumentParser(prog=f"python -m services.{service}")
    verbs = top.add_subparsers(required=True, metavar="VERB")
    groups: dict[str, Any] = {}
    for command in commands:
        first, _, second = command.name.partition(" ")
        if second and first not in groups:
            group = verbs.add_parser(first, help=f"{first} …")
            groups[first] = group.add_subparsers(required=True, metavar="VERB")
        level = groups[first] if second else verbs
        one = level.add_parser(second or first, help=command.help, description=command.help)
        command.arguments(one)
        if command.changes:
            one.add_argument("--dry-run", action="store_true", help="only say what it would do")
        one.set_defaults(verb=command.name)
    return top


def own(verb: Verb[S]) -> Command:
    """Make a service's own verb one of the others."""

    async def run(asked: Asked[Any, S]) -> int:
        async with asked.plumbing() as plumbing:
            return await verb.run(plumbing, asked.arguments)

    return Command(
        name=verb.name, help=verb.help, run=run, arguments=verb.arguments, changes=verb.changes
    )
