"""What routing decides: one message for somebody because of one event."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notify.communications.model import Communication
from services.notify.preferences.model import AddressId, Means
from services.notify.tellings.contents import MAILED_ONLY, NOTICED_TOO, Content
from services.notify.tellings.model import MessageClass, Reason
from shared.contracts.ids import AccountId, EventId, PatientId
from shared.contracts.sealed import Sealed, SealPurpose


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link to be mailed, or a username: it stays sealed until the moment of sending."""

    purpose: SealPurpose
    sealed: Sealed
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where a way leads: an address, whose id is null of the account e-mail, or the portal."""

    means: Means
    address: str | None = None
    address_id: AddressId | None = None


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
    patient_id: PatientId | None = None  # of who is told and has no account
    means: Means = Means.EMAIL
    address_id: AddressId | None = None  # of the notification address that it goes to
    then: tuple[Destination, ...] = ()  # where it goes where that fails
    notice: bool = False  # of a practice communication: it is, or stands beside it as, a notice
    not_me: Sealed | None = (
        None  # a link beside what is told, which goes without it once it is dead
    )

    @property
    def noticed(self) -> bool:
        """NT-8: a notice in the portal stands in for the mail that has nowhere to go, and beside
        some of those that have; of a practice communication as is chosen.
        """
        if self.content is None or type(self.content) in MAILED_ONLY:
            return False
        if self.communication is not None:
            return self.notice
        nowhere = self.refusal in (Reason.NO_ADDRESS, Reason.SUPPRESSED)
        return nowhere or type(self.content) in NOTICED_TOO

    @property
    def dies_with_account(self) -> bool:
        """Once its account is absorbed it is dropped, never sent late (NT-6)."""
        return type(self.content) in MAILED_ONLY
