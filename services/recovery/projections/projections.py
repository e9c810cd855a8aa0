"""What recovery keeps of others' snapshots: the newest of each, whatever order they come in."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

from services.recovery.projections.names import name_digest
from services.recovery.projections.store import accounts, notification_addresses, persons, practices
from shared.contracts.envelope import Received
from shared.contracts.identity import AccountChanged
from shared.contracts.ids import AccountId
from shared.contracts.notify import NotificationAddressesChanged
from shared.db import Connection
from shared.trust.tokens import Digests

PROJECTIONS = (
    practices.PROJECTION,
    accounts.PROJECTION,
    persons.PROJECTION,
    notification_addresses.PROJECTION,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Projections:
    digests: Digests
    drop_void_questions: Callable[[Connection, Sequence[AccountId]], Awaitable[None]]
    void_tokens: Callable[[Connection, Sequence[Received[AccountChanged]]], Awaitable[None]]

    async def keep_account(self, tx: Connection, *events: Received[AccountChanged]) -> None:
        """Keep accounts with the digests of both names each is found by, forget the questions of
        who was frozen since they were set (RC-9), and void what practices gave that she has left
        (UN-1).
        """
        await accounts.keep(tx, events, digest=partial(name_digest, self.digests))
        await self.drop_void_questions(tx, [event.data.account_id for event in events])
        await self.void_tokens(tx, events)

    async def keep_notification_addresses(
        self, tx: Connection, *events: Received[NotificationAddressesChanged]
    ) -> None:
        """Keep which addresses accounts have verified at notify, with the digest of each (RC-2)."""
        await notification_addresses.keep(tx, events, digest=partial(name_digest, self.digests))
