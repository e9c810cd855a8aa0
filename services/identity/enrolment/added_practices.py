"""A practice is added to an account one already has, by its token and that password (EN-5)."""

from dataclasses import dataclass
from datetime import datetime

from services.identity.accounts.accounts import Accounts
from services.identity.accounts.store import accounts as account_store
from services.identity.enrolment.errors import AlreadyEnrolled, PersonMismatch, TokenInvalid
from services.identity.enrolment.store import tokens as tokens
from services.identity.enrolment.tokens import token_digest
from services.identity.log_on.errors import InvalidCredentials
from services.identity.passwords.proofs import Decision, PasswordProofs, account_merged
from services.identity.patients.model import Patient, PatientEnrolment
from services.identity.patients.patients import Patients
from services.identity.patients.store import enrolments, patients
from services.identity.practices.model import Practice
from services.identity.practices.store import practices
from shared.audit import Origin
from shared.contracts.identity import ENROLMENT_ADDED, EnrolmentAdded, EnrolmentState
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.contracts.matching import Named, same_holder
from shared.db import Connection
from shared.http.idempotency import IdempotencyKey, IdempotencyKeys
from shared.http.routes import Reply
from shared.messaging.outbox import Outbox
from shared.tokens import Digests
from shared.transactions import Transactions

ACTION = "enrol.existing-account"


class PracticeAdded(Reply, frozen=True, kw_only=True):
    """Kept with its idempotency key, so it is the verb's own reply."""

    account_id: AccountId
    practice_id: PracticeId
    practice_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedPractices:
    transactions: Transactions
    idempotency: IdempotencyKeys
    outbox: Outbox
    digests: Digests
    proofs: PasswordProofs
    patients: Patients
    accounts: Accounts

    async def add_practice(
        self,
        token: str,
        name: str,
        password: str,
        *,
        origin: Origin,
        key: IdempotencyKey | None,
        now: datetime,
    ) -> PracticeAdded:
        """Give the token's record to the account that name and password log on to.

        The password is counted like a log-on's, and that count stays when the rest is refused and
        undone. Only who has proven the account hears anything of the token (LG-2, EN-1).
        """
        digest = token_digest(self.digests, token)
        attempt = await self.proofs.by_name(name, password)
        async with self.transactions.database.connection() as connection:
            record = await tokens.owner(connection, digest)  # for ever the same
        decision: Decision

        async def decide(tx: Connection) -> None:
            nonlocal decision
            decision = await self.proofs.decide(tx, attempt, source=origin.source, now=now)

        async with self.transactions.audited(
            origin,
            ACTION,
            subject=f"account:{attempt.account_id}" if attempt.account_id else None,
            practice=str(record[0]) if record else None,
            holding=decide,
        ) as tx:
            account_id = self._proven(decision)
            return await self.idempotency.once(
                tx,
                key,
                PracticeAdded,
                lambda: self._add(tx, account_id, record, digest, origin, now),
            )

    def _proven(self, decision: Decision) -> AccountId:
        if decision.survivor is not None:
            raise account_merged(decision.survivor)
        if decision.holder is None:
            raise InvalidCredentials(self.proofs.rule())
        return decision.holder.account_id

    async def _add(
        self,
        tx: Connection,
        account_id: AccountId,
        record: tuple[PracticeId, PatientId] | None,
        digest: bytes,
        origin: Origin,
        now: datetime,
    ) -> PracticeAdded:
        if record is None:
            raise TokenInvalid
        practice, patient = await self._hold(tx, *record)
        await self._require_free(tx, patient, account_id)
        if not await tokens.use(tx, digest, now=now):
            raise TokenInvalid
        # After the token, which a refusal gives back: a dead one tells nothing of its record.
        holder = await enrolments.records(tx, account_id)
        if not same_holder((Named(patient.last_name, patient.birth_date),), holder):
            raise PersonMismatch
        await self._enrol(tx, account_id, practice, patient, origin, now)
        await self.transactions.audit.record(
            tx,
            origin,
            action=ACTION,
            outcome="done",
            subject=f"account:{account_id}",
            practice=str(practice.id),
        )
        return PracticeAdded(
            account_id=account_id, practice_id=practice.id, practice_name=practice.name
        )

    async def _hold(
        self, tx: Connection, practice_id: PracticeId, patient_id: PatientId
    ) -> tuple[Practice, Patient]:
        """The record is held, after the account: who else has the token waits."""
        patient = await patients.hold(tx, practice_id, patient_id)
        practice = await practices.find(tx, practice_id)
        if patient is None or practice is None:
            raise TokenInvalid
        return practice, patient

    async def _require_free(self, tx: Connection, patient: Patient, account_id: AccountId) -> None:
        """Another account's record is told as a dead token.

        So is one that the practice un-enrolled: its tokens are void, and only the practice enrols
        it again (UN-1, UN-3).
        """
        enrolment = await enrolments.find(tx, patient.id)
        if enrolment is None:
            return
        own = PatientEnrolment(account_id=account_id, state=EnrolmentState.ENROLLED)
        raise AlreadyEnrolled if enrolment == own else TokenInvalid

    async def _enrol(
        self,
        tx: Connection,
        account_id: AccountId,
        practice: Practice,
        patient: Patient,
        origin: Origin,
        now: datetime,
    ) -> None:
        """Sessions go on as they are: they lose nothing."""
        enrolled = await patients.enrol(tx, patient, account_id, now=now)
        await self.patients.announce(tx, enrolled, origin)
        await account_store.change(tx, account_id)
        view = await self.accounts.announce(tx, account_id, origin)
        await self.outbox.add(
            tx,
            ENROLMENT_ADDED,
            EnrolmentAdded(
                account_id=account_id,
                recipients=view.recipients,
                locale=view.account.locale,
                time_zone=view.account.time_zone,
                occurred_at=now,
                practice_name=practice.name,
            ),
            subject=account_id,
            origin=origin,
        )
