"""The command line of every service: serve, and the operator's verbs (ST-3)."""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from importlib.resources import files
from typing import Any, Generic

import msgspec

from shared import logs
from shared.audit.backlog import AuditBacklog
from shared.audit.chain import AuditChain, ChainBroken
from shared.audit.entries import Origin
from shared.audit.partitions import months_ahead
from shared.clock import DatabaseClock
from shared.contracts.keys import KeyPurpose
from shared.contracts.topology import user
from shared.database_server import doubts, shortcomings
from shared.db import StatementFailed, told_by
from shared.errors import Unavailable
from shared.http import openapi
from shared.messaging import asyncapi, dead_letters, relay, retries, topology
from shared.messaging.broker import Broker
from shared.messaging.management import ManagementRefused
from shared.messaging.topology import Administrator
from shared.migrate import MigrationRefused, migrate
from shared.program.process import CannotListen, serve
from shared.program.program import F, Plumbing, Program, S, Verb
from shared.program.runtime import assemble, plumbing_for
from shared.settings.loader import PREFIX, SettingsInvalid, describe, load
from shared.settings.values import REDACTED
from shared.tls import of_broker
from shared.trust.keys import KEYS_CHANGED, KeyUnknown
from shared.trust.own_keys import KeysUnreadable, OwnKeys

OK, FAILED, MISUSED = 0, 1, 2
HIGHEST = 2**63 - 1  # of a row's id
WARN_AT_MONTHS = 3  # of audit partitions ahead; `migrate` makes 24


UNREADABLE = (
    f"the private keys open neither under {PREFIX}KEY_ENCRYPTION_KEY nor under a retired one"
)
REVOKING = """\
Everybody who hears of it refuses at once what that key has signed: people refresh their sessions,
who holds a grant begins again. What was sealed to it can never be opened: those mails are not sent.
Where no other key is in use, one is made and used at once.
Nothing was done. With --yes it is.
"""


class NeedsSetting(Exception):
    """This verb needs a setting that is optional for the others; the argument names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked(Generic[F, S]):
    """A verb as it was typed."""

    program: Program[F, S]
    environ: Mapping[str, str]
    arguments: argparse.Namespace

    def settings(self) -> S:
        """Raises SettingsInvalid."""
        settings = load(self.program.settings, self.environ)
        if user(settings.broker_url.reveal()) != self.program.service:
            problem = f"its user must be {self.program.service}, by which its readers know it"
            raise SettingsInvalid([f"{PREFIX}BROKER_URL: {problem}"])
        return settings

    def administrator(self) -> Administrator:
        """Return who makes the topology. Raises NeedsSetting."""
        settings = self.settings()
        if settings.broker_admin_url is None:
            raise NeedsSetting("BROKER_ADMIN_URL")
        admin_url = settings.broker_admin_url.reveal()
        return Administrator(
            admin_url=admin_url,
            broker_url=settings.broker_url.reveal(),
            tls=of_broker(admin_url, settings.tls_ca),
        )

    @asynccontextmanager
    async def plumbing(self) -> AsyncIterator[Plumbing[S]]:
        """Hold the plumbing for one verb; its clock is measured first."""
        plumbing, _ = plumbing_for(self.program, self.settings())
        try:
            if isinstance(plumbing.clock, DatabaseClock):
                await plumbing.clock.once()
            yield plumbing
        finally:
            await plumbing.database.close()

    @asynccontextmanager
    async def own_keys(self) -> AsyncIterator[tuple[OwnKeys, Origin]]:
        """Hold the service's own keys for one verb, and who asks. Raises NoKeys."""
        async with self.plumbing() as plumbing:
            composition = self.program.compose(plumbing)
            try:
                if composition.own_keys is None:
                    raise NoKeys(f"{plumbing.service} has no keys of its own")
                yield composition.own_keys, operator(plumbing)
            finally:
                for closer in composition.closers:
                    await closer()


class NoKeys(Exception):
    """This service signs and opens nothing."""


Run = Callable[[Asked[Any, Any]], Awaitable[int]]
Arguments = Callable[[argparse.ArgumentParser], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A verb that every service has."""

    name: str
    help: str
    run: Run
    arguments: Arguments = lambda _: None


def main(program: Program[F, S], argv: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run one verb and return the exit code: 0 done, 1 refused or away, 2 misused or misset."""
    commands = (*COMMANDS, *(own(verb) for verb in program.verbs))
    parsed = parser(program.service, commands).parse_args(list(argv) or ["serve"])
    command = next(command for command in commands if command.name == parsed.verb)
    if command.name != "serve":
        logs.configure(program.service, "WARNING", sys.stderr)
    asked = Asked(program=program, environ=environ, arguments=parsed)
    try:
        return asyncio.run(complete(command, asked))
    except SettingsInvalid as invalid:
        return tell(MISUSED, *invalid.problems)
    except NeedsSetting as missing:
        return tell(MISUSED, f"{PREFIX}{missing} is missing: `{command.name}` needs it")
    except (MigrationRefused, ManagementRefused, ChainBroken, NoKeys) as refused:
        return tell(FAILED, str(refused))
    except KeysUnreadable:
        return tell(FAILED, UNREADABLE)
    except Unavailable as away:
        return tell(FAILED, f"{type(away).__name__}: {str(away) or type(away).__doc__}")


async def complete(command: Command, asked: Asked[F, S]) -> int:
    return await command.run(asked)


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
        one.set_defaults(verb=command.name)
    return top


def own(verb: Verb[S]) -> Command:
    """Make a service's own verb one of the others."""

    async def run(asked: Asked[Any, S]) -> int:
        async with asked.plumbing() as plumbing:
            return await verb.run(plumbing, asked.arguments)

    return Command(name=verb.name, help=verb.help, run=run, arguments=verb.arguments)


# ---- the verbs


async def run_serve(asked: Asked[F, S]) -> int:
    settings = asked.settings()
    logs.configure(asked.program.service, settings.log_level)
    refused: list[str] = []
    try:
        await serve(assemble(asked.program, settings))
    except* CannotListen as group:
        refused = [str(error) for error in group.exceptions]
    return tell(FAILED, *(f"cannot listen on {one}" for one in refused)) if refused else OK


async def run_migrate(asked: Asked[F, S]) -> int:
    settings = asked.settings()
    if settings.migration_url is None:
        raise NeedsSetting("MIGRATION_URL")
    applied = await migrate(
        settings.migration_url.reveal(),
        service=asked.program.service,
        folders=[files("shared") / "migrations", asked.program.migrations],
        ca=settings.tls_ca,
    )
    return say(*applied, f"{len(applied)} applied")


async def run_topology(asked: Asked[F, S]) -> int:
    """Make everything, wait until the queues are up, and say which are not."""
    service, administrator = asked.program.service, asked.administrator()
    if remade := asked.arguments.remake:
        await topology.remake(service, remade, administrator)
        say(f"made anew: {remade}. What it held is lost; what waits in an outbox comes by itself")
    old = await topology.apply(service, administrator)
    down = await topology.down(service, administrator, old=old)
    advice = "not running; if its members are gone for good: topology --remake"
    if down:
        return tell(FAILED, *(f"{queue} is {advice} {queue}" for queue in down))
    return say("applied")


async def run_settings(asked: Asked[F, S]) -> int:
    """Print where each value comes from; then, if they do not fit, every problem, exit 2."""
    for row in describe(asked.program.settings):
        text = asked.environ.get(row.name, "")
        value = (REDACTED if row.secret else text) if text else row.default
        source = "environment" if text else "missing" if row.required else "default"
        say(f"{row.name}={value}  [{source}] {row.type}: {row.help}")
    asked.settings()
    return OK


async def run_openapi(asked: Asked[F, S]) -> int:
    program = asked.program
    return say(openapi.document(program.service, program.routes).decode())


async def run_asyncapi(asked: Asked[F, S]) -> int:
    one = None if asked.arguments.all else asked.program.service
    return say(asyncapi.document(one).decode())


async def run_list(asked: Asked[F, S]) -> int:
    arguments = asked.arguments
    async with asked.plumbing() as plumbing:
        letters = await dead_letters.list_dead(
            plumbing.database,
            consumer=arguments.queue,
            after=arguments.after,
            limit=arguments.limit,
        )
    return say(*(msgspec.json.encode(letter).decode() for letter in letters))


async def run_replay(asked: Asked[F, S]) -> int:
    async with asked.plumbing() as plumbing:
        replayed = await dead_letters.replay(
            plumbing.database, ids=asked.arguments.ids or None, now=plumbing.clock.now()
        )
    return say(f"{replayed} handed to the retry loop")


async def run_discard(asked: Asked[F, S]) -> int:
    async with asked.plumbing() as plumbing:
        discarded = await dead_letters.discard(plumbing.database, ids=asked.arguments.ids or None)
    return say(f"{discarded} discarded")


async def run_rotate(asked: Asked[F, S]) -> int:
    async with asked.own_keys() as (own_keys, origin):
        purpose = asked.arguments.purpose or own_keys.purposes[0]
        if purpose not in own_keys.purposes:
            return tell(FAILED, f"{asked.program.service} has no {purpose} keys")
        kid = await own_keys.rotate(purpose, origin=origin)
    return say(f"published {kid}; used in ten minutes, once the broker has confirmed it")


async def run_keys(asked: Asked[F, S]) -> int:
    async with asked.own_keys() as (own_keys, _):
        held = await own_keys.held()
    return say(
        *(
            msgspec.json.encode(
                {
                    "kid": key.public.kid,
                    "purpose": key.public.purpose,
                    "usable_from": key.public.usable_from,
                    "usable_until": key.public.usable_until,
                    "confirmed": key.confirmed,
                }
            ).decode()
            for key in held
        )
    )


async def run_revoke(asked: Asked[F, S]) -> int:
    if not asked.arguments.yes:
        return tell(FAILED, REVOKING.strip())
    async with asked.own_keys() as (own_keys, origin):
        try:
            revoked = await own_keys.revoke(asked.arguments.kid, origin=origin)
        except KeyUnknown:
            return tell(FAILED, "there is no such key: `keys list` names them")
    made = f"; {revoked.fresh} is used in its place" if revoked.fresh else ""
    return say(f"revoked {asked.arguments.kid} ({revoked.purpose}){made}")


async def run_reencrypt(asked: Asked[F, S]) -> int:
    async with asked.own_keys() as (own_keys, origin):
        count = await own_keys.encrypt_again(origin=origin)
    return say(
        f"{count} under {PREFIX}KEY_ENCRYPTION_KEY: {PREFIX}KEY_ENCRYPTION_KEYS_RETIRED can go"
    )


async def run_verify(asked: Asked[F, S]) -> int:
    async with asked.plumbing() as plumbing:
        chain = AuditChain(database=plumbing.database, clock=plumbing.clock)
        return say(await chain.verify())


async def run_check(asked: Asked[F, S]) -> int:
    """Look at what an operator should mend before it is felt; exit 1 where there is anything."""
    settings = asked.settings()
    plumbing, _ = plumbing_for(asked.program, settings)
    url = settings.broker_url.reveal()
    tls = of_broker(url, settings.tls_ca)
    broker = Broker(url, name=f"{asked.program.service} check", tls=tls)
    try:
        warnings = [
            *await looked("database", lambda: database(plumbing)),
            *await looked("audit partitions", lambda: partitions(plumbing)),
            *await looked("audit chain", lambda: unchained(plumbing)),
            *await looked("broker", broker.ping),
            *await looked("topology", lambda: bus(asked)),
            *await looked("outbox", by_the_time(plumbing, relay.warning)),
            *await looked("dead letters", by_the_time(plumbing, dead_letters.warning)),
            *await looked("retries", by_the_time(plumbing, retries.warning)),
            *await looked("own keys", lambda: openable(plumbing)),
            *await looked("sources", plumbing.budget.warning),
        ]
        for one in asked.program.looks:
            warnings += await looked(one.name, partial(one.look, plumbing))
    finally:
        await broker.close()
        await plumbing.database.close()
    return FAILED if warnings else OK


async def looked(name: str, look: Callable[[], Awaitable[str | None]]) -> list[str]:
    """Say how one thing is; return it where it is not well."""
    try:
        warning = await look()
    except (Unavailable, ManagementRefused) as away:
        warning = str(away) or type(away).__doc__
    except StatementFailed as failed:  # as where nothing is migrated yet
        warning = told_by(failed)
    except NeedsSetting as missing:  # nothing is wrong, but nothing was seen either
        say(f"--   {name}: not asked, {PREFIX}{missing} is not set")
        return []
    if warning:
        say(f"WARN {name}: {warning}")
        return [name]
    say(f"ok   {name}")
    return []


async def database(plumbing: Plumbing[S]) -> str | None:
    """It answers, is fit to hold everybody's data, and sorts as it did when it was made."""
    await plumbing.database.ping()
    async with plumbing.database.connection() as connection:
        wrong = [*await shortcomings(connection), *await doubts(connection)]
    return "; ".join(wrong) or None


async def unchained(plumbing: Plumbing[S]) -> str | None:
    """Audit rows wait by the services' time, which is the database's."""
    if isinstance(plumbing.clock, DatabaseClock):
        await plumbing.clock.once()
    backlog = AuditBacklog(
        database=plumbing.database, clock=plumbing.clock, metrics=plumbing.metrics
    )
    return await backlog.warning()


async def partitions(plumbing: Plumbing[S]) -> str | None:
    """Audit rows of a month need its partition; `migrate` makes them."""
    async with plumbing.database.connection() as connection:
        ahead = await months_ahead(connection, await plumbing.database.time())
    return f"only {ahead} months ahead, run `migrate`" if ahead <= WARN_AT_MONTHS else None


async def openable(plumbing: Plumbing[S]) -> str | None:
    """A service whose keys do not open never gets ready."""
    if plumbing.service in KEYS_CHANGED:
        try:
            await plumbing.own_keys().held()
        except KeysUnreadable:
            return UNREADABLE
    return None


def by_the_time(
    plumbing: Plumbing[S], look: Callable[..., Awaitable[str | None]]
) -> Callable[[], Awaitable[str | None]]:
    """Look by the services' time, which is the database's."""

    async def looking() -> str | None:
        if isinstance(plumbing.clock, DatabaseClock):
            await plumbing.clock.once()
        return await look(plumbing.database, now=plumbing.clock.now())

    return looking


async def bus(asked: Asked[F, S]) -> str | None:
    """Queues and bindings. Raises NeedsSetting: no service has the administrator's URL."""
    return await topology.warning(asked.program.service, asked.administrator())


def operator(plumbing: Plumbing[S]) -> Origin:
    """Who types verbs, as audit rows name them."""
    return Origin(actor="operator", source="", correlation_id=plumbing.randomness.uuid())


# ---- their arguments


def purpose_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "purpose", nargs="?", type=KeyPurpose, metavar="PURPOSE", help="signing or sealing"
    )


def revoke_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kid", metavar="KID", help="after --, where an old one begins with a dash")
    parser.add_argument("--yes", action="store_true", help="do it")


def bus_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--all", action="store_true", help="of the whole bus")


def topology_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--remake", metavar="QUEUE", help="first delete this queue, which has no member left"
    )


def number_from(low: int) -> Callable[[str], int]:
    """Take a whole number that PostgreSQL's bigint can hold."""

    def parse(text: str) -> int:
        try:
            found = int(text)
        except ValueError:
            found = low - 1
        if not low <= found <= HIGHEST:
            raise argparse.ArgumentTypeError(f"expected a whole number from {low} to {HIGHEST}")
        return found

    return parse


def page_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--queue", help="only this queue's")
    parser.add_argument(
        "--after", type=number_from(0), default=0, metavar="ID", help="begin after this one"
    )
    parser.add_argument("--limit", type=number_from(1), default=100)


def ids_arguments(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--all", action="store_true", help="every one")
    which.add_argument("--ids", type=number_from(1), nargs="+", metavar="ID", help="these")


COMMANDS: tuple[Command, ...] = (
    Command(name="serve", help="run the service (default)", run=run_serve),
    Command(name="migrate", help="bring the schema up to date", run=run_migrate),
    Command(
        name="topology",
        help="make exchanges, queues and policies",
        run=run_topology,
        arguments=topology_arguments,
    ),
    Command(name="settings", help="print every setting and its source", run=run_settings),
    Command(name="openapi", help="print the OpenAPI document", run=run_openapi),
    Command(
        name="asyncapi",
        help="print the AsyncAPI document of this service",
        run=run_asyncapi,
        arguments=bus_arguments,
    ),
    Command(
        name="dead-letters list",
        help="list dead letters as JSON lines",
        run=run_list,
        arguments=page_arguments,
    ),
    Command(
        name="dead-letters replay",
        help="try dead letters again",
        run=run_replay,
        arguments=ids_arguments,
    ),
    Command(
        name="dead-letters discard",
        help="delete dead letters for good",
        run=run_discard,
        arguments=ids_arguments,
    ),
    Command(name="keys list", help="list the service's own keys as JSON lines", run=run_keys),
    Command(
        name="keys rotate",
        help="publish a following key",
        run=run_rotate,
        arguments=purpose_arguments,
    ),
    Command(
        name="keys revoke",
        help="take a key away at once, everywhere",
        run=run_revoke,
        arguments=revoke_arguments,
    ),
    Command(
        name="keys re-encrypt",
        help="bring the private keys under a changed key-encryption key",
        run=run_reencrypt,
    ),
    Command(name="audit verify", help="check the whole audit chain", run=run_verify),
    Command(name="check", help="warn of what needs an operator", run=run_check),
)


def say(*lines: str) -> int:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return OK


def tell(code: int, *lines: str) -> int:
    sys.stderr.write("".join(f"{line}\n" for line in lines))
    return code
