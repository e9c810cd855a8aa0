"""Deliveries and what may become of them; no I/O, no clock."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType
from uuid import UUID

from services.notify.content import MAILED_ONLY, NOTICED_TOO, Content
from shared.contracts.identity import AccountState, EnrolmentState
from shared.contracts.ids import AccountId, EventId, PatientId, PracticeId
from shared.contracts.notify import Topic
from shared.contracts.sealed import Sealed, SealPurpose

DeliveryId = NewType("DeliveryId", UUID)
NoticeId = NewType("NoticeId", UUID)  # of the delivery it was written beside


class MessageClass(StrEnum):
    """NT-1: fixed by the event's type, never by a preference."""

    ACCOUNT_ACTIVITY = "account-activity"
    PRACTICE_COMMUNICATION = "practice-communication"


class Channel(StrEnum):
    EMAIL = "email"


class State(StrEnum):
    """NT-5; the diagram stands in the README."""

    QUEUED = "queued"  #: waits for a courier
    SENDING = "sending"  #: a courier holds its lease
    SENT = "sent"  #: the mail server has taken it
    DELIVERED = "delivered"  #: the recipient's server says so
    BOUNCED = "bounced"  #: the recipient's server gave it back
    FAILED = "failed"  #: cannot be sent; the reason says why
    EXPIRED = "expired"  #: its link died first
    UNKNOWN = "unknown"  #: no answer after the final dot: it may have arrived
    CANCELLED = "cancelled"  #: superseded, or its account is gone


class Reason(StrEnum):
    """Why a delivery ended without being sent."""

    NO_ADDRESS = "no_address"
    NO_ACCOUNT = "no_account"
    NOT_ENROLLED = "not_enrolled"
    ADDRESS_INVALID = "address_invalid"
    SEAL_BROKEN = "seal_broken"
    NOT_RENDERABLE = "not_renderable"
    REFUSED = "refused"
    SMTPUTF8_MISSING = "smtputf8_missing"
    ADDRESS_FOREIGN = "address_foreign"
    GAVE_UP = "gave_up"
    UNANSWERED = "unanswered"
    OPERATOR = "operator"
    LINK_EXPIRED = "link_expired"
    SUPERSEDED = "superseded"
    ACCOUNT_MERGED = "account_merged"
    ACCOUNT_FROZEN = "account_frozen"


# Of failures: the mail was never taken, and what was in its way can be mended.
RESENDABLE = frozenset(
    {Reason.REFUSED, Reason.SMTPUTF8_MISSING, Reason.GAVE_UP, Reason.NOT_RENDERABLE}
)


class Hindrance(StrEnum):
    """Why an operator's word on a delivery changes nothing."""

    NOT_HELD = "not held"
    NO_SUCH = "there is no such delivery"
    NOT_OPEN = "neither held nor failed"
    LINK_GONE = "its link's secret is gone, its holder asks for another"
    USERNAME_GONE = "the username is gone from it, its holder asks again"
    FINAL = "it failed for a reason that another try does not mend"


class Phase(StrEnum):
    """How far one attempt had come; what makes `unknown` knowable."""

    CONNECTING = "connecting"
    BEFORE_DOT = "before-dot"
    AFTER_DOT = "after-dot"  #: written just before the final dot: the server may have the mail
    ANSWERED = "answered"


class Outcome(StrEnum):
    """What one attempt came to."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"  #: not taken now: 4xx, no connection, cut short, 5xx that means us
    REFUSED = "refused"  #: 5xx that means the recipient
    UNANSWERED = "unanswered"  #: cut or silent after the final dot
    LOST = "lost"  #: its courier vanished and the lease ran out


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link to be mailed, or a username: it stays sealed until the moment of sending."""

    purpose: SealPurpose
    sealed: Sealed
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Communication:
    """The practice's side of a practice communication."""

    practice_id: PracticeId
    patient_id: PatientId
    topic: Topic
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One message somebody is to get because of one event: what routing decides."""

    event_id: EventId
    message_class: MessageClass
    template: str
    account_id: AccountId | None  # None: nobody has an account for the patient record
    address: str | None  # None: there is nowhere to send it, which the ledger shows
    refusal: Reason | None  # why there is nowhere
    content: Content | None
    locale: str
    time_zone: str
    occurred_at: datetime
    correlation_id: UUID
    own_address_only: bool = False  # nobody but identity names another than the account's own
    link: Link | None = None
    supersedes: SealPurpose | None = None  # older links of this kind are void by this event
    communication: Communication | None = None

    @property
    def noticed(self) -> bool:
        """NT-8: a notice in the portal stands in for the mail that has nowhere to go, and beside
        some of those that have.
        """
        if self.content is None or type(self.content) in MAILED_ONLY:
            return False
        return self.refusal is Reason.NO_ADDRESS or type(self.content) in NOTICED_TOO

    @property
    def dies_with_account(self) -> bool:
        """Once its account is absorbed it is dropped, never sent late (NT-6)."""
        return type(self.content) in MAILED_ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """A delivery as its courier holds it, with what the projections say about it now."""

    id: DeliveryId
    event_id: EventId
    message_class: MessageClass
    account_id: AccountId
    address: str
    content: Content
    locale: str
    time_zone: str
    sealed: Sealed | None
    link_purpose: SealPurpose | None
    expires_at: datetime | None
    correlation_id: UUID
    own_address_only: bool
    waits_since: datetime  # filed, or sent again by an operator
    attempts: int
    unanswered: int
    superseded: bool
    absorbed: bool  # its account was merged; the next three are the survivor's
    account_state: AccountState | None  # None: the account has not arrived here
    account_email: str | None
    enrolment: EnrolmentState | None  # of its patient record; None: not this account's
    contested: bool  # another account says the same of that patient record: a merge is on its way

    @property
    def destination(self) -> str:
        """Where its mail goes: the account's address of now, in the account's own spelling, where
        nobody but the account may say which, else the one that it was filed for.
        """
        of_now = self.of_practice or self.own_address_only
        return self.account_email or self.address if of_now else self.address

    @property
    def chosen_address(self) -> str:
        """What the ledger keeps of that. A practice's follows the account; any other stays as it
        was filed, since its seal names it.
        """
        return self.destination if self.of_practice else self.address

    @property
    def of_practice(self) -> bool:
        """Whether it is a practice communication."""
        return self.message_class is MessageClass.PRACTICE_COMMUNICATION

    @property
    def dies_with_account(self) -> bool:
        """As of its intent."""
        return type(self.content) in MAILED_ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one conversation with a mail server."""

    outcome: Outcome
    phase: Phase
    code: int | None = None
    enhanced_code: str | None = None
    reason: Reason = Reason.REFUSED  # of a refusal
    sender_refused: bool = False  # which is the sender of every mail

    @property
    def ours_to_mend(self) -> bool:
        """Refused, and not for the recipient: for the session, the sender or the content (NT-6)."""
        return self.outcome is Outcome.DEFERRED and self.code is not None and self.code >= 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a delivery; `due_at` only where it is queued again."""

    state: State
    reason: Reason | None = None
    due_at: datetime | None = None
    unanswered: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandoned:
    """A delivery whose lease ran out, with the phase its courier last recorded."""

    id: DeliveryId
    lease_token: UUID
    phase: Phase
    message_class: MessageClass
    correlation_id: UUID
    attempts: int
    unanswered: int
    waits_since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """A delivery as the ledger's readers see it; the address only masked."""

    id: DeliveryId
    message_class: MessageClass
    template: str
    channel: Channel
    address: str | None
    own: bool  # the address is the account's verified one by now
    state: State
    reason: Reason | None
    created_at: datetime
    finished_at: datetime | None
    communication: Communication | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A delivery in `unknown` or failed, as an operator is shown it: no address, no content."""

    id: DeliveryId
    message_class: MessageClass
    template: str
    practice_id: PracticeId | None
    reference: str | None
    resendable: bool  # a link's secret is gone: its holder asks for another
    reason: Reason
    created_at: datetime
    finished_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """An account as notify knows it."""

    account_id: AccountId
    state: AccountState
    email: str | None  # verified
    locale: str
    time_zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An account that names a patient record among its enrolments."""

    holder: Holder
    enrolled: bool
    gone: bool  # merged, or absorbed as far as merges were told


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice as it is kept; locale and zone are the account's now, where it has arrived here."""

    id: NoticeId
    message_class: MessageClass
    template: str
    content: Content
    created_at: datetime
    read: bool
    locale: str | None
    time_zone: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """A practice as notify knows it."""

    name: str
    locale: str


def masked(address: str) -> str:
    """Show the owner which of her addresses it was, and an onlooker nothing to write to."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}***@{domain}"
