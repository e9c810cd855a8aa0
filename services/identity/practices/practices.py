"""Practices, their settings and the clients that speak for them (ST-1, ST-2)."""

from dataclasses import dataclass
from datetime import datetime

from services.identity.errors import NotFound
from services.identity.practices.errors import SettingOutOfRange
from services.identity.practices.model import (
    GATEWAY_SCOPES,
    PRACTICE_SCOPES,
    RESET_LINK_MINUTES,
    Client,
    Practice,
)
from services.identity.practices.store import clients
from services.identity.practices.store import practices as store
from shared.audit import Origin
from shared.contracts.identity import PRACTICE_CHANGED, PracticeChanged
from shared.contracts.ids import PracticeId
from shared.db import Connection
from shared.errors import Violation
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
        reset_link_minutes: int,
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
            reset_link_minutes=_in_range(reset_link_minutes),
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

    async def change_reset_link_minutes(
        self, practice_id: PracticeId, minutes: int, *, origin: Origin
    ) -> Practice:
        """RC-3's life of a link, 15 min to 24 h; counts for new links only (ST-2).

        An operator's `origin` says so; a practice's carries the staff member and the reason.
        """
        action = "practice.set"
        async with self.transactions.audited(origin, action, practice=str(practice_id)) as tx:
            practice = await store.set_reset_link_minutes(tx, practice_id, _in_range(minutes))
            if practice is None:
                raise NotFound
            await self._announce(tx, practice, origin)
            await self.transactions.audit.record(
                tx,
                origin,
                action=action,
                outcome="done",
                practice=str(practice_id),
                detail=f"reset_link_minutes={minutes}",
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
                reset_link_minutes=practice.reset_link_minutes,
            ),
            subject=practice.id,
            origin=origin,
            version=practice.version,
        )


def _in_range(minutes: int) -> int:
    if minutes not in RESET_LINK_MINUTES:
        raise SettingOutOfRange(
            Violation(
                field="reset_link_minutes",
                code="setting_out_of_range",
                detail=f"{RESET_LINK_MINUTES[0]} to {RESET_LINK_MINUTES[-1]}",
            )
        )
    return minutes
