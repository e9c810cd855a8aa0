"""What people read of the ledger: what was sent to them, or for them (NT-5)."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.notify.actions import Action
from services.notify.ledger.model import DeliveryId, LedgerEntry, State
from services.notify.ledger.store import deliveries
from services.notify.tellings.contents import (
    TOLD_AS,
    NotificationNumberVerification,
    template_of,
)
from services.notify.tellings.model import Reason
from shared.acts import Acts, By
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.db import Database

PAGE = 100  # of each class
CODE = template_of(NotificationNumberVerification)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Only one's own; a practice's are its communications."""

    database: Database
    acts: Acts

    async def of_account(self, account_id: AccountId) -> Sequence[LedgerEntry]:
        """What was sent to a person, newest first (NT-5)."""
        async with self.database.connection() as connection:
            found = await deliveries.of_account(connection, account_id, limit=PAGE)
        return [hushed(entry) for entry in found]

    async def of_practice(
        self,
        practice_id: PracticeId,
        patient_id: PatientId | None = None,
        *,
        after: DeliveryId | None = None,
        by: By,
    ) -> Sequence[LedgerEntry]:
        """A page of what a practice had sent, to one patient or to all, newest first (NT-5).

        It is on record, with the patient where it is of one (AU-1).
        """
        async with self.acts.begin(
            by, Action.LIST_DELIVERIES, patient=patient_id, practice=practice_id
        ) as act:
            before = await deliveries.place(act.tx, practice_id, after)
            if patient_id is None:
                return await deliveries.of_practice(act.tx, practice_id, before=before, limit=PAGE)
            return await deliveries.of_record(
                act.tx, practice_id, patient_id, before=before, limit=PAGE
            )


def hushed(entry: LedgerEntry) -> LedgerEntry:
    """Tell of a mail to a claimed address only that it was filed (EN-1, ID-6).

    A link can expire or be superseded, and a mail server knows addresses that it had mail for: how
    and when such a mail ended would tell whether another account has the address. Once the address
    is the account's own, nothing is left to hide.
    """
    if entry.template == CODE:
        return code_hushed(entry)
    told_as = TOLD_AS.get(entry.template)
    if told_as is None or entry.address is None:
        return entry
    if entry.own:
        return replace(entry, template=told_as)
    return replace(entry, template=told_as, state=State.QUEUED, reason=None, finished_at=None)


def code_hushed(entry: LedgerEntry) -> LedgerEntry:
    """Tell of a code that it was sent, where it arrived and where the number had answered STOP:
    else who only claimed it were told whether somebody has had text messages from here (NT-3).
    """
    if entry.state is State.DELIVERED or entry.reason is Reason.SUPPRESSED:
        return replace(entry, state=State.SENT, reason=None)
    return entry
