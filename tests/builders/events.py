"""Events as identity and recovery publish them: a test states only what matters to it."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import msgspec

from shared.contracts.contract import Contract, Data
from shared.contracts.envelope import Envelope, Received
from shared.contracts.identity import (
    AccountChanged,
    AccountEmailChanged,
    AccountEmailVerified,
    AccountEnrolled,
    AccountFrozen,
    AccountLocked,
    AccountsMerged,
    AccountState,
    AccountThawed,
    AccountUnlocked,
    Activity,
    ChartsSettled,
    Claim,
    EmailVerificationRequested,
    Enrolment,
    EnrolmentAdded,
    EnrolmentEnded,
    EnrolmentReactivated,
    EnrolmentState,
    MergeRefusal,
    MergeRejected,
    MergeReviewRefused,
    MergeUnderReview,
    PasswordChanged,
    PasswordDisabled,
    PasswordReset,
    PasswordResetByLink,
    PersonChanged,
    PracticeChanged,
    ResetRoute,
    ReviewRefusal,
    TwoStepTurnedOff,
    UsernameRead,
)
from shared.contracts.ids import AccountId, EventId, MergeId, PatientId, PracticeId
from shared.contracts.merge import MergeRefused
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
A = TypeVar("A", bound=Activity)
ADDRESS = "juniper@mail.example"
LAST_NAME, FIRST_NAME, BIRTH_DATE = "Hale", "Juniper", date(1988, 4, 17)
CONTACT = "+1 555 0100"
ELM_STREET = "Elm Street"
RANDOMNESS = Randomness()


def body(
    contract: Contract[D],
    data: D,
    *,
    subject: UUID,
    version: int | None = None,
    time: datetime = START,
    event_id: EventId | None = None,
) -> bytes:
    """Return an event of its own as its owner's relay publishes it."""
    return msgspec.json.encode(
        Envelope(
            specversion="1.0",
            id=event_id or new_event(),
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


def new_merge() -> MergeId:
    return MergeId(RANDOMNESS.uuid())


def new_event() -> EventId:
    return EventId(RANDOMNESS.uuid())


def received(
    data: D,
    *,
    event_id: EventId | None = None,
    version: int = 0,
    time: datetime = START,
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
        publisher=publisher,
    )


def activity(
    kind: type[A], account_id: AccountId, *recipients: str, at: datetime = START, **said: Any
) -> A:
    """What a holder is told of, with what an event of this kind says besides."""
    usual = {"locale": "en", "time_zone": "UTC"}
    return kind(account_id=account_id, recipients=recipients, occurred_at=at, **{**usual, **said})


def always(kind: type[A], **usual: Any) -> Callable[..., A]:
    """Make an activity of this kind, which says this unless said otherwise."""
    return lambda *whom, **said: activity(kind, *whom, **{**usual, **said})


unlocked = always(AccountUnlocked, practice_name=ELM_STREET, practice_contact=CONTACT)
username_read = always(UsernameRead, practice_name=ELM_STREET, practice_contact=CONTACT)
password_disabled = always(PasswordDisabled)
email_verified = always(AccountEmailVerified)
email_changed = always(
    AccountEmailChanged,
    new_email="j•••@mail.example",
    reserved_until=START + timedelta(hours=72),
)
password_changed = always(PasswordChanged)
two_step_turned_off = always(TwoStepTurnedOff)
frozen = always(AccountFrozen, email_put_back=False)
thawed = always(AccountThawed, practice_name=ELM_STREET, practice_contact=CONTACT)
password_reset = always(PasswordReset, route=ResetRoute.LINK, proof_id="proof")
password_reset_by_link = always(PasswordResetByLink, route="link", proof_id="proof")
enrolment_added = always(EnrolmentAdded, practice_name=ELM_STREET)
enrolment_ended = always(EnrolmentEnded, practice_name=ELM_STREET, practice_contact=CONTACT)
enrolment_reactivated = always(EnrolmentReactivated, practice_name=ELM_STREET)
#: as it was published before usernames were sealed
reminder_requested = always(UsernameReminderInClear, username="juniper.hale")


def locked(
    account_id: AccountId, *recipients: str, at: datetime = START, **said: str
) -> AccountLocked:
    lock = {"time_zone": "Europe/London", "locked_until": at + timedelta(minutes=20)}
    return activity(AccountLocked, account_id, *recipients, at=at, **{**lock, **said})


def link_requested(
    account_id: AccountId, address: str, sealed: Sealed, *, at: datetime = START
) -> ResetLinkRequested:
    link: dict[str, Any] = {
        "link": sealed,
        "link_expires_at": sealed.expires_at,
        "life_minutes": 60,
    }
    return activity(ResetLinkRequested, account_id, address, at=at, **link)


def verification_requested(
    account_id: AccountId, address: str, sealed: Sealed | None, *, claim: Claim = Claim.VERIFY
) -> EmailVerificationRequested:
    said = {"claim": claim, **verification(sealed)}
    return activity(EmailVerificationRequested, account_id, address, **said)


def enrolled(
    account_id: AccountId, *recipients: str, claim: Claim | None, sealed: Sealed | None = None
) -> AccountEnrolled:
    said = {"claim": claim, **verification(sealed)}
    return activity(AccountEnrolled, account_id, *recipients, practice_name=ELM_STREET, **said)


def verification(sealed: Sealed | None) -> dict[str, Any]:
    until = sealed.expires_at if sealed else None
    return {"verification": sealed, "verification_expires_at": until}


def sealed_reminder(
    account_id: AccountId, sealed: Sealed, *recipients: str
) -> UsernameReminderRequested:
    return activity(UsernameReminderRequested, account_id, *recipients, username=sealed)


def charts_settled(
    practice_id: PracticeId,
    *,
    kept: Sequence[PatientId],
    given_up: Sequence[PatientId],
    account_id: AccountId | None = None,
) -> ChartsSettled:
    """A practice says which of these records it keeps."""
    return ChartsSettled(
        settlement_id=RANDOMNESS.uuid(),
        account_id=account_id or new_account(),
        practice_id=practice_id,
        kept=tuple(kept),
        given_up=tuple(given_up),
    )


def merged(
    survivor_id: AccountId, absorbed_id: AccountId, *recipients: str, **said: Any
) -> AccountsMerged:
    merge: dict[str, Any] = {"merge_id": new_merge(), "absorbed_id": absorbed_id, "enrolments": ()}
    return activity(AccountsMerged, survivor_id, *recipients, **{**merge, **said})


def not_merged(
    kind: type[A],
    survivor_id: AccountId,
    absorbed_id: AccountId,
    *recipients: str,
    of_absorbed: tuple[str, ...] = (),
    **said: Any,
) -> A:
    """`recipients` are the survivor's."""
    other: dict[str, Any] = {"absorbed_id": absorbed_id, "absorbed_recipients": of_absorbed}
    return activity(kind, survivor_id, *recipients, *of_absorbed, **other, **said)


def merge_rejected(*whom: Any, **said: Any) -> MergeRejected:
    merge = {"merge_id": new_merge(), "reason": MergeRefusal.PROOF_STALE}
    return not_merged(MergeRejected, *whom, **{**merge, **said})


def merge_refused(*whom: Any, **said: Any) -> MergeRefused:
    return not_merged(MergeRefused, *whom, reason=MergeRefusal.PERSON_MISMATCH, **said)


def merge_under_review(*whom: Any, **said: Any) -> MergeUnderReview:
    review = {"merge_id": new_merge(), "review_until": START + timedelta(days=30)}
    return not_merged(MergeUnderReview, *whom, **{**review, **said})


def merge_review_refused(*whom: Any, **said: Any) -> MergeReviewRefused:
    review = {"merge_id": new_merge(), "reason": ReviewRefusal.REJECTED}
    return not_merged(MergeReviewRefused, *whom, **{**review, **said})


def account(account_id: AccountId, *enrolments: Enrolment, **said: Any) -> AccountChanged:
    usual = {
        "state": AccountState.ACTIVE,
        "username": "juniper",
        "email": ADDRESS,
        "security_version": 1,
        "locale": "en",
        "time_zone": "UTC",
    }
    return AccountChanged(account_id=account_id, enrolments=enrolments, **{**usual, **said})


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
    first_name: str = FIRST_NAME,
    birth_date: date = BIRTH_DATE,
    home_phone: str | None = None,
    address: str | None = None,
) -> PersonChanged:
    return PersonChanged(
        patient_id=patient_id,
        practice_id=practice_id,
        account_id=account_id,
        last_name=last_name,
        first_name=first_name,
        birth_date=birth_date,
        home_phone=home_phone,
        address=address,
    )


def practice(
    practice_id: PracticeId,
    name: str = ELM_STREET,
    *,
    reset_link_minutes: int = 60,
    settings: PracticeSettings | None = None,
) -> PracticeChanged:
    return PracticeChanged(
        practice_id=practice_id,
        name=name,
        contact=CONTACT,
        locale="en",
        time_zone="UTC",
        reset_link_minutes=reset_link_minutes,
        settings=settings or PracticeSettings(reset_link_minutes=reset_link_minutes),
    )
