"""Snapshots of what the service owns, published again at a bounded rate (ST-3)."""

import argparse
import re
from collections.abc import Iterator, Sequence
from uuid import UUID

from shared.acts import Act
from shared.messaging.broker import Broker
from shared.program.asked import Asked, Command
from shared.program.bar import shown
from shared.program.program import F, Plumbing, Program, S
from shared.program.terminal import FAILED, MISUSED, OK, moment, number_from, say, tell
from shared.publications import Publication, Published, Which
from shared.tls import of_broker
from shared.trust.keys import KEYS_CHANGED

RATE = 200  # a second: a consumer takes many times as many, so no queue grows
REBUILD = re.compile(r"([a-z]+):([1-9][0-9]{0,17})")


async def publish(asked: Asked[F, S]) -> int:
    arguments = asked.arguments
    which = Which(since=arguments.since, rebuild=arguments.rebuild)
    if which.since is not None and which.rebuild is not None:
        return tell(MISUSED, "--since and --rebuild: a rebuild needs all of them")
    if arguments.anew and which.rebuild is not None:
        return tell(MISUSED, "--anew and --rebuild: a rebuild begun anew has another number")
    async with asked.plumbing() as plumbing:
        owned = {one.name: one for one in owned_by(asked.program, plumbing)}
        if not owned:
            return tell(FAILED, f"{plumbing.service} owns no snapshots")
        names = arguments.snapshots or list(owned)
        if unknown := [name for name in names if name not in owned]:
            told = f"{plumbing.service} has no {', '.join(unknown)}: it has {', '.join(owned)}"
            return tell(MISUSED, told)
        url = plumbing.settings.broker_url.reveal()
        tls = of_broker(url, plumbing.settings.tls_ca)
        broker = Broker(url, name=f"{plumbing.service} snapshots", tls=tls)
        try:
            for one in (owned[name] for name in names):
                publication = Publication(
                    acts=plumbing.acts,
                    publisher=broker.publisher(),
                    published=one,
                    which=which,
                    rate=arguments.rate,
                    run=plumbing.randomness.uuid(),
                    anew=arguments.anew,
                )
                await one_kind(publication, plumbing, only_said=asked.dry_run)
        finally:
            await broker.close()
    return say(*(() if asked.dry_run else ("done",)))


async def one_kind(publication: Publication, plumbing: Plumbing[S], *, only_said: bool) -> None:
    """Publish the snapshots of a kind, or say how many that would be and how long it would take."""
    name, rate = publication.published.name, publication.rate
    if only_said:
        count = await publication.count()
        if left := await publication.left():
            tell(OK, publication.goes_on(left))
            count = max(0, count - left.published)
        say(f"would publish {count} {name}, {rate} a second: {count / rate:.0f} s")
        return
    with shown(name) as progress:
        count = await publication.publish(progress, by=plumbing.operator())
    say(f"published {count} {name}")


def owned_by(program: Program[F, S], plumbing: Plumbing[S]) -> Iterator[Published]:
    """What the service owns: its own kinds, and its keys where it has any."""
    yield from program.snapshots(plumbing)
    if plumbing.service in KEYS_CHANGED:
        own_keys = plumbing.own_keys()

        async def announce(act: Act, subjects: Sequence[UUID]) -> None:
            for _ in subjects:
                await own_keys.announce(act)

        yield Published(name="keys", contract=KEYS_CHANGED[plumbing.service], announce=announce)


def rebuild(text: str) -> tuple[str, int]:
    """Take what `projection rebuild` prints of itself."""
    found = REBUILD.fullmatch(text)
    if found is None:
        raise argparse.ArgumentTypeError("expected a service and its generation: recovery:3")
    return found[1], int(found[2])


def which_snapshots(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("snapshots", nargs="*", metavar="NAME", help="only these; else all")
    parser.add_argument(
        "--since", type=moment, metavar="TIME", help="only those told since, and a minute before"
    )
    parser.add_argument(
        "--anew", action="store_true", help="all of them, where an earlier call has left the rest"
    )
    parser.add_argument(
        "--rate",
        type=number_from(1),
        default=RATE,
        metavar="N",
        help=f"so many a second at most ({RATE})",
    )
    parser.add_argument(
        "--rebuild",
        type=rebuild,
        metavar="SERVICE:N",
        help="list them besides, for the rebuild that a service's `projection rebuild` began",
    )


COMMANDS = (
    Command(
        name="snapshots publish",
        help="publish the snapshots that this service owns again",
        run=publish,
        arguments=which_snapshots,
        changes=True,
    ),
)
