"""Serving, and what is made and set before it: the schema, the topology, the settings."""

import argparse

from shared import logs
from shared.contracts.topology import queues
from shared.db import one_connection
from shared.messaging import topology
from shared.migrate import difference, migrate
from shared.program.asked import Asked, Command, NeedsSetting, administrator, folders_of
from shared.program.process import CannotListen, serve
from shared.program.program import F, S
from shared.program.runtime import assemble
from shared.program.terminal import FAILED, OK, say, tell
from shared.settings.loader import describe
from shared.settings.values import REDACTED


async def run(asked: Asked[F, S]) -> int:
    settings = asked.settings()
    logs.configure(asked.program.service, settings.log_level)
    refused: list[str] = []
    try:
        await serve(assemble(asked.program, settings))
    except* CannotListen as group:
        refused = [str(error) for error in group.exceptions]
    return tell(FAILED, *(f"cannot listen on {one}" for one in refused)) if refused else OK


async def bring_up_to_date(asked: Asked[F, S]) -> int:
    settings = asked.settings()
    if settings.migration_url is None:
        raise NeedsSetting("MIGRATION_URL")
    if asked.dry_run:
        url = settings.migration_url.reveal()
        async with one_connection(url, application="migrate", ca=settings.tls_ca) as connection:
            missing, _ = await difference(connection, folders_of(asked.program))
        return say(*(f"would apply {name}" for name in missing), f"{len(missing)} to apply")
    applied = await migrate(
        settings.migration_url.reveal(),
        service=asked.program.service,
        folders=folders_of(asked.program),
        ca=settings.tls_ca,
    )
    return say(*applied, f"{len(applied)} applied")


async def make_topology(asked: Asked[F, S]) -> int:
    """Make everything, wait until the queues are up, and say which are not."""
    service, by = asked.program.service, administrator(asked.settings())
    remade = asked.arguments.remake
    if asked.dry_run:
        lost = [f"would delete {remade}, with what it holds"] if remade else []
        return say(*lost, *(f"would make {one.name}, if missing" for one in queues(service)))
    if remade:
        await topology.remake(service, remade, by)
        say(f"made anew: {remade}. What it held is lost; what waits in an outbox comes by itself")
    old = await topology.apply(service, by)
    down = await topology.down(service, by, old=old)
    advice = "not running; if its members are gone for good: topology --remake"
    if down:
        return tell(FAILED, *(f"{queue} is {advice} {queue}" for queue in down))
    return say("applied")


async def print_settings(asked: Asked[F, S]) -> int:
    """Print where each value comes from; then, if they do not fit, every problem, exit 2."""
    for row in describe(asked.program.settings):
        text = asked.environ.get(row.name, "")
        value = (REDACTED if row.secret else text) if text else row.default
        source = "environment" if text else "missing" if row.required else "default"
        say(f"{row.name}={value}  [{source}] {row.type}: {row.help}")
    asked.settings()
    return OK


def which_queue(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--remake", metavar="QUEUE", help="first delete this queue, which has no member left"
    )


COMMANDS = (
    Command(name="serve", help="run the service (default)", run=run),
    Command(name="migrate", help="bring the schema up to date", run=bring_up_to_date, changes=True),
    Command(
        name="topology",
        help="make exchanges, queues and policies",
        run=make_topology,
        arguments=which_queue,
        changes=True,
    ),
    Command(name="settings", help="print every setting and its source", run=print_settings),
)
