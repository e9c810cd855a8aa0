"""A client that asks again until it is answered, and a practice's system that does."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp

from deploy.client.answers import Answer
from deploy.client.eventually import eventually
from deploy.client.gateway import Gateway
from deploy.local.addresses import ClientCredentials
from deploy.tour.acts import AT_THE_DESK
from shared.randomness import Randomness

PATIENCE = 60.0  # seconds until an answer, while servers are killed and started
AWAY = 503


@dataclass(slots=True, kw_only=True)
class Client:
    """A gateway that asks again. What comes between is counted: only 503 and broken connections."""

    gateway: Gateway
    randomness: Randomness = field(default_factory=Randomness)
    unknown: int = 0  # requests that may have had their effect though nobody was told
    away: Counter[str] = field(default_factory=Counter)  # those of them that were told 503

    async def insist(self, verb: str, *expected: int, **arguments: Any) -> Answer:
        """Call until it is answered with one of these. Raises Unexpected for any other answer."""

        async def answered() -> Answer:
            try:
                answer = await self.gateway.call(verb, **arguments)
            except aiohttp.ClientConnectorError as refused:
                raise AssertionError(f"{verb}: nobody listens") from refused
            except (aiohttp.ClientError, TimeoutError) as broken:
                self.unknown += 1
                raise AssertionError(f"{verb}: {broken!r}") from broken
            if answer.status == AWAY:
                self.unknown += 1
                self.away[f"{verb} {answer.code}"] += 1
                raise AssertionError(f"{verb}: 503 {answer.code}")
            if answer.status not in expected:
                answer.must(expected[0])
            return answer

        return await eventually(answered, within=PATIENCE, pause=0.1)

    def key(self) -> str:
        """A new Idempotency-Key."""
        return self.randomness.token()


@dataclass(slots=True, kw_only=True)
class Practice:
    """A practice's system."""

    client: Client
    credentials: ClientCredentials

    async def token(self) -> str:
        """Log on."""
        body = {
            "grant_type": "client_credentials",
            "client_id": self.credentials.client_id,
            "client_secret": self.credentials.client_secret,
        }
        answer = await self.client.insist("obtain_client_token", 200, body=body)
        return str(answer.body["access_token"])

    async def register(self, number: str, *, last_name: str, birth_date: str, **more: str) -> UUID:
        """Make a patient record. Its number is taken then: a second one would be refused."""
        body = {
            "last_name": last_name,
            "first_name": "Juniper",
            "birth_date": birth_date,
            "number": number,
            **more,
        }
        answer = await self.client.insist(
            "register_patient",
            201,
            token=await self.token(),
            body=body,
            idempotency_key=self.client.key(),
        )
        return UUID(answer.body["patient_id"])

    async def issue(self, patient_id: UUID) -> str:
        """Hand out an enrolment token. One whose reply was lost cannot be read again: a new one."""
        while True:
            answer = await self.client.insist(
                "issue_enrolment_token",
                201,
                409,
                token=await self.token(),
                path={"patient_id": patient_id},
                body={"handed_over": "in-person", **AT_THE_DESK},
                idempotency_key=self.client.key(),
            )
            if answer.status == 201:
                return str(answer.body["token"])
            assert answer.code == "already_issued", answer.body
