"""The ledger: events become deliveries, once for one intent."""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from services.notify.communications.model import Submitted
from services.notify.ledger.errors import (
    MergeUnderWay,
    NotKnownYet,
    PatientUnknown,
    PracticeUnknown,
)
from services.notify.ledger.model import DeliveryId
from services.notify.ledger.store import deliveries
from services.notify.ledger.store.deliveries import Filing
from services.notify.preferences.model import AddressId, Means, Reach, offered
from services.notify.preferences.store import preferences
from services.notify.projections.model import Account, Found, Practice
from services.notify.projections.store import accounts, practices
from services.notify.tellings import routing
from services.notify.tellings.intents import Destination, Intent
from services.notify.tellings.model import MessageClass
from services.notify.tellings.practice_communications import practice_communication
from services.notify.tellings.routing import Unroutable
from shared.clock import Clock
from shared.contracts.addresses import mailbox_key
from shared.contracts.envelope import Received
from shared.contracts.identity import Activity, Mailed
from shared.contracts.ids import AccountId
from shared.db import Connection, after_commit
from shared.messaging.subscriptions import Undeliverable
from shared.randomness import Randomness
from shared.trust.tokens import Digests

Sent = tuple[MessageClass, Means]  # by which couriers
Wakes = Mapping[Sent, Collection[asyncio.Event]]
A = TypeVar("A", bound=Mailed)
PATIENCE = 8  # tries for a snapshot to arrive: two to four minutes by the retry policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfiled:
    """What a practice submitted and cannot be filed yet, and why."""

    submitted: Submitted
    error: Exception


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """Files deliveries in its caller's transaction; a repeated event finds its rows there."""

    clock: Clock
    randomness: Randomness
    digests: Digests
    texts: bool  # whether text messages can be sent
    couriers: Wakes
    """Woken by what was filed for them, once it is committed; polling catches the rest."""

    async def file_activity(self, tx: Connection, *events: Received[A]) -> None:
        """Account activity: to every address that was valid when it happened (NT-1)."""
        elsewhere = await self._elsewhere(tx, [event.data for event in events])
        try:
            intents = [
                intent
                for event, ends in zip(events, elsewhere, strict=True)
                for intent in routing.account_activity(event, elsewhere=ends)
            ]
        except Unroutable as error:
            raise Undeliverable(str(error)) from error
        await self.file(tx, intents)

    async def _elsewhere(
        self, tx: Connection, told: Sequence[Mailed]
    ) -> Sequence[Sequence[Destination]]:
        """Where else each is told: at every notification address and number, of a freeze, and of a
        change of credentials that the account e-mail does not tell its holder (RC-9).
        """
        holders = {
            one.account_id
            for one in told
            if isinstance(one, Activity) and routing.tells_elsewhere(one)
        }
        known = await preferences.verified(tx, holders) if holders else {}
        return [
            [
                Destination(means=means, address=address)
                for means, address in known.get(one.account_id, ())
                if self.texts or means is not Means.TEXT_MESSAGE
            ]
            if isinstance(one, Activity)
            else ()
            for one in told
        ]

    async def file_communications(
        self, tx: Connection, waiting: Sequence[Submitted]
    ) -> Sequence[Unfiled]:
        """Practice communications: by preference (NT-2). Return those to be tried again later.

        That is while a snapshot has not arrived: of the practice, of what a merge publishes, and
        for some minutes of the patient. One nobody has an account for, or who is not enrolled, is
        no fault of the bus's.
        """
        records = {(one.communication.practice_id, one.communication.patient_id) for one in waiting}
        known = await practices.find(tx, {practice_id for practice_id, _ in records})
        found = await accounts.find_by_patient(tx, records)
        holders = {
            record: several[0].account.account_id for record, several in found.items() if several
        }
        reaches = await preferences.reaches(tx, holders)
        numbers = await self._numbers(tx, known.values(), holders.values())
        intents: list[Intent] = []
        unfiled: list[Unfiled] = []
        for one in waiting:
            record = one.communication.practice_id, one.communication.patient_id
            try:
                practice = known.get(one.communication.practice_id)
                if practice is None:
                    raise PracticeUnknown
                account = whose(found.get(record, ()))
                enrolled = account is not None and account[1]
                if not enrolled and one.attempts < PATIENCE:
                    raise PatientUnknown
            except NotKnownYet as error:
                unfiled.append(Unfiled(submitted=one, error=error))
            else:
                reach = reaches.get(record, Reach())
                if account is not None:
                    reach = replace(reach, number=numbers.get(account[0].account_id))
                offers = offered(practice.channels, texts=self.texts)
                intents += practice_communication(
                    one, account, practice=practice, offers=offers, reach=reach
                )
        await self.file(tx, intents)
        return unfiled

    async def _numbers(
        self, tx: Connection, offering: Iterable[Practice], holders: Collection[AccountId]
    ) -> Mapping[AccountId, tuple[AddressId, str]]:
        """Find their first numbers where one of these practices offers text messages."""
        offers = (Means.TEXT_MESSAGE in offered(one.channels, texts=self.texts) for one in offering)
        return await preferences.first_numbers(tx, holders) if any(offers) else {}

    async def file(self, tx: Connection, intents: Sequence[Intent]) -> Sequence[DeliveryId]:
        """File what was decided, and return the ids; couriers are woken by the commit. What was
        filed before under the same intent stays, under its own id.
        """
        if not intents:
            return ()
        filings = [
            Filing(
                id=DeliveryId(self.randomness.uuid()),
                intent=intent,
                digest=self._recipient(intent),
            )
            for intent in intents
        ]
        await deliveries.add(tx, filings, now=self.clock.now())
        for filed in {(intent.message_class, intent.means) for intent in intents}:
            for courier in self.couriers.get(filed, ()):
                after_commit(tx, courier.set)
        return [filing.id for filing in filings]

    def _recipient(self, intent: Intent) -> bytes:
        """Digest who is meant. A practice means a patient: her address may change meanwhile.

        Else it is a mailbox: two that only look alike are both told of one event. What a release
        before has filed by another form of an address is kept from coming twice by the inbox.
        """
        if intent.message_class is MessageClass.PRACTICE_COMMUNICATION and intent.communication:
            return self.digests.of("recipient", f"patient:{intent.communication.patient_id}")
        if intent.address is None:
            return self.digests.of("recipient", f"account:{intent.account_id}")
        return self.digests.of("recipient", f"mailto:{mailbox_key(intent.address)}")


def whose(found: Sequence[Found]) -> tuple[Account, bool] | None:
    """Say whose the patient record is, and whether it is enrolled. Raises MergeUnderWay.

    A record belongs to one account: where two have it, or one that is gone, the rest of what a
    merge publishes is on its way.
    """
    if not found:
        return None
    first, others = found[0], found[1:]
    if first.gone or any(other.enrolled and not other.gone for other in others):
        raise MergeUnderWay
    return first.account, first.enrolled
