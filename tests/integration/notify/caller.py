"""Somebody who calls notify over real HTTP, with tokens signed by identity's own key."""

from dataclasses import dataclass
from typing import Any

from shared.contracts.ids import AccountId, PracticeId
from tests.builders.people import Person
from tests.rigs.issuer import Issuer
from tests.rigs.notify import Office
from tests.support.clock import FakeClock


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A gateway's or a practice system's view of notify."""

    office: Office
    issuer: Issuer

    @property
    def clock(self) -> FakeClock:
        return self.office.clock

    async def as_person(self, account_id: AccountId, *, account_version: int = 0) -> str:
        return await self.issuer.token(Person(account_id=account_id, version=account_version))

    async def as_practice(self, practice_id: PracticeId, *scopes: str) -> str:
        return await self.issuer.client_token(practice_id, *scopes)

    async def call(
        self, method: str, path: str, *, token: str | None = None, body: object = None
    ) -> tuple[int, Any]:
        answer = await self.office.call(method, path, body, token=token)
        return answer.status, answer.body
