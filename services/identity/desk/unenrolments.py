"""A practice un-enrols its patient, and enrols her again (UN-1, UN-3)."""

from dataclasses import dataclass
from datetime import datetime

from services.identity.accounts.accounts import Accounts
from services.identity.accounts.model import AccountView
from services.identity.accounts.store import accounts as account_store
from services.identity.desk.errors import PatientNotEnrolled
from services.identity.enrolment.errors import PatientEnrolled
from services.identity.enrolment.store import tokens as tokens
from services.identity.patients.store import enrolments as store
from services.identity.patients.store import patients
from services.identity.practices.model import Practice
from services.identity.practices.store import practices
from services.identity.sessions.model import SessionEnd
from services.identity.sessions.sessions import Sessions
from shared.audit import Origin
from shared.contracts.identity import (
    ENROLMENT_ENDED,
    ENROLMENT_REACTIVATED,
    EnrolmentEnded,
    EnrolmentReactivated,
    EnrolmentState,
)
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.db import Connection
from shared.errors import NotFound
from shared.messaging.outbox import Outbox
from shared.transactions import Transactions


@dataclass(frozen=True, slots=True, kw_only=True)
class Unenrolments:
    """`origin` carries the staff member and the reason, which stays with the practice.

    The person's snapshot is not told again: the record stays her account's, so nothing in it
    changes.
    """

    transactions: Transactions
    accounts: Accounts
    sessions: Sessions
    outbox: Outbox

    async def un_enrol(
        self, practice_id: PracticeId, patient_id: PatientId, *, origin: Origin, now: datetime
    ) -> None:
        """End the enrolment: one of all who try does, and tells. Other practices see nothing."""
        action, subject, practice_ = "patient.un-enrol", f"patient:{patient_id}", str(practice_id)
        async with self.transactions.audited(
            origin, action, subject=subject, practice=practice_
        ) as tx:
            practice, account_id = await self._hold(tx, practice_id, patient_id)
            if not await store.end(tx, patient_id):
                raise PatientNotEnrolled
            await tokens.void(tx, patient_id, now=now)
            view = await self._announce(tx, account_id, origin)
            await self._take_from_sessions(tx, view, now)
            account = view.account
            await self.outbox.add(
                tx,
                ENROLMENT_ENDED,
                EnrolmentEnded(
                    account_id=account_id,
                    recipients=view.recipients,
                    locale=account.locale,
                    time_zone=account.time_zone,
                    occurred_at=now,
                    practice_name=practice.name,
                    practice_contact=practice.contact,
                ),
                subject=account_id,
                origin=origin,
            )
            await self._record(tx, origin, action, account_id, practice_id, patient_id)

    async def reactivate(
        self, practice_id: PracticeId, patient_id: PatientId, *, origin: Origin, now: datetime
    ) -> None:
        """Enrol her again; her credentials are what they were.

        Sessions go on as they are: nothing that they show is taken away, identity shows the
        practice at once, and other services wait for their copy where a newer token asks them to.
        """
        action, subject, practice_ = (
            "patient.re-activate",
            f"patient:{patient_id}",
            str(practice_id),
        )
        async with self.transactions.audited(
            origin, action, subject=subject, practice=practice_
        ) as tx:
            practice, account_id = await self._hold(tx, practice_id, patient_id)
            if not await store.reactivate(tx, patient_id):
                raise PatientEnrolled
            view = await self._announce(tx, account_id, origin)
            account = view.account
            await self.outbox.add(
                tx,
                ENROLMENT_REACTIVATED,
                EnrolmentReactivated(
                    account_id=account_id,
                    recipients=view.recipients,
                    locale=account.locale,
                    time_zone=account.time_zone,
                    occurred_at=now,
                    practice_name=practice.name,
                ),
                subject=account_id,
                origin=origin,
            )
            await self._record(tx, origin, action, account_id, practice_id, patient_id)

    async def _hold(
        self, tx: Connection, practice_id: PracticeId, patient_id: PatientId
    ) -> tuple[Practice, AccountId]:
        """The account is held, before anything of its: log-ons and other practices wait."""
        practice = await practices.find(tx, practice_id)
        if practice is None or not await patients.belongs(tx, patient_id, practice_id):
            raise NotFound
        account_id = await store.hold_account(tx, patient_id)
        if account_id is None:
            raise PatientNotEnrolled
        return practice, account_id

    async def _announce(self, tx: Connection, account_id: AccountId, origin: Origin) -> AccountView:
        await account_store.change(tx, account_id)
        return await self.accounts.announce(tx, account_id, origin)

    async def _take_from_sessions(self, tx: Connection, view: AccountView, now: datetime) -> None:
        """The practice's data is out of every session at once; the last practice takes them all."""
        if any(enrolment.state is EnrolmentState.ENROLLED for enrolment in view.enrolments):
            await self.sessions.narrow_within(tx, view.account.id, now=now)
        else:
            await self.sessions.end_within(tx, view.account.id, why=SessionEnd.UNENROLLED, now=now)

    async def _record(
        self,
        tx: Connection,
        origin: Origin,
        action: str,
        account_id: AccountId,
        practice_id: PracticeId,
        patient_id: PatientId,
    ) -> None:
        await self.transactions.audit.record(
            tx,
            origin,
            action=action,
            outcome="done",
            subject=f"account:{account_id}",
            practice=str(practice_id),
            detail=f"patient:{patient_id}",
        )
