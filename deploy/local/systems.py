"""`python -m deploy.local.systems admit | expel NAME PRACTICE CLIENT`: a practice's system (NT-9).

It makes or removes its user of the broker in the vhost of this name, and says the AMQP URL once:
admitted again, the system has a new password. It is run where the provisioner is, as the
administrator that its environment names.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

from deploy.local.provision import BrokerAccess, admit_system, expel_system
from deploy.local.servers import opened
from shared.contracts.ids import PracticeId
from shared.contracts.inbox import System
from shared.randomness import Randomness


def arguments_of(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.systems")
    parser.add_argument("what", choices=("admit", "expel"))
    parser.add_argument("name", help="of the vhost")
    parser.add_argument("practice", type=UUID, help="whose system it is")
    parser.add_argument("client", type=UUID, help="which it is over HTTP; they share a budget")
    return parser.parse_args(arguments)


def aside(line: str) -> None:
    """Tell the person at the terminal, beside what is handed on."""
    print(line, file=sys.stderr)


async def main(arguments: argparse.Namespace) -> None:
    """Make or remove the user."""
    system = System(practice_id=PracticeId(arguments.practice), client_id=arguments.client)
    async with opened(os.environ, folder=Path(), say=aside) as servers:
        broker = BrokerAccess(servers=servers, vhost=arguments.name, passwords=servers)
        if arguments.what == "admit":
            print(await admit_system(broker, system, Randomness().token()))
        else:
            await expel_system(broker, system)


if __name__ == "__main__":
    asyncio.run(main(arguments_of(sys.argv[1:])))
