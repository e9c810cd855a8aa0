"""What persons and the gateway send to identity, as jobs of the load generator."""

import asyncio
from base64 import b64encode
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp
import msgspec

from deploy.local import ports
from deploy.local.addresses import ClientCredentials
from tests.bench.load import Answers, Job, Jobs, Outcome
from tests.bench.processes import outcome_of
from tests.bench.seeds import PASSWORD, log_on_accounts, name_of
from tests.bench.site import Service, Site

ACCOUNTS = 400  # more than are logged on in the same moment
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """The accounts of a row, and a gateway that introspects."""

    identity: Service
    gateway: ClientCredentials

    @classmethod
    async def at(cls, site: Site, identity: Service) -> "People":
        """Make what is not there yet."""
        if not await site.database.fetchval("SELECT count(*) FROM identity.accounts"):
            await log_on_accounts(site, range(ACCOUNTS))
        made = await site.verb("identity", "gateway", "add", "bench", "--json")
        return cls(identity=identity, gateway=msgspec.json.decode(made, type=ClientCredentials))

    def log_ons(self, *, connections: int, seconds: float) -> Job:
        """One log-on after the other on each connection, every account in turn."""
        return Job(
            port=self.identity.http_port,
            path="/sessions",
            headers=JSON,
            bodies=tuple(
                msgspec.json.encode({"name": name_of(number), "password": PASSWORD}).decode()
                for number in range(ACCOUNTS)
            ),
            connections=connections,
            seconds=seconds,
        )

    async def introspections(self, *, connections: int, seconds: float) -> Job:
        """Of the token of one live session; both tokens are new, for they live five minutes."""
        async with aiohttp.ClientSession() as http:
            base = f"http://{ports.LOOPBACK}:{self.identity.http_port}"
            client, session = await asyncio.gather(
                answered(
                    http,
                    f"{base}/oauth/token",
                    b"grant_type=client_credentials",
                    {**FORM, "Authorization": basic(self.gateway)},
                ),
                answered(
                    http,
                    f"{base}/sessions",
                    msgspec.json.encode({"name": name_of(0), "password": PASSWORD}),
                    JSON,
                ),
            )
        return Job(
            port=self.identity.http_port,
            path="/oauth/introspect",
            headers={**FORM, "Authorization": f"Bearer {client['access_token']}"},
            bodies=(urlencode({"token": session["access_token"]}),),
            connections=connections,
            seconds=seconds,
        )


def basic(client: ClientCredentials) -> str:
    """Its id and secret, as a header has them."""
    pair = f"{client.client_id}:{client.client_secret}".encode()
    return f"Basic {b64encode(pair).decode()}"


async def answered(
    http: aiohttp.ClientSession, url: str, body: bytes, headers: dict[str, str]
) -> dict[str, Any]:
    """Post, and return the body of a reply that is no problem."""
    async with http.post(url, data=body, headers=headers) as reply:
        reply.raise_for_status()
        return msgspec.json.decode(await reply.read(), type=dict)


async def answers_to(*jobs: Job) -> tuple[Answers, ...]:
    """Let a process of its own do these jobs at the same time."""
    return (await outcome_of("tests.bench.load", Jobs(jobs), Outcome)).answers
