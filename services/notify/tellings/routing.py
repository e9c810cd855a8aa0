"""Who gets which message because of an event: pure, event and projection in, intents out.

One piece, so that for every event whom it reaches and what it says is read in one place.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import cycle
from typing import TypeVar
from uuid import UUID

from services.notify.tellings import contents
from services.notify.tellings.contents import Content
from services.notify.tellings.intents import Destination, Intent, Link
from services.notify.tellings.model import MessageClass, Reason
from shared.contracts.catalogue import of_kind
from shared.contracts.contract import Data, Kind
from shared.contracts.envelope import Received
from shared.contracts.identity import (
    AccountEmailChanged,
    AccountEnrolled,
    AccountFrozen,
    Activity,
    AuthenticatorAppReplaced,
    Claim,
    CredentialChanged,
    EmailVerificationRequested,
    EnrolmentRequestApproved,
    EnrolmentRequestRejected,
    EnrolmentRequestSubmitted,
    Mailed,
    MergeNotDone,
    MergeRejected,
    MergeReviewRefused,
    MergeUnderReview,
    OfTwo,
    PasskeyMade,
    PasskeyRemoved,
    PasswordChanged,
    PasswordReset,
    PasswordResetByLink,
    PatientInvited,
    PlainActivity,
    TwoStepReset,
    TwoStepTurnedOff,
    TwoStepTurnedOn,
)
from shared.contracts.ids import AccountId, EventId
from shared.contracts.log_on_names import same_name
from shared.contracts.recovery import (
    ResetLinkRequested,
    UsernameReminderInClear,
    UsernameReminderRequested,
)
from shared.contracts.sealed import Sealed, SealPurpose

A = TypeVar("A", bound=Mailed)
# What other services than identity say: they write to an account's own address and to no other.
OF_OTHERS = tuple(
    contract.data for contract in of_kind(Kind.ACTIVITY) if contract.owner != "identity"
)
# RC-3: what raises an account's security version, by which recovery takes its links for void.
VOIDS_RESET_LINKS = (
    AccountEmailChanged,
    AccountFrozen,
    AuthenticatorAppReplaced,
    PasskeyMade,
    PasskeyRemoved,
    PasswordChanged,
    PasswordReset,
    PasswordResetByLink,
    TwoStepReset,
    TwoStepTurnedOff,
    TwoStepTurnedOn,
)


class Unroutable(Exception):
    """The event contradicts itself or is of a type that notify does not tell: no retry mends it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What an event has to say, whoever is told."""

    content: Content | None
    template: str
    link: Link | None = None
    supersedes: SealPurpose | None = None


def account_activity(
    event: Received[A], *, elsewhere: Sequence[Destination] = ()
) -> tuple[Intent, ...]:
    """Tell every address that was valid when it happened, whatever anybody prefers (NT-1).

    An account without one has a row that says so; of its credentials, and of a freeze in any case,
    its notification addresses and numbers hear, which are `elsewhere` (RC-9).
    """
    telling = told_by(event.data)
    told = tuple(
        Intent(
            event_id=event.id,
            message_class=MessageClass.ACCOUNT_ACTIVITY,
            template=telling.template,
            account_id=account_id,
            patient_id=event.data.patient_id if isinstance(event.data, PatientInvited) else None,
            address=address,
            refusal=Reason.NO_ADDRESS if address is None else None,
            content=telling.content,
            locale=event.data.locale,
            time_zone=event.data.time_zone,
            occurred_at=event.data.occurred_at,
            correlation_id=event.correlation_id,
            own_address_only=isinstance(event.data, OF_OTHERS),
            link=telling.link if address is not None else None,
            supersedes=telling.supersedes,
            not_me=next(iter(not_me_links(event.data, address)), None),
        )
        for account_id, addresses in holders(event.data)
        for address in (unique(addresses) if telling.content is not None else ()) or (None,)
    )
    return (*told, *told_elsewhere(told, event.data, elsewhere))


def not_me_links(data: Mailed, recipient: str | None) -> Sequence[Sealed]:
    """Those of a change of credentials that are sealed to this recipient."""
    if not isinstance(data, CredentialChanged):
        return ()
    return [sealed for sealed in data.not_me if sealed.recipient == recipient]


def told_elsewhere(
    told: Sequence[Intent], data: Mailed, elsewhere: Sequence[Destination]
) -> tuple[Intent, ...]:
    """The same to addresses that notify alone knows, but to those that are told already: links
    sealed to the account are for them, one each as far as they go.
    """
    links = tells_elsewhere(data)
    if not links:
        return ()
    known = [one.address for one in told if one.address is not None]
    others = [
        end
        for end in elsewhere
        if end.address is None or not any(same_name(end.address, one) for one in known)
    ]
    return tuple(
        replace(told[0], refusal=None, means=end.means, address=end.address, not_me=sealed)
        for end, sealed in zip(others, cycle(links), strict=False)
    )


def tells_elsewhere(data: Mailed) -> Sequence[Sealed | None]:
    """The links for an account's notification addresses, or that they are told without; none where
    they are not told.
    """
    if type(data) in contents.TOLD_EVERYWHERE:
        return (None,)
    return not_me_links(data, str(data.account_id)) if isinstance(data, Activity) else ()


def unique(addresses: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(addresses))


def holders(data: Mailed) -> tuple[tuple[AccountId | None, tuple[str, ...]], ...]:
    """Whom it happened to, and where each is told: a merge that is not done leaves two accounts,
    whose ledgers show nothing of each other. One that nobody has proven happened to nobody (MG-2).
    Who is invited, or asks to be enrolled, has no account.
    """
    if not isinstance(data, Activity):
        return ((None, data.recipients),)
    if isinstance(data, MergeRejected) and not data.proven:
        return ()
    if not isinstance(data, OfTwo) or data.absorbed_id == data.account_id:
        return ((data.account_id, data.recipients),)
    others = data.absorbed_recipients
    own = tuple(
        address
        for address in data.recipients
        if not any(same_name(address, other) for other in others)
    )
    return (data.account_id, own), (data.absorbed_id, others)


def trial(
    address: str, *, event_id: EventId, locale: str, correlation_id: UUID, at: datetime
) -> Intent:
    """Mail an operator's test: as account activity goes, to nobody's account (NT-5)."""
    telling = plain(contents.TrialMail(sent_at=at))
    return Intent(
        event_id=event_id,
        message_class=MessageClass.ACCOUNT_ACTIVITY,
        template=telling.template,
        account_id=None,
        address=address,
        refusal=None,
        content=telling.content,
        locale=locale,
        time_zone="UTC",
        occurred_at=at,
        correlation_id=correlation_id,
    )


def told_by(data: Data) -> Telling:
    """Find what an activity event says. Raises Unroutable."""
    match data:
        case PatientInvited() | EnrolmentRequestSubmitted():
            return to_no_account(data)
        case AccountEnrolled():
            return enrolled(data)
        case EmailVerificationRequested():
            return verification_requested(data)
        case ResetLinkRequested():
            link = Link(
                purpose=SealPurpose.RESET_LINK, sealed=data.link, expires_at=data.link_expires_at
            )
            return linked(
                contents.ResetLink(
                    life_minutes=data.life_minutes, link_expires_at=data.link_expires_at
                ),
                link,
            )
        case UsernameReminderRequested(username=sealed):
            return reminder(sealed)
        case UsernameReminderInClear(username=username):
            return plain(contents.UsernameReminder(username=username))
        case OfTwo():
            return of_two(data)
        case PlainActivity():
            void = SealPurpose.RESET_LINK if isinstance(data, VOIDS_RESET_LINKS) else None
            return plain(contents.of_plain(data), supersedes=void)
        case _:
            raise Unroutable(f"nothing is told of {type(data).__name__}")


def of_two(data: OfTwo) -> Telling:
    """MG-6: two accounts are not one, or not yet. Raises Unroutable."""
    match data:
        case MergeNotDone(occurred_at=at, reason=reason):
            return plain(contents.MergeRejected(occurred_at=at, reason=reason))
        case MergeUnderReview(occurred_at=at, review_until=until):
            return plain(contents.MergeUnderReview(occurred_at=at, review_until=until))
        case MergeReviewRefused(occurred_at=at, reason=why):
            return plain(contents.MergeReviewRefused(occurred_at=at, reason=why))
        case _:
            raise Unroutable(f"nothing is told of {type(data).__name__}")


def to_no_account(data: PatientInvited | EnrolmentRequestSubmitted) -> Telling:
    """EN-3, EN-4: who asks to be enrolled, or is invited."""
    match data:
        case EnrolmentRequestApproved():
            return invited(data, contents.EnrolmentRequestApproved)
        case PatientInvited():
            return invited(data, contents.PatientInvited)
        case EnrolmentRequestRejected(practice_name=name, practice_contact=contact):
            return plain(
                contents.EnrolmentRequestRejected(practice_name=name, practice_contact=contact)
            )
        case EnrolmentRequestSubmitted(practice_name=name, practice_contact=contact):
            return plain(
                contents.EnrolmentRequestSubmitted(practice_name=name, practice_contact=contact)
            )


def invited(data: PatientInvited, kind: type[contents.PatientInvited]) -> Telling:
    """EN-3, EN-4: a newer invitation voids the one before."""
    link = Link(
        purpose=SealPurpose.INVITATION,
        sealed=data.invitation,
        expires_at=data.invitation_expires_at,
    )
    return linked(
        kind(
            practice_name=data.practice_name,
            practice_contact=data.practice_contact,
            link_expires_at=link.expires_at,
        ),
        link,
    )


def enrolled(data: AccountEnrolled) -> Telling:
    """EN-1, EN-7: the welcome says what became of the claimed address."""
    match data.claim:
        case Claim.VERIFY:
            link = verification_link(data.verification, data)
            return linked(
                contents.AccountEnrolled(
                    practice_name=data.practice_name, link_expires_at=link.expires_at
                ),
                link,
            )
        case Claim.TAKEN:
            return plain(contents.AccountEnrolledTaken())
        case None:
            return Telling(content=None, template=contents.template_of(contents.AccountEnrolled))


def verification_requested(data: EmailVerificationRequested) -> Telling:
    """ID-6: a link, or the word that another account has verified the address."""
    match data.claim:
        case Claim.VERIFY:
            link = verification_link(data.verification, data)
            return linked(contents.EmailVerification(link_expires_at=link.expires_at), link)
        case Claim.TAKEN:
            return plain(contents.EmailTaken())


def verification_link(
    sealed: Sealed | None, data: AccountEnrolled | EmailVerificationRequested
) -> Link:
    """A mail that promises a link must have one. Raises Unroutable."""
    if sealed is None or data.verification_expires_at is None:
        raise Unroutable("an address is to be verified, but the event has no link")
    return Link(
        purpose=SealPurpose.EMAIL_VERIFICATION,
        sealed=sealed,
        expires_at=data.verification_expires_at,
    )


def reminder(sealed: Sealed) -> Telling:
    """RC-1: sealed like a link's token; a newer reminder voids no older one."""
    content = contents.UsernameReminder()
    return Telling(
        content=content,
        template=contents.template_of(content),
        link=Link(purpose=SealPurpose.USERNAME, sealed=sealed, expires_at=sealed.expires_at),
    )


def plain(content: Content, *, supersedes: SealPurpose | None = None) -> Telling:
    return Telling(content=content, template=contents.template_of(content), supersedes=supersedes)


def linked(content: Content, link: Link) -> Telling:
    """A newer link voids the older ones of its kind, so it supersedes their mails too (NT-6)."""
    return Telling(
        content=content,
        template=contents.template_of(content),
        link=link,
        supersedes=link.purpose,
    )
