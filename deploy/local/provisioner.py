"""`python -m deploy.local.provisioner NAME`: the roles, database, users and vhost of this name, on
the servers whose URLs the environment has. What compose.yaml runs before anything else."""

import asyncio
import os
import sys
from pathlib import Path

from deploy.local.processes import together
from deploy.local.provision import provision_broker, provision_database
from deploy.local.servers import opened


async def main(name: str) -> None:
    """Make what is missing, set right what is there."""
    async with opened(os.environ, folder=Path(), say=print) as servers:
        await together(provision_database(servers, name), provision_broker(servers, name))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
