"""The ledger: events become deliveries, once for one intent; people read what was sent to them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from services.notify import routing
from services.notify.content import TOLD_AS
from services.notify.errors import MergeUnderWay, PatientUnknown, PracticeUnknown
from services.notify.model import (
    DeliveryId,
    Found,
    Holder,
    Intent,
    LedgerEntry,
    MessageClass,
    State,
)
from services.notify.nudge import Nudge
from services.notify.routing import Unroutable
from services.notify.store import accounts, deliveries, practices
from shared.clock import Clock
from shared.contracts.envelope import Received
from shared.contracts.identity import Activity
from shared.contracts.ids import AccountId, PracticeId
from shared.contracts.notify import CommunicationSubmitted
from shared.db import Connection, Database
from shared.messaging.consumer import Undeliverable
from shared.randomness import Randomness
from shared.tokens import Digests

A = TypeVar("A", bound=Activity)
PAGE = 100  # of each class
PATIENCE = 8  # tries for a snapshot to arrive: two to four minutes by the retry policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Files deliveries in the consumer's transaction; a repeated event finds its rows there."""

    clock: Clock
    randomness: Randomness
    digests: Digests
    database: Database
    nudge: Nudge

    async def file_activity(self, tx: Connection, event: Received[A]) -> None:
        """Account activity: to every address that was valid when it happened (NT-1)."""
        try:
            intents = routing.account_activity(event)
        except Unroutable as error:
            raise Undeliverable(str(error)) from error
        await self._file(tx, intents)

    async def file_communication(
        self, tx: Connection, event: Received[CommunicationSubmitted]
    ) -> None:
        """Practice communication: by preference (NT-2).

        Raises PracticeUnknown, MergeUnderWay, and for some minutes PatientUnknown, while a snapshot
        has not arrived: tried again later. A patient nobody has an account for, or who is not
        enrolled, is no fault of the bus's.
        """
        practice = await practices.find(tx, event.data.practice_id)
        if practice is None:
            raise PracticeUnknown
        found = await accounts.find_by_patient(tx, event.data.practice_id, event.data.patient_id)
        holder = whose(found)
        enrolled = holder is not None and holder[1]
        if not enrolled and event.attempts < PATIENCE:
            raise PatientUnknown
        await self._file(tx, routing.practice_communication(event, holder, practice=practice))

    async def of_account(self, account_id: AccountId) -> Sequence[LedgerEntry]:
        """What was sent to a person, newest first (NT-5)."""
        async with self.database.connection() as connection:
            found = await deliveries.of_account(connection, account_id, limit=PAGE)
        return [hushed(entry) for entry in found]

    async def of_practice(self, practice_id: PracticeId) -> Sequence[LedgerEntry]:
        """What a practice had sent, newest first (NT-5)."""
        async with self.database.connection() as connection:
            return await deliveries.of_practice(connection, practice_id, limit=PAGE)

    async def _file(self, tx: Connection, intents: Sequence[Intent]) -> None:
        for intent in intents:
            delivery_id = DeliveryId(self.randomness.uuid())
            await deliveries.add(
                tx, delivery_id, intent, self._recipient(intent), now=self.clock.now()
            )
        self.nudge.touch()

    def _recipient(self, intent: Intent) -> bytes:
        """Digest who is meant. A practice means a patient: her address may change meanwhile."""
        if intent.message_class is MessageClass.PRACTICE_COMMUNICATION and intent.communication:
            return self.digests.of("recipient", f"patient:{intent.communication.patient_id}")
        if intent.address is None:
            return self.digests.of("recipient", f"account:{intent.account_id}")
        return self.digests.of("recipient", f"mailto:{intent.address.casefold()}")


def whose(found: Sequence[Found]) -> tuple[Holder, bool] | None:
    """Say whose the patient record is, and whether it is enrolled. Raises MergeUnderWay.

    A record belongs to one account: where two have it, or one that is gone, the rest of what a
    merge publishes is on its way.
    """
    if not found:
        return None
    first, others = found[0], found[1:]
    if first.gone or any(other.enrolled and not other.gone for other in others):
        raise MergeUnderWay
    return first.holder, first.enrolled


def hushed(entry: LedgerEntry) -> LedgerEntry:
    """Tell of a mail to a claimed address only that it was filed (EN-1, ID-6).

    A link can expire or be superseded, and a mail server knows addresses that it had mail for: how
    and when such a mail ended would tell whether another account has the address. Once the address
    is the account's own, nothing is left to hide.
    """
    told_as = TOLD_AS.get(entry.template)
    if told_as is None or entry.address is None:
        return entry
    if entry.own:
        return replace(entry, template=told_as)
    return replace(entry, template=told_as, state=State.QUEUED, reason=None, finished_at=None)
