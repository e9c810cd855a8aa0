"""Events as identity and recovery publish them: a test states only what matters to it."""

from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID

import msgspec

from shared.contracts.contract import Contract, Data
from shared.contracts.envelope import Envelope, Received
from shared.contracts.identity import (
    AccountChanged,
    AccountEmailVerified,
    AccountEnrolled,
    AccountLocked,
    AccountsMerged,
    AccountState,
    AccountUnlocked,
    Claim,
    EmailVerificationRequested,
    Enrolment,
    EnrolmentAdded,
    EnrolmentEnded,
    EnrolmentReactivated,
    EnrolmentState,
    MergeRefusal,
    MergeRejected,
    PasswordDisabled,
    PasswordReset,
    PersonChanged,
    PracticeChanged,
    ResetRoute,
)
from shared.contracts.ids import AccountId, EventId, MergeId, PatientId, PracticeId
from shared.contracts.merge import MergeRefused
from shared.contracts.notify import CommunicationSubmitted, Topic
from shared.contracts.practice_settings import PracticeSettings
from shared.contracts.recovery import (
    ResetLinkRequested,
    UsernameReminderInClear,
    UsernameReminderRequested,
)
from shared.contracts.sealed import Sealed
from shared.randomness import Randomness
from tests.support.clock import START

D = TypeVar("D", bound=Data)
ADDRESS = "juniper@mail.example"
LAST_NAME, BIRTH_DATE = "Hale", date(1988, 4, 17)
RANDOMNESS = Randomness()


def body(
    contract: Contract[D],
    data: D,
    *,
    subject: UUID,
    version: int | None = None,
    time: datetime = START,
) -> bytes:
    """Return an event of its own as its owner's relay publishes it."""
    return msgspec.json.encode(
        Envelope(
            specversion="1.0",
            id=new_event(),
            source=f"/{contract.owner}",
            type=contract.type,
            subject=str(subject),
            time=time,
            datacontenttype="application/json",
            data=msgspec.Raw(msgspec.json.encode(data)),
            aggregateversion=version,
            correlationid=RANDOMNESS.uuid(),
        )
    )


def new_account() -> AccountId:
    return AccountId(RANDOMNESS.uuid())


def new_event() -> EventId:
    return EventId(RANDOMNESS.uuid())


def received(
    data: D,
    *,
    event_id: EventId | None = None,
    version: int = 0,
    time: datetime = START,
    attempts: int = 0,
    publisher: str = "identity",
) -> Received[D]:
    return Received(
        id=event_id or new_event(),
        subject="",
        time=time,
        version=version,
        correlation_id=RANDOMNESS.uuid(),
        traceparent=None,
        data=data,
        attempts=attempts,
        publisher=publisher,
    )


def locked(
    account_id: AccountId,
    *recipients: str,
    locale: str = "en",
    time_zone: str = "Europe/London",
    at: datetime = START,
) -> AccountLocked:
    return AccountLocked(
        account_id=account_id,
        recipients=recipients,
        locale=locale,
        time_zone=time_zone,
        occurred_at=at,
        locked_until=at + timedelta(minutes=20),
    )


def unlocked(account_id: AccountId, *recipients: str) -> AccountUnlocked:
    return AccountUnlocked(
        account_id=account_id,
        recipients=recipients,
        locale="en",
        time_zone="UTC",
        occurred_at=START,
        practice_name="Elm Street",
        practice_contact="+1 555 0100",
    )


def password_disabled(account_id: AccountId, *recipients: str) -> PasswordDisabled:
    return PasswordDisabled(
        account_id=account_id,
        recipients=recipients,
        locale="en",
        time_zone="UTC",
        occurred_at=START,
    )


def email_verified(account_id: AccountId, *recipients: str) -> AccountEmailVerified:
    return AccountEmailVerified(
        account_id=account_id,
        recipients=recipients,
        locale="en",
        time_zone="UTC",
        occurred_at=START,
    )


def password_reset(
    account_id: AccountId, *recipients: str, at: datetime = START, proof_id: str = "proof"
) -> PasswordReset:
    return PasswordReset(
        account_id=account_id,
        recipients=recipients,
        locale="en",
        time_zone="UTC",
        occurred_at=at,
        route=ResetRoute.LINK,
        proof_id=proof_id,
    )


def link_requested(
    account_id: AccountId, address: str, sealed: Sealed, *, at: datetime = START
) -> ResetLinkRequested:
    return ResetLinkRequested(
        account_id=account_id,
        recipients=(address,),
        locale="en",
        time_zone="UTC",
        occurred_at=at,
        link=sealed,
        link_expires_at=sealed.expires_at,
        life_minutes=60,
    )


def verification_requested(
    account_id: AccountId, address: str, sealed: Sealed | None, *, claim: Claim = Claim.VERIFY
) -> EmailVerificationRequested:
    return EmailVerificationRequested(
        account_id=account_id,
        recipients=(address,),
        locale="en",
        time_zone="UTC",
        occurred_at=START,
        claim=claim,
        verification=sealed,
        verification_expires_at=sealed.expires_at if sealed else None,
    )


def enrolled(
    account_id: AccountId,
    *recipients: str,
    claim: Claim | None,
    sealed: Sealed | None = None,
    practice_name: str = "Elm Street",
) -> AccountEnrolled:
    return AccountEnrolled(
        account_id=account_id,
        recipients=recipients,
        locale="en",
        time_zone="UTC",
        occurred_at=START,
        practice_name=practice_name,
        claim=claim,
        verification=sealed,
        verification_expires_at=sealed.expires_at if sealed else None,
    )


def enrolment_added(account_id: AccountId, *recipients: str) -> EnrolmentAdded:
    return EnrolmentAdded(
        account_id=account_id,
        recipients=recipients,
        locale="en",
        time_zone="UTC",
        occurred_at=START,
        practice_name="Elm Street",
    )


def enrolment_ended(account_id: AccountId, *recipients: str) -> EnrolmentEnded:
    return EnrolmentEnded(
        account_id=account_id,
        recipients=recipients,
        locale="en",
        time_zone="UTC",
        occurred_at=START,
        practice_name="Elm Street",
        practice_contact="+1 555 0100",
    )


def enrolment_reactivated(account_id: AccountId, *recipients: str) -> EnrolmentReactivated:
    return EnrolmentReactivated(
        account_id=account_id,
        recipients=recipients,
        locale="en",
        time_zone="UTC",
        occurred_at=START,
        practice_name="Elm Street",
    )


def reminder_requested(account_id: AccountId, *recipients: str) -> UsernameReminderInClear:
    """As it was published before usernames were sealed."""
    return UsernameReminderInClear(
        account_id=account_id,
        recipients=recipients,
        locale="en",
        time_zone="UTC",
        occurred_at=START,
        username="juniper.hale",
    )


def sealed_reminder(
    account_id: AccountId, sealed: Sealed, *recipients: str
) -> UsernameReminderRequested:
    return UsernameReminderRequested(
        account_id=account_id,
        recipients=recipients,
        locale="en",
        time_zone="UTC",
        occurred_at=START,
        username=sealed,
    )


def merged(
    survivor_id: AccountId,
    absorbed_id: AccountId,
    *recipients: str,
    merge_id: MergeId | None = None,
    enrolments: tuple[Enrolment, ...] = (),
) -> AccountsMerged:
    return AccountsMerged(
        account_id=survivor_id,
        recipients=recipients,
        locale="en",
        time_zone="UTC",
        occurred_at=START,
        merge_id=merge_id or MergeId(RANDOMNESS.uuid()),
        absorbed_id=absorbed_id,
        enrolments=enrolments,
    )


def merge_rejected(
    survivor_id: AccountId,
    absorbed_id: AccountId,
    *recipients: str,
    of_absorbed: tuple[str, ...] = (),
    merge_id: MergeId | None = None,
    reason: MergeRefusal = MergeRefusal.PROOF_STALE,
) -> MergeRejected:
    """`recipients` are the survivor's."""
    return MergeRejected(
        account_id=survivor_id,
        recipients=(*recipients, *of_absorbed),
        locale="en",
        time_zone="UTC",
        occurred_at=START,
        merge_id=merge_id or MergeId(RANDOMNESS.uuid()),
        absorbed_id=absorbed_id,
        absorbed_recipients=of_absorbed,
        reason=reason,
    )


def merge_refused(
    survivor_id: AccountId,
    absorbed_id: AccountId,
    *recipients: str,
    of_absorbed: tuple[str, ...] = (),
) -> MergeRefused:
    """`recipients` are the survivor's."""
    return MergeRefused(
        account_id=survivor_id,
        recipients=(*recipients, *of_absorbed),
        locale="en",
        time_zone="UTC",
        occurred_at=START,
        absorbed_id=absorbed_id,
        absorbed_recipients=of_absorbed,
        reason=MergeRefusal.PERSON_MISMATCH,
    )


def account(
    account_id: AccountId,
    *enrolments: Enrolment,
    username: str = "juniper",
    email: str | None = ADDRESS,
    state: AccountState = AccountState.ACTIVE,
    security_version: int = 1,
    locale: str = "en",
    time_zone: str = "UTC",
) -> AccountChanged:
    return AccountChanged(
        account_id=account_id,
        state=state,
        username=username,
        email=email,
        security_version=security_version,
        locale=locale,
        time_zone=time_zone,
        enrolments=enrolments,
    )


def enrolment(
    practice_id: PracticeId,
    patient_id: PatientId,
    state: EnrolmentState = EnrolmentState.ENROLLED,
) -> Enrolment:
    return Enrolment(practice_id=practice_id, patient_id=patient_id, state=state)


def person(
    practice_id: PracticeId,
    patient_id: PatientId,
    account_id: AccountId | None = None,
    *,
    last_name: str = LAST_NAME,
    birth_date: date = BIRTH_DATE,
) -> PersonChanged:
    return PersonChanged(
        patient_id=patient_id,
        practice_id=practice_id,
        account_id=account_id,
        last_name=last_name,
        first_name="Juniper",
        birth_date=birth_date,
        home_phone=None,
        address=None,
    )


def practice(
    practice_id: PracticeId, name: str = "Elm Street", *, reset_link_minutes: int = 60
) -> PracticeChanged:
    return PracticeChanged(
        practice_id=practice_id,
        name=name,
        contact="+1 555 0100",
        locale="en",
        time_zone="UTC",
        reset_link_minutes=reset_link_minutes,
        settings=PracticeSettings(reset_link_minutes=reset_link_minutes),
    )


def communication(
    practice_id: PracticeId,
    patient_id: PatientId,
    *,
    topic: Topic = Topic.MESSAGE,
    reference: str = "1",
) -> CommunicationSubmitted:
    return CommunicationSubmitted(
        practice_id=practice_id, patient_id=patient_id, topic=topic, reference=reference
    )
