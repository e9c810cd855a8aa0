"""`python -m tests.race PART`: run a race for long; 1 where it was lost."""

import argparse
import asyncio
import os
import sys

from deploy.client.mailbox import Mailbox
from deploy.local import ports
from deploy.local.errors import CannotStart
from shared import logs
from tests.bench.figures import NotMeasured
from tests.bench.site import listening, opened
from tests.race import kills, secrets


def say(line: str) -> None:
    print(line, flush=True)


async def run_kills(arguments: argparse.Namespace) -> bool:
    """Kill -9 of notify's replicas at random, under load (NT-6)."""
    smtp, http = ports.free_ports(2)
    async with opened(os.environ, say) as site:
        catcher = site.program(
            "catcher", ["deploy.local.catcher", str(smtp), str(http)], os.environ
        )
        await listening(http, catcher)
        async with Mailbox(f"http://{ports.LOOPBACK}:{http}") as mailbox:
            tally = await kills.race(
                site,
                mailbox,
                smtp_url=f"smtp://{ports.LOOPBACK}:{smtp}",
                kills=arguments.kills,
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


PARTS = {"kills": run_kills, "secrets": run_secrets}


async def run(arguments: argparse.Namespace) -> int:
    return 0 if await PARTS[arguments.part](arguments) else 1


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.race", description=__doc__)
    parser.add_argument("part", choices=PARTS)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--rate", type=int, default=100, help="messages a second")
    parser.add_argument("--rounds", type=int, default=1000, help="of 64 racers for each secret")
    parser.add_argument("--guesses", type=int, default=10_000, help="at each door")
    parser.add_argument("--only", default="", help="the secrets and doors whose name has this")
    parser.add_argument("--minutes", type=float, default=40, help="no kill or round after that")
    try:
        return asyncio.run(run(parser.parse_args()))
    except (CannotStart, NotMeasured, AssertionError) as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
