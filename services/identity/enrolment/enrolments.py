"""Enrolment: a practice's secret and a person's own data become an account (EN-1, EN-7)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.identity.accounts import accounts
from services.identity.accounts.errors import UsernameTaken
from services.identity.accounts.model import (
    AccountView,
    NameKind,
    NewAccount,
    RecoveryRoute,
    recovery_routes,
)
from services.identity.accounts.names import check_username
from services.identity.accounts.store import accounts as account_store
from services.identity.accounts.store import names as log_on_names
from services.identity.accounts.tellings import tell
from services.identity.actions import Action
from services.identity.emails.addresses import check_address
from services.identity.emails.verifications import Mailing, Verifications
from services.identity.enrolment.evidence import NameAndDate
from services.identity.enrolment.model import Try
from services.identity.enrolment.ways_in import Brought, Presented, WaysIn
from services.identity.log_on.errors import TermsRequired
from services.identity.log_on.store import terms as terms_store
from services.identity.log_on.terms import Terms
from services.identity.passwords.model import Context
from services.identity.passwords.passwords import HashedPassword, Passwords
from services.identity.patients.patients import Patients
from services.identity.patients.store import patients
from services.identity.practices.model import Practice
from shared import limits
from shared.acts import Act, Acts, By
from shared.contracts.identity import ACCOUNT_ENROLLED
from shared.contracts.ids import AccountId
from shared.contracts.log_on_names import name_key
from shared.db import Connection
from shared.http.routes import Reply
from shared.idempotency import IdempotencyKey
from shared.limits import Limit
from shared.randomness import Randomness


class EmailVerification(StrEnum):
    SENT = "sent"
    NONE = "none"


class Enrolled(Reply, frozen=True, kw_only=True):
    """Kept with its idempotency key, so it is the verb's own reply."""

    account_id: AccountId
    username: str
    recovery_routes: tuple[RecoveryRoute, ...]
    email_verification: EmailVerification


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What a person types to enrol; no e-mail is a choice of her own (EN-7)."""

    terms_version: str
    proof: Brought | str  # a grant: it was proven before
    email: str | None
    username: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An application whose own parts are sound, with the password hashed."""

    terms_version: str
    proof: Presented
    email: str | None
    username: str
    password: str
    hashed: HashedPassword


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolments:
    acts: Acts
    randomness: Randomness
    ways_in: WaysIn
    terms: Terms
    passwords: Passwords
    patients: Patients
    verifications: Verifications
    mail_limit: Limit

    async def enrol(
        self, application: Application, *, by: By, key: IdempotencyKey | None
    ) -> Enrolled:
        """Make the one account of a secret. Whatever is wrong with the input uses nothing up.

        Everything the input alone can say, and the hashing, comes before the secret is looked at:
        an unknown one costs the same.
        """
        checked = await self._check(application, by)
        if checked.email is not None:
            await self.verifications.ready()
        async with self.acts.begin(by, Action.ENROL) as act:
            await self.ways_in.hold(act, checked.proof)
            try:
                async with act.attempt():
                    if kept := await act.repeat(key, Enrolled):
                        return kept
                    return await act.keep(key, await self._enrol(act, checked))
            except checked.proof.way.unproven as wrong:
                await self.ways_in.count(act, checked.proof, Try.WRONG_PERSON)
                act.committing(wrong)
                raise
            except UsernameTaken as taken:
                await self.ways_in.count(act, checked.proof, Try.NAME_TAKEN)
                act.committing(taken)
                raise

    async def _check(self, application: Application, by: By) -> Checked:
        await self.terms.require(application.terms_version)
        username = check_username(application.username)
        typed = application.email
        email = None if typed is None else check_address(typed, field="email")
        self._require_password(application.password, username, email, said(application.proof))
        async with self.acts.before(by, Action.ENROL):
            proof = await self.ways_in.presented(application.proof, now=by.now)
        return Checked(
            terms_version=application.terms_version,
            proof=proof,
            email=email,
            username=username,
            password=application.password,
            hashed=await self.passwords.hash(application.password),
        )

    async def _enrol(self, act: Act, checked: Checked) -> Enrolled:
        admitted = await self.ways_in.admit(act, checked.proof)
        await self.ways_in.use(act, checked.proof)
        practice, patient = admitted.practice, admitted.patient
        self._require_password(
            checked.password,
            checked.username,
            checked.email,
            Context(
                names=(patient.last_name, patient.first_name),
                birth_dates=(patient.birth_date,),
                practices=(practice.name,),
            ),
        )
        account_id = await self._open_account(act.tx, checked, practice, act.now)
        act.about(account=account_id, practice=practice.id)
        enrolled = await patients.enrol(act.tx, patient, account_id, now=act.now)
        self.patients.announce(act, enrolled)
        await self._welcome(act, checked, await accounts.announce(act, account_id), practice)
        return Enrolled(
            account_id=account_id,
            username=checked.username,
            recovery_routes=recovery_routes(
                email=checked.email is not None,
                validation=checked.email is None and patient.can_validate,
            ),
            email_verification=EmailVerification.SENT if checked.email else EmailVerification.NONE,
        )

    async def _open_account(
        self, tx: Connection, checked: Checked, practice: Practice, now: datetime
    ) -> AccountId:
        account_id = AccountId(self.randomness.uuid())
        await account_store.add(
            tx,
            NewAccount(
                id=account_id,
                username=checked.username,
                password_hash=checked.hashed.hash,
                history_salt=checked.hashed.history_salt,
                locale=practice.locale,
                time_zone=practice.time_zone,
                created_at=now,
            ),
        )
        key = name_key(checked.username)
        if not await log_on_names.claim(tx, key, account_id, NameKind.USERNAME, now=now):
            raise UsernameTaken.in_field("username", "somebody has this name")
        await self.passwords.remember(tx, account_id, checked.hashed, security_version=1, now=now)
        if not await terms_store.accept(tx, account_id, checked.terms_version, now=now):
            raise TermsRequired  # others were published since they were read
        return account_id

    async def _welcome(
        self, act: Act, checked: Checked, view: AccountView, practice: Practice
    ) -> None:
        account_id = view.account.id
        event_id = act.new_id()
        mailing: Mailing | None = None
        if checked.email is not None:
            # It counts on the address like a claim's, but is never held back by it: a practice's
            # token bounds it, and the same reply goes with the same mail.
            keys = (account_id.bytes, self.verifications.address_digest(checked.email))
            await limits.take(act.tx, self.mail_limit, keys, now=act.now)
            mailing = await self.verifications.begin(
                act.tx, account_id, checked.email, event_id=event_id, now=act.now
            )
        tell(
            act,
            view,
            ACCOUNT_ENROLLED,
            recipients=(checked.email,) if checked.email else (),
            event_id=event_id,
            practice_name=practice.name,
            claim=mailing.claim if mailing else None,
            verification=mailing.link if mailing else None,
            verification_expires_at=mailing.expires_at if mailing else None,
        )

    def _require_password(
        self, password: str, username: str, email: str | None, known: Context
    ) -> None:
        context = Context(
            username=username,
            emails=(email,) if email else (),
            names=known.names,
            birth_dates=known.birth_dates,
            practices=known.practices,
        )
        self.passwords.require(password, context, field="password")


def said(proof: Brought | str) -> Context:
    """What the input itself says of who enrols: no password may be made of it."""
    match proof:
        case Brought(evidence=NameAndDate(last_name=last_name, birth_date=birth_date)):
            return Context(names=(last_name,), birth_dates=(birth_date,))
        case _:
            return Context()
