"""A delivery whose turn it is, and what one attempt comes to; no I/O, no clock."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.notify.ledger.model import DeliveryId, State
from services.notify.preferences.model import Means
from services.notify.suppressions.model import NoMailbox, means_no_mailbox
from services.notify.tellings.contents import AT_AN_ADDRESS_ONLY, MAILED_ONLY, Content
from services.notify.tellings.intents import Destination
from services.notify.tellings.model import MessageClass, Reason
from shared.contracts.identity import AccountState, EnrolmentState
from shared.contracts.ids import AccountId, EventId, PracticeId
from shared.contracts.sealed import Sealed, SealPurpose


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
class Turn:
    """A delivery as its courier holds it, with what the projections say about it now."""

    id: DeliveryId
    event_id: EventId
    message_class: MessageClass
    account_id: AccountId | None  # None: who is told has none
    means: Means
    address: str
    content: Content
    locale: str
    time_zone: str
    zone_of_now: str  # the account's, which may have another one since it was filed
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
    account_email: str | None  # or the notification address that it was filed for, as it stands
    enrolment: EnrolmentState | None  # of its patient record; None: not this account's
    contested: bool  # another account says the same of that patient record: a merge is on its way
    then: tuple[Destination, ...] = ()  # where a practice communication goes where this fails
    hop: int = 0  # addresses of its order that failed before this one
    chosen: frozenset[Means] | None = None  # of its topic, as it stands; None: nothing is
    practice_id: PracticeId | None = None  # whose communication it is
    suppressed: bool = False  # no mailbox is behind its destination, or it answered STOP

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
    def texted(self) -> bool:
        """Whether it goes out as a text message."""
        return self.means is Means.TEXT_MESSAGE

    def not_me(self, now: datetime) -> Sealed | None:
        """The link beside what it tells (RC-9), while it opens something."""
        if self.link_purpose is not None or self.sealed is None or self.absorbed:
            return None
        if self.account_state in (AccountState.FROZEN, AccountState.MERGED):
            return None
        return self.sealed if self.sealed.expires_at > now else None

    @property
    def dies_with_account(self) -> bool:
        """As of its intent."""
        return type(self.content) in MAILED_ONLY

    @property
    def at_an_address_only(self) -> bool:
        """Whether no notice can stand in for its mail."""
        return type(self.content) in AT_AN_ADDRESS_ONLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one conversation with a mail server, or with a provider of text messages."""

    outcome: Outcome
    phase: Phase
    code: int | None = None  # SMTP's, or HTTP's
    enhanced_code: str | None = None  # or the provider's own
    reason: Reason = Reason.REFUSED  # of a refusal
    ours_to_mend: bool = False  # the session, the sender or the content of all is refused (NT-6)
    stopped: bool = False  # the recipient answered STOP (NT-3)
    sender_refused: bool = False  # which is the sender of every mail


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What becomes of a delivery; `due_at` only where it is queued again."""

    state: State
    reason: Reason | None = None
    due_at: datetime | None = None
    unanswered: int = 0
    to: Destination | None = None  # queued again for another address
    then: tuple[Destination, ...] = ()  # and where next
    notice: bool = False  # it failed, and a notice stands in


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """The final dot of a mail, or a text message, is about to go out, under this lease and to this
    address.
    """

    delivery_id: DeliveryId
    token: UUID
    address: str
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What became of a delivery under this lease; no answer where nobody was asked."""

    delivery_id: DeliveryId
    token: UUID
    verdict: Verdict
    answer: Answer | None
    at: datetime
    destination: str | None = None  # where it was to go; None: nobody was asked just now

    @property
    def stops(self) -> bool:
        """Whether nothing goes to its destination any more."""
        return self.no_mailbox is not None or self.stopped_number is not None

    @property
    def stopped_number(self) -> str | None:
        """The number that answered STOP, as its provider says; None: it says nothing of that."""
        stopped = self.answer is not None and self.answer.stopped
        return self.destination if stopped else None

    @property
    def no_mailbox(self) -> NoMailbox | None:
        """What its refusal says of the address; None: nothing."""
        answer = self.answer
        if answer is None or answer.outcome is not Outcome.REFUSED or self.destination is None:
            return None
        status = answer.enhanced_code
        if status is None or not means_no_mailbox(status):
            return None
        return NoMailbox(delivery_id=self.delivery_id, address=self.destination, status=status)


@dataclass(frozen=True, slots=True, kw_only=True)
class Abandoned:
    """A delivery whose lease ran out, with the phase its courier last recorded."""

    id: DeliveryId
    lease_token: UUID
    phase: Phase
    message_class: MessageClass
    means: Means
    correlation_id: UUID
    attempts: int
    unanswered: int
    waits_since: datetime
    then: tuple[Destination, ...] = ()
