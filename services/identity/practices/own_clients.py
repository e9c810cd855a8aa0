"""Who a practice's client is, told to itself (ST-1)."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.identity.practices.model import Client, Practice
from services.identity.practices.store import clients, practices
from shared.contracts.ids import PracticeId
from shared.db import Database
from shared.errors import NotFound
from shared.http.client_budgets import ClientBudgets, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnClients:
    database: Database
    budgets: ClientBudgets

    async def standings(self, client_id: str) -> Sequence[Standing]:
        """Where it stands with its budgets here."""
        return await self.budgets.standing(client_id)

    async def read(self, client_id: str, practice_id: PracticeId) -> tuple[Client, Practice]:
        """The client of a token, and its practice."""
        async with self.database.connection() as connection:
            client = await clients.find(connection, client_id)
            practice = await practices.find(connection, practice_id)
        if client is None:
            raise NotFound
        return client, practice
