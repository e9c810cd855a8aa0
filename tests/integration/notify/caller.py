"""Somebody who calls notify over real HTTP, with tokens signed by identity's own key."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiohttp.test_utils import TestClient

from shared.access import AccessTokenIssuer, ClientCaller, SessionCaller
from shared.contracts.ids import AccountId, PracticeId, SessionId
from tests.builders import events
from tests.support.clock import FakeClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A gateway's or a practice system's view of notify."""

    client: "TestClient[Any, Any]"
    tokens: AccessTokenIssuer
    clock: FakeClock

    async def as_person(self, account_id: AccountId, *, account_version: int = 0) -> str:
        now = self.clock.now()
        return await self.tokens.for_session(
            SessionCaller(
                account_id=account_id,
                session_id=SessionId(events.RANDOMNESS.uuid()),
                account_version=account_version,
                issued_at=now,
                expires_at=now + timedelta(minutes=5),
            )
        )

    async def as_practice(self, practice_id: PracticeId, *scopes: str) -> str:
        caller = ClientCaller(client_id="x", practice_id=practice_id, scopes=frozenset(scopes))
        return await self.tokens.for_client(caller, now=self.clock.now())

    async def call(
        self, method: str, path: str, *, token: str | None = None, body: object = None
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with self.client.request(method, path, json=body, headers=headers) as reply:
            return reply.status, await reply.json(content_type=None)
