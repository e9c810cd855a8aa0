"""What each template is told: its declared variables, and no others (NT-4).

A field's type says how it is printed: an instant in the account's time zone, text on one line.
No patient name and nothing medical has a field here, and a username in one content only (RC-1).
What an event says by itself is told of the fields that its contract marks; the rest stands here,
in one piece: to be read for all that a mail can say of anybody.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any, ClassVar, cast, get_type_hints

import msgspec

from services.notify.tellings.errors import NotRenderable
from services.notify.tellings.model import MessageClass
from shared.contracts import identity
from shared.contracts.catalogue import of_kind
from shared.contracts.contract import Contract, Data, Kind, in_mail
from shared.contracts.identity import (
    CredentialChanged,
    MergeRefusal,
    PlainActivity,
    ReviewRefusal,
)
from shared.contracts.log_on_names import LONGEST_USERNAME, is_seen, username_length
from shared.contracts.notify import Topic


class Content(Data, frozen=True, kw_only=True, tag_field="template", tag=""):
    """The declared variables of one template; its tag is the template's name."""

    message_class: ClassVar[MessageClass] = MessageClass.ACCOUNT_ACTIVITY


class PatientInvited(Content, frozen=True, kw_only=True, tag="patient-invited"):
    """EN-3: a practice's invitation, with the link that half opens it."""

    practice_name: str
    practice_contact: str
    link_expires_at: datetime


class EnrolmentRequestApproved(
    PatientInvited, frozen=True, kw_only=True, tag="enrolment-request-approved"
):
    """EN-4: the practice enrols who asked: an invitation."""


class EnrolmentRequestSubmitted(
    Content, frozen=True, kw_only=True, tag="enrolment-request-submitted"
):
    """EN-4: a practice is asked to enrol somebody. Whoever typed this address may not
    be its holder.
    """

    practice_name: str
    practice_contact: str


class EnrolmentRequestRejected(
    Content, frozen=True, kw_only=True, tag="enrolment-request-rejected"
):
    """EN-4: the practice does not enrol who asked; it alone says why."""

    practice_name: str
    practice_contact: str


class AccountEnrolled(Content, frozen=True, kw_only=True, tag="account-enrolled"):
    """EN-1: welcome, with the link that verifies the claimed address."""

    practice_name: str
    link_expires_at: datetime


class AccountEnrolledTaken(Content, frozen=True, kw_only=True, tag="account-enrolled-taken"):
    """EN-1: another account has verified the address. Whom the mail reaches may be a stranger to
    the one who enrolled, so it names no practice.
    """


class EmailVerification(Content, frozen=True, kw_only=True, tag="email-verification"):
    """ID-6: the link for a claimed address."""

    link_expires_at: datetime


class EmailTaken(Content, frozen=True, kw_only=True, tag="email-taken"):
    """ID-6: somebody claimed an address that another account has verified."""


class NotificationAddressVerification(
    Content, frozen=True, kw_only=True, tag="notification-address-verification"
):
    """NT-2: the link for an address that practices may write to."""

    link_expires_at: datetime


class NotificationNumberVerification(
    Content, frozen=True, kw_only=True, omit_defaults=True, tag="notification-number-verification"
):
    """NT-3: the code for a number; in the ledger it is sealed, as a username is."""

    code: str = ""


class TextHelp(Content, frozen=True, kw_only=True, tag="text-help"):
    """NT-3: what a phone that asks for help is told."""


class ResetLink(Content, frozen=True, kw_only=True, tag="reset-link"):
    """RC-3: the link and its life."""

    life_minutes: int
    link_expires_at: datetime


class UsernameReminder(
    Content, frozen=True, kw_only=True, omit_defaults=True, tag="username-reminder"
):
    """RC-1: the one mail that names the username; its subject does not.

    In the ledger the username is sealed, and stands here only while the mail is written.
    """

    username: str = ""


class MergeRejected(Content, frozen=True, kw_only=True, tag="merge-rejected"):
    """MG-6: a merge was not done, and why, whichever service refused it."""

    occurred_at: datetime
    reason: MergeRefusal


class MergeUnderReview(Content, frozen=True, kw_only=True, tag="merge-under-review"):
    """MG-6: practices decide whether two accounts are of one person."""

    occurred_at: datetime
    review_until: datetime


class MergeReviewRefused(Content, frozen=True, kw_only=True, tag="merge-review-refused"):
    """MG-6: a merge that was under review is not done, and why."""

    occurred_at: datetime
    reason: ReviewRefusal


class AddressSuppressed(Content, frozen=True, kw_only=True, tag="address-suppressed"):
    """NT-5: mails to an address come back; the address as an onlooker may see it."""

    address: str


class TrialMail(Content, frozen=True, kw_only=True, tag="test-mail"):
    """NT-5: an operator looks whether mails arrive; of nobody and for nobody."""

    sent_at: datetime


class PracticeCommunication(Content, frozen=True, kw_only=True, tag="practice-communication"):
    """NT-1: something of this kind waits in the portal; never what it says."""

    message_class = MessageClass.PRACTICE_COMMUNICATION

    practice_name: str
    topic: Topic


def own_fields(contract: Contract[Any]) -> type[Content]:
    """Make the content of a plain event: the fields that its contract marks, under its name.

    A field that was added later has its default: what was filed before is still read.
    """
    hints, marked = get_type_hints(contract.data), in_mail(contract.data)
    fields = [
        (field.name, hints[field.name], msgspec.field(default=field.default))
        for field in msgspec.structs.fields(contract.data)
        if field.name in marked
    ]
    made = msgspec.defstruct(
        contract.data.__name__,
        fields,
        bases=(Content,),
        module=__name__,
        frozen=True,
        kw_only=True,
        tag=contract.name,
    )
    return cast(type[Content], made)


def plain_contents() -> Mapping[type[PlainActivity], type[Content]]:
    """Make the content of each plain event; an older version of one is told as the newest is."""
    contracts = [each for each in of_kind(Kind.ACTIVITY) if issubclass(each.data, PlainActivity)]
    newest = {each.name: each for each in sorted(contracts, key=lambda each: each.version)}
    made = {name: own_fields(contract) for name, contract in newest.items()}
    return {contract.data: made[contract.name] for contract in contracts}


PLAIN: Mapping[type[PlainActivity], type[Content]] = plain_contents()
CONTENTS: tuple[type[Content], ...] = (
    PatientInvited,
    EnrolmentRequestSubmitted,
    EnrolmentRequestApproved,
    EnrolmentRequestRejected,
    AccountEnrolled,
    AccountEnrolledTaken,
    EmailVerification,
    EmailTaken,
    NotificationAddressVerification,
    ResetLink,
    UsernameReminder,
    MergeRejected,
    MergeUnderReview,
    MergeReviewRefused,
    AddressSuppressed,
    TrialMail,
    PracticeCommunication,
    *dict.fromkeys(PLAIN.values()),
)
# What text messages print: by nothing else is a number verified.
TEXTED_ONLY: tuple[type[Content], ...] = (NotificationNumberVerification, TextHelp)
FILED: msgspec.json.Decoder[Content] = msgspec.json.Decoder(reduce(or_, CONTENTS + TEXTED_ONLY))
LINKED: frozenset[type[Content]] = frozenset(
    {
        PatientInvited,
        EnrolmentRequestApproved,
        AccountEnrolled,
        EmailVerification,
        NotificationAddressVerification,
        ResetLink,
    }
)
# What nobody can be told but at an address: its point is the link, or that the mail arrived there.
# It is good for one account, and for nothing once that one is absorbed.
MAILED_ONLY: frozenset[type[Content]] = LINKED | {
    TextHelp,
    NotificationNumberVerification,
    UsernameReminder,
    EnrolmentRequestSubmitted,
    EnrolmentRequestRejected,
}
# What stands in no notice either: who claimed an address is not told whether another account has it
# (EN-1, ID-6).
AT_AN_ADDRESS_ONLY: frozenset[type[Content]] = MAILED_ONLY | {AccountEnrolledTaken, EmailTaken}
# What the account's holder is told in the portal as well: the mail may go to who brought it about.
NOTICED_TOO: frozenset[type[Content]] = frozenset(
    {
        PLAIN[identity.AccountEmailChanged],
        PLAIN[identity.AccountEmailVerified],
        PLAIN[identity.AccountUnlocked],
        PLAIN[identity.UsernameRead],
    }
)


# RC-9: changes that their holder may say were not hers; with a link beside what they tell.
REPUDIABLE: frozenset[type[Content]] = frozenset(
    kind for event, kind in PLAIN.items() if issubclass(event, CredentialChanged)
)
# RC-9: of a freeze and its end everything hears that leads to its holder: which address was whose
# is what the freeze is about.
TOLD_EVERYWHERE: frozenset[type[PlainActivity]] = frozenset(
    {identity.AccountFrozen, identity.AccountThawed}
)
# What notification numbers may hear of: a text message has the mail's subject.
TEXTED_BY_SUBJECT: frozenset[type[Content]] = REPUDIABLE | {PLAIN[one] for one in TOLD_EVERYWHERE}


def of_plain(event: PlainActivity) -> Content:
    """Take over what a plain event says."""
    kind = PLAIN[type(event)]
    return kind(**{name: getattr(event, name) for name in kind.__struct_fields__})


def template_of(content: Content | type[Content]) -> str:
    """Return the name of the template that prints it."""
    return str(content.__struct_config__.tag)


def check_username(username: str) -> None:
    """Let through what a username may be (ID-1): whoever got hold of recovery would otherwise
    write to anybody in the portal's name. Raises NotRenderable.
    """
    if not 0 < username_length(username) <= LONGEST_USERNAME or not is_seen(username):
        raise NotRenderable("no account can have such a username")


# ID-6: whom these reach has proven that the address is the account's.
TO_AN_OWN_ADDRESS: frozenset[type[Content]] = frozenset(
    {PLAIN[identity.AccountEmailChanged], PLAIN[identity.AccountEmailVerified]}
)
# ID-6, EN-1: who claimed an address is not told whether another account has it.
TOLD_AS: Mapping[str, str] = {
    template_of(AccountEnrolled): template_of(AccountEnrolled),
    template_of(AccountEnrolledTaken): template_of(AccountEnrolled),
    template_of(EmailVerification): template_of(EmailVerification),
    template_of(EmailTaken): template_of(EmailVerification),
}


def write(content: Content) -> str:
    """Encode for the ledger."""
    return msgspec.json.encode(content).decode()


def read(text: str) -> Content:
    """Decode from the ledger."""
    return FILED.decode(text)
