"""`python -m tests.race PART`: run a race for long; 1 where it was lost."""

import argparse
import os
import sys
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.local.errors import CannotStart
from deploy.local.signals import run_until_signalled
from shared import logs
from tests.bench.figures import NotMeasured
from tests.bench.site import opened
from tests.race import kills, secrets
from tests.race.merges import race as merges
from tests.support.infra import new_run_id, open_servers
from tests.support.suite import running_suite

KILLS = 200


def say(line: str) -> None:
    print(line, flush=True)


async def run_kills(arguments: argparse.Namespace) -> bool:
    """Kill -9 of notify's replicas at random, under load (NT-6)."""
    async with opened(os.environ, say) as site:
        tally = await kills.race(
            site,
            kills=KILLS if arguments.kills is None else arguments.kills,
            rate=arguments.rate,
            within=arguments.minutes * 60,
        )
    for line in tally.told():
        say(line)
    return tally.holds


async def run_secrets(arguments: argparse.Namespace) -> bool:
    """64 who have what is good once, and 64 who guess, over three processes (SE-3, LG-2)."""
    logs.configure("race", "WARNING", sys.stderr)
    return await secrets.race(
        rounds=arguments.rounds,
        guesses=arguments.guesses,
        within=arguments.minutes * 60,
        only=arguments.only,
        say=say,
    )


async def run_merges(arguments: argparse.Namespace) -> bool:
    """Merges of accounts beside all that changes them, over three replicas (MG-3, MG-9)."""
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(open_servers(dict(os.environ), say))
        folder = Path(stack.enter_context(TemporaryDirectory()))
        suite = await stack.enter_async_context(
            running_suite(
                servers,
                f"portico_{new_run_id()}_merges",
                folder,
                environ=os.environ,
                say=say,
                extra=merges.UNBOUND,
            )
        )
        tally = await merges.race(
            suite,
            rounds=arguments.rounds,
            kills=arguments.kills or 0,
            within=arguments.minutes * 60,
        )
    for line in tally.lines():
        say(line)
    return tally.holds


PARTS = {"kills": run_kills, "secrets": run_secrets, "merges": run_merges}


async def race(arguments: argparse.Namespace) -> int:
    return 0 if await PARTS[arguments.part](arguments) else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.race", description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--kills", type=int, help=f"of notify {KILLS} times, beside merges never")
    parser.add_argument("--rate", type=int, default=100, help="messages a second")
    parser.add_argument("--rounds", type=int, default=1000, help="for each secret, or of merges")
    parser.add_argument("--guesses", type=int, default=10_000, help="at each door")
    parser.add_argument("--only", default="", help="the secrets and doors whose name has this")
    parser.add_argument("--minutes", type=float, default=40, help="no kill or round after that")
    try:
        return run_until_signalled(race(parser.parse_args()))
    except (CannotStart, NotMeasured, AssertionError) as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
