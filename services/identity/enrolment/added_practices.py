"""A practice is added to an account one already has, by what that practice gave (EN-5)."""

from dataclasses import dataclass

from services.identity.accounts import accounts
from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.enrolment.errors import AlreadyEnrolled, PersonMismatch
from services.identity.enrolment.model import TEMPORARY
from services.identity.enrolment.ways_in import Brought, Presented, WaysIn, require_age
from services.identity.log_on.errors import InvalidCredentials
from services.identity.passwords.proofs import PasswordProofs
from services.identity.patients.model import Patient, PatientEnrolment
from services.identity.patients.patients import Patients
from services.identity.patients.store import enrolments, patients
from services.identity.practices.model import Practice
from services.identity.practices.store import practices
from services.identity.proving.confirmations import Confirmations
from services.identity.sessions.sessions import Sessions
from services.identity.two_step.model import Outcome
from services.identity.two_step.second_steps import SecondSteps, refusal_of
from shared.acts import Act, Acts, By
from shared.contracts.identity import ENROLMENT_ADDED, EnrolmentState
from shared.contracts.ids import AccountId, PatientId, PracticeId
from shared.contracts.matching import Named, same_holder
from shared.db import Connection
from shared.errors import Refused
from shared.http.routes import Reply
from shared.idempotency import IdempotencyKey
from shared.trust.access import SessionCaller
from shared.trust.grants import GrantWrongAct, Verb


class PracticeAdded(Reply, frozen=True, kw_only=True):
    """Kept with its idempotency key, so it is the verb's own reply."""

    account_id: AccountId
    practice_id: PracticeId
    practice_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedPractices:
    acts: Acts
    ways_in: WaysIn
    proofs: PasswordProofs
    second_steps: SecondSteps
    confirmations: Confirmations
    patients: Patients
    sessions: Sessions

    async def add_by_password(
        self,
        brought: Brought | str,
        name: str,
        password: str,
        *,
        code: str | None,
        by: By,
        key: IdempotencyKey | None,
    ) -> PracticeAdded:
        """Give the secret's record to the account that name and password log on to, and a code
        where two-step is on.

        The password is counted like a log-on's, and a wrong code like one, and these counts stay
        when the rest is refused and undone. Only who has proven the account hears anything of the
        secret (LG-2, EN-1); a right code is used up with it, and given back where it is refused:
        who mistypes a token needs no other code for the next try. A repetition is answered whatever
        its code, which is used up by then, and is not counted.
        """
        async with self.acts.before(by, Action.ADD_TO_ACCOUNT):
            presented = await self._presented(brought, by)
        attempt = await self.proofs.by_name(name, password)
        offered = await self.second_steps.look(attempt.account_id, code)
        record = await self.ways_in.owner(presented)
        async with self.acts.begin(
            by,
            Action.ADD_TO_ACCOUNT,
            account=attempt.account_id,
            practice=record[0] if record else None,
        ) as act:
            decision = await self.proofs.decide(act, attempt)
            if decision.account is None:
                failed = self.proofs.refusal(decision, InvalidCredentials)
                raise act.committing(failed, detail=decision.refusal)
            account_id, outcome = decision.account.account_id, Outcome.OFF
            try:
                async with act.attempt():
                    if kept := await act.repeat(key, PracticeAdded):
                        return kept
                    outcome = await self.second_steps.judge(act, account_id, offered)
                    if refused := refusal_of(outcome):
                        raise refused
                    added = await self._add(act, account_id, record, presented)
                    return await act.keep(key, added)
            except Refused as refusal:
                judged = await self.second_steps.count(act, account_id, outcome)
                untold = judged in (Outcome.OFF, Outcome.PASSED, Outcome.MISSING)
                act.committing(refusal, detail=None if untold else judged)
                raise

    async def add_in_session(
        self,
        brought: Brought | str,
        *,
        caller: SessionCaller,
        reauthenticated: str,
        by: By,
    ) -> PracticeAdded:
        """Give the secret's record to the session's own account. A refusal uses nothing up."""
        account_id, action = caller.account_id, Action.ADD_TO_ACCOUNT
        grant = await self.confirmations.check(
            action, reauthenticated, Verb.PRACTICE, caller=caller, by=by
        )
        async with self.acts.before(by, action, account=account_id):
            presented = await self._presented(brought, by)
        record = await self.ways_in.owner(presented)
        async with self.acts.begin(
            by, action, account=account_id, practice=record[0] if record else None
        ) as act:
            view = await accounts.hold(act.tx, account_id, caller.session_id)
            await self.confirmations.spend(act.tx, grant, view, now=act.now)
            return await self._add(act, account_id, record, presented)

    async def _presented(self, brought: Brought | str, by: By) -> Presented:
        """What is temporary is for an account of its own alone (EN-2). Raises GrantWrongAct."""
        presented = await self.ways_in.presented(brought, now=by.now)
        if presented.way is TEMPORARY:
            raise GrantWrongAct
        return presented

    async def _add(
        self,
        act: Act,
        account_id: AccountId,
        record: tuple[PracticeId, PatientId] | None,
        presented: Presented,
    ) -> PracticeAdded:
        refused = presented.way.refused
        if record is None:
            raise refused
        practice_id, patient_id = record
        # Held after the account: who else has the secret waits.
        patient = await patients.hold(act.tx, practice_id, patient_id)
        if patient is None:
            raise refused
        practice = await practices.find(act.tx, practice_id)
        if not await self._is_free(act.tx, patient, account_id) or not presented.fits(patient):
            raise refused
        await self.ways_in.use(act, presented)
        # After the secret, which a refusal gives back: a dead one tells nothing of its record.
        holder = await enrolments.records(act.tx, account_id)
        if not same_holder((Named(patient.last_name, patient.birth_date),), holder):
            raise PersonMismatch
        require_age(practice, patient, act.now)
        await self._enrol(act, account_id, practice, patient)
        return PracticeAdded(
            account_id=account_id, practice_id=practice.id, practice_name=practice.name
        )

    async def _is_free(self, tx: Connection, patient: Patient, account_id: AccountId) -> bool:
        """Whether nobody has the record. Raises AlreadyEnrolled to who has it.

        One that the practice un-enrolled is not free: its secrets are void, and only the practice
        enrols it again (UN-1, UN-3).
        """
        enrolment = await enrolments.find(tx, patient.id)
        own = PatientEnrolment(account_id=account_id, state=EnrolmentState.ENROLLED)
        if enrolment == own:
            raise AlreadyEnrolled
        return enrolment is None

    async def _enrol(
        self, act: Act, account_id: AccountId, practice: Practice, patient: Patient
    ) -> None:
        """Sessions go on, with new tokens: they see the practice, and its disclaimer is asked."""
        self.patients.announce(act, await patients.enrol(act.tx, patient, account_id, now=act.now))
        view = await accounts.changed(act, account_id)
        await self.sessions.practices_changed_within(act, view)
        tell(act, view, ENROLMENT_ADDED, practice_name=practice.name)
