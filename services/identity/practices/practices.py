"""Practices, their settings and the clients that speak for them (ST-1, ST-2)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.identity.practices.model import (
    GATEWAY_SCOPES,
    PRACTICE_SCOPES,
    Client,
    Practice,
)
from services.identity.practices.settings import check_change, settled
from services.identity.practices.store import clients
from services.identity.practices.store import practices as store
from shared.audit import Origin
from shared.contracts.identity import PRACTICE_CHANGED, PracticeChanged
from shared.contracts.ids import PracticeId
from shared.db import Connection
from shared.errors import NotFound
from shared.messaging.outbox import Outbox
from shared.randomness import Randomness
from shared.tokens import Digests
from shared.transactions import Transactions

CLIENT_SECRET = "client-secret"  # noqa: S105 - the digests' domain, not a secret


@dataclass(frozen=True, slots=True, kw_only=True)
class NewClient:
    """A client with its secret, which is shown this once."""

    client_id: str
    secret: str
    practice_id: PracticeId | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Practices:
    transactions: Transactions
    outbox: Outbox
    randomness: Randomness
    digests: Digests

    async def add(
        self,
        name: str,
        *,
        contact: str,
        locale: str,
        time_zone: str,
        settings: Mapping[str, int],
        origin: Origin,
        now: datetime,
    ) -> NewClient:
        """Make a practice and its first client."""
        practice = Practice(
            id=PracticeId(self.randomness.uuid()),
            version=1,
            name=name,
            contact=contact,
            locale=locale,
            time_zone=time_zone,
            settings=settled(settings),
        )
        action = "practice.add"
        async with self.transactions.audited(origin, action) as tx:
            await store.add(tx, practice, now=now)
            made = await self._add_client(tx, name, practice.id, PRACTICE_SCOPES, now)
            await self._announce(tx, practice, origin)
            await self.transactions.audit.record(
                tx, origin, action=action, outcome="done", practice=str(practice.id)
            )
        return made

    async def change_settings(
        self, practice_id: PracticeId, changes: Mapping[str, int], *, origin: Origin
    ) -> Practice:
        """Change those that are named, each within its range; others may change beside (ST-2).

        An operator's `origin` says so; a practice's carries the staff member and the reason.
        """
        action = "practice.set"
        async with self.transactions.audited(origin, action, practice=str(practice_id)) as tx:
            check_change(changes)
            practice = await store.change_settings(tx, practice_id, changes)
            if practice is None:
                raise NotFound
            await self._announce(tx, practice, origin)
            await self.transactions.audit.record(
                tx,
                origin,
                action=action,
                outcome="done",
                practice=str(practice_id),
                detail=" ".join(f"{name}={value}" for name, value in sorted(changes.items())),
            )
        return practice

    async def read(self, practice_id: PracticeId) -> Practice:
        """The practice with its settings as they stand."""
        async with self.transactions.database.connection() as connection:
            practice = await store.find(connection, practice_id)
        if practice is None:
            raise NotFound
        return practice

    async def add_gateway(self, name: str, *, origin: Origin, now: datetime) -> NewClient:
        """Make a gateway's client: it may introspect, and belongs to no practice."""
        action = "gateway.add"
        async with self.transactions.audited(origin, action) as tx:
            made = await self._add_client(tx, name, None, GATEWAY_SCOPES, now)
            await self.transactions.audit.record(
                tx, origin, action=action, outcome="done", subject=f"client:{made.client_id}"
            )
        return made

    async def _add_client(
        self,
        tx: Connection,
        name: str,
        practice_id: PracticeId | None,
        scopes: frozenset[str],
        now: datetime,
    ) -> NewClient:
        client_id, secret = str(self.randomness.uuid()), self.randomness.token()
        await clients.add(
            tx,
            Client(
                id=client_id,
                practice_id=practice_id,
                name=name,
                scopes=scopes,
                secret_digest=self.digests.of(CLIENT_SECRET, secret),
            ),
            now=now,
        )
        return NewClient(client_id=client_id, secret=secret, practice_id=practice_id)

    async def _announce(self, tx: Connection, practice: Practice, origin: Origin) -> None:
        await self.outbox.add(
            tx,
            PRACTICE_CHANGED,
            PracticeChanged(
                practice_id=practice.id,
                name=practice.name,
                contact=practice.contact,
                locale=practice.locale,
                time_zone=practice.time_zone,
                reset_link_minutes=practice.settings.reset_link_minutes,
                settings=practice.settings,
            ),
            subject=practice.id,
            origin=origin,
            version=practice.version,
        )
