"""`python -m deploy.local run | tour | servers | up | play | down`."""

import argparse
import asyncio
import os
import sys
from argparse import Namespace
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from deploy import tour
from deploy.local import servers
from deploy.local.addresses import StackAddresses
from deploy.local.compose import Compose
from deploy.local.errors import CannotStart
from deploy.local.processes import Run, reap
from deploy.local.signals import INTERRUPTED, run_until_signalled
from deploy.local.stack import ROOT, Stack, running
from deploy.local.stack_ports import Ports
from deploy.tour.person import Person
from deploy.tour.stories import COMING_IN
from shared.randomness import Randomness

FOLDER = ROOT / ".local"
STACK = FOLDER / "stack.json"  # where the stack is that is up
NAME = "portico"


def say(line: str) -> None:
    """Tell the person at the terminal at once, also through a pipe."""
    print(line, flush=True)


async def stay_up(arguments: Namespace) -> int:
    """Start the stack, play the tour, say where everything is, and stay until stopped."""
    async with whole_stack(arguments.replicas) as addresses:
        person = Person.met_for_the_first_time(Randomness())
        return await stay(addresses, await tour.play(addresses, person), person)


async def stay(addresses: StackAddresses, outcome: int, person: Person | None = None) -> int:
    """Say where everything is, and again when the tour failed; that is the exit code too."""
    failed = ["THE TOUR FAILED: its last lines above say at which step.", ""] if outcome else []
    say(
        "\n".join(
            [
                "",
                *where(addresses),
                f"{'logs':9} {FOLDER / 'logs'}",
                *open_this(addresses, None if outcome else person),
                "",
                *failed,
                "Ctrl-C stops everything.",
            ]
        )
    )
    await until_stopped()
    return outcome or INTERRUPTED


async def tour_only(arguments: Namespace) -> int:
    """Start the stack, play the tour, stop; 0 when every step did what its row says."""
    async with whole_stack(arguments.replicas) as addresses:
        return await tour.play(addresses)


async def up(arguments: Namespace) -> int:
    """Build and start the stack in containers, and enrol somebody; it stays until `down`."""
    addresses = await compose().up(arguments.replicas)
    addresses.save(STACK)
    person = Person.met_for_the_first_time(Randomness())
    outcome = await tour.play(addresses, person, COMING_IN)
    say(
        "\n".join(
            [
                "",
                *where(addresses),
                *open_this(addresses, None if outcome else person),
                "",
                "`make play` plays the tour, `make down` removes it.",
            ]
        )
    )
    return outcome


async def down(arguments: Namespace) -> int:
    """Remove the stack in containers with all its data."""
    stack = compose()
    if stack.files.exists():  # else it is the stack of a `make run` that is up
        STACK.unlink(missing_ok=True)
    await stack.down()
    return 0


async def play(arguments: Namespace) -> int:
    """Play the tour on the stack that is up; 0 when every step did what its row says."""
    if not STACK.exists():
        raise CannotStart("no stack is up: `make up` starts one in containers, `make run` one here")
    return await tour.play(StackAddresses.load(STACK))


def compose() -> Compose:
    return Compose(folder=FOLDER, environ=os.environ, say=say)


async def only_servers(arguments: Namespace) -> int:
    """Start the servers, print what to export for the tests, stay until stopped."""
    await reap(FOLDER, say)
    async with servers.opened(os.environ, folder=FOLDER, say=say, durable=False) as found:
        say("export SERVERS=urls")
        say(f"export {servers.POSTGRES_URL}={found.postgres_url}")
        say(f"export {servers.AMQP_URL}={found.amqp_url}")
        say(f"export {servers.MANAGEMENT_URL}={found.management_url}")
        await until_stopped()
    return INTERRUPTED


async def until_stopped() -> None:
    """Wait for the one cancellation that a signal becomes; it ends here, and is no failure."""
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()


@asynccontextmanager
async def whole_stack(replicas: int) -> AsyncIterator[StackAddresses]:
    """Hold the stack on its fixed ports, and .local/stack.json while it is up."""
    await reap(FOLDER, say)
    fixed = Ports.fixed(replicas=replicas)
    fixed.check()
    async with servers.opened(os.environ, folder=FOLDER, say=say) as found:
        stack = Stack(
            servers=found,
            run=Run(FOLDER),
            name=NAME,
            folder=FOLDER,
            ports=fixed,
            say=say,
            environ=os.environ,
        )
        async with running(stack) as addresses:
            addresses.save(STACK)
            try:
                yield addresses
            finally:
                STACK.unlink(missing_ok=True)


def where(addresses: StackAddresses) -> list[str]:
    """Return the lines that tell a person where to look."""
    return [
        *(f"{name:9} {each('docs', urls)}" for name, urls in addresses.services.items()),
        *(f"{name:9} {each('metrics', urls)}" for name, urls in addresses.metrics.items()),
        f"{'mails':9} {addresses.mails}/",
        f"{'practice':9} client {addresses.practice.client_id}, secret in .local/stack.json",
        f"{'time':9} {addresses.clock_file}: seconds added to every service's clock",
    ]


def open_this(addresses: StackAddresses, person: Person | None) -> list[str]:
    """Return the lines that a person needs who has a browser and nothing else."""
    known = f", log on as {person.username} with {person.password}" if person else ""
    return [
        f"{'desk':9} {addresses.desk}/, a practice's side",
        f"{'portal':9} {addresses.portal}/{known}",
    ]


def each(page: str, urls: Sequence[str]) -> str:
    """Return the page's address at every replica."""
    return " ".join(f"{url}/{page}" for url in urls)


VERBS = {
    "run": stay_up,
    "tour": tour_only,
    "servers": only_servers,
    "up": up,
    "play": play,
    "down": down,
}
REPLICAS = {"run": 1, "tour": 1, "up": 3}  # of each service, unless told


def main(arguments: list[str]) -> int:
    """Run one verb; what keeps it from starting is told without a traceback."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    for name, verb in VERBS.items():
        described = verbs.add_parser(name, help=(verb.__doc__ or "").strip())
        if name in REPLICAS:
            described.add_argument(
                "--replicas",
                type=int,
                choices=range(1, 10),
                default=REPLICAS[name],
                help="of each service",
            )
    chosen = parser.parse_args(arguments)
    try:
        return run_until_signalled(VERBS[chosen.verb](chosen))
    except CannotStart as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
