"""`python -m deploy.local.provisioner NAME`: the roles, database, users and vhost of this name, on
the servers whose URLs the environment has, with the passwords that it has. What compose.yaml runs
before anything else, and the one program that is an administrator."""

import asyncio
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.processes import together
from deploy.local.provision import ROLES, TOPOLOGY, provision_broker, provision_database
from deploy.local.servers import opened
from shared.contracts.topology import SERVICES

PURPOSES = (
    *(f"role {role}" for role in ROLES),
    *(f"user {user}" for user in (*SERVICES, TOPOLOGY)),
)


def variable(purpose: str) -> str:
    """Name the variable of a password: PORTICO_ROLE_IDENTITY_MIGRATION, PORTICO_USER_NOTIFY."""
    return f"PORTICO_{purpose.upper().replace(' ', '_')}"


@dataclass(frozen=True, slots=True)
class Given:
    """The passwords of the environment."""

    environ: Mapping[str, str]

    def password(self, purpose: str) -> str:
        """Return the one for this purpose. Raises KeyError that names the missing variable."""
        return self.environ[variable(purpose)]


async def main(name: str) -> None:
    """Make what is missing, set right what is there."""
    given = Given(os.environ)
    async with opened(os.environ, folder=Path(), say=print) as servers:
        await together(
            provision_database(servers, name, given, bounded=True),
            provision_broker(servers, name, given),
        )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
