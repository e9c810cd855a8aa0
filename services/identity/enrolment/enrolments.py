"""Enrolment: a practice's token and a person's own data become an account (EN-1, EN-7)."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from services.identity.accounts.accounts import Accounts
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
from services.identity.enrolment.errors import TokenInvalid, WrongPerson
from services.identity.enrolment.model import ENROLMENT_TOKEN, Try
from services.identity.enrolment.store import tokens
from services.identity.log_on.store import terms as terms_store
from services.identity.log_on.terms import Terms
from services.identity.passwords.model import Context
from services.identity.passwords.passwords import HashedPassword, Passwords
from services.identity.patients.model import Patient
from services.identity.patients.patients import Patients
from services.identity.patients.store import patients
from services.identity.practices.model import Practice
from services.identity.practices.store import practices
from shared import limits, one_time
from shared.acts import Act, Acts, By
from shared.contracts.identity import ACCOUNT_ENROLLED
from shared.contracts.ids import AccountId
from shared.contracts.log_on_names import name_key
from shared.contracts.matching import same_person
from shared.db import Connection
from shared.http.routes import Reply
from shared.idempotency import IdempotencyKey
from shared.limits import Limit
from shared.randomness import Randomness
from shared.trust.tokens import Digests


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
    token: str
    birth_date: date
    last_name: str
    email: str | None
    username: str
    password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """An application whose own parts are sound, with the password hashed."""

    digest: bytes
    birth_date: date
    last_name: str
    email: str | None
    username: str
    password: str
    hashed: HashedPassword


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolments:
    acts: Acts
    randomness: Randomness
    digests: Digests
    terms: Terms
    passwords: Passwords
    patients: Patients
    accounts: Accounts
    verifications: Verifications
    mail_limit: Limit

    async def enrol(
        self, application: Application, *, by: By, key: IdempotencyKey | None
    ) -> Enrolled:
        """Make the one account of a token. Whatever is wrong with the input uses nothing up.

        Everything the input alone can say, and the hashing, comes before the token is looked at:
        an unknown token costs the same. The token's row is held until a wrong try is counted, or
        fifty parallel guesses would all be compared before the fifth failure voids it.
        """
        checked = await self._check(application)
        if checked.email is not None:
            await self.verifications.ready()
        async with self.acts.begin(by, Action.ENROL) as act:
            await tokens.hold(act.tx, checked.digest)
            try:
                async with act.attempt():
                    if kept := await act.repeat(key, Enrolled):
                        return kept
                    return await act.keep(key, await self._enrol(act, checked))
            except WrongPerson as wrong:
                await self._count(act, checked, Try.WRONG_PERSON)
                act.committing(wrong)
                raise
            except UsernameTaken as taken:
                await self._count(act, checked, Try.NAME_TAKEN)
                act.committing(taken)
                raise

    async def _count(self, act: Act, checked: Checked, kind: Try) -> None:
        await one_time.count_try(act.tx, ENROLMENT_TOKEN, checked.digest, kind, now=act.now)

    async def _check(self, application: Application) -> Checked:
        self.terms.require(application.terms_version)
        username = check_username(application.username)
        typed = application.email
        email = None if typed is None else check_address(typed, field="email")
        self._require_password(
            application.password,
            username,
            email,
            Context(names=(application.last_name,), birth_dates=(application.birth_date,)),
        )
        return Checked(
            digest=ENROLMENT_TOKEN.digest(self.digests, application.token),
            birth_date=application.birth_date,
            last_name=application.last_name,
            email=email,
            username=username,
            password=application.password,
            hashed=await self.passwords.hash(application.password),
        )

    async def _enrol(self, act: Act, checked: Checked) -> Enrolled:
        practice, patient = await self._prove(act.tx, checked, act.now)
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
        await self._welcome(act, checked, await self.accounts.announce(act, account_id), practice)
        return Enrolled(
            account_id=account_id,
            username=checked.username,
            recovery_routes=recovery_routes(email=checked.email is not None),
            email_verification=EmailVerification.SENT if checked.email else EmailVerification.NONE,
        )

    async def _prove(
        self, tx: Connection, checked: Checked, now: datetime
    ) -> tuple[Practice, Patient]:
        """The token, used up, with last name and birth date of its record. Raises TokenInvalid."""
        owner = await tokens.owner(tx, checked.digest)
        if owner is None:
            raise TokenInvalid
        practice_id, patient_id = owner
        patient = await patients.hold(tx, practice_id, patient_id)
        practice = await practices.find(tx, practice_id)
        if patient is None or practice is None or patient.account_id is not None:
            raise TokenInvalid
        if not same_person(
            patient.last_name, patient.birth_date, checked.last_name, checked.birth_date
        ):
            raise WrongPerson
        if not await one_time.use(tx, ENROLMENT_TOKEN, checked.digest, now=now):
            raise TokenInvalid
        return practice, patient

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
        await terms_store.accept(tx, account_id, self.terms.version, now=now)
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
