"""What each template is told: its declared variables, and no others (NT-4).

A field's type says how it is printed: an instant in the account's time zone, text on one line.
No patient name and nothing medical has a field here, and a username in one content only (RC-1).
"""

from collections.abc import Mapping
from datetime import datetime

import msgspec

from services.notify.tellings.errors import NotRenderable
from shared.contracts.contract import Data
from shared.contracts.identity import MergeRefusal, ResetRoute
from shared.contracts.log_on_names import LONGEST_USERNAME, is_seen, username_length
from shared.contracts.notify import Topic


class AccountEnrolled(
    Data, frozen=True, kw_only=True, tag_field="template", tag="account-enrolled"
):
    """EN-1: welcome, with the link that verifies the claimed address."""

    practice_name: str
    link_expires_at: datetime


class AccountEnrolledTaken(
    Data, frozen=True, kw_only=True, tag_field="template", tag="account-enrolled-taken"
):
    """EN-1: another account has verified the address. Whom the mail reaches may be a stranger to
    the one who enrolled, so it names no practice.
    """


class EmailVerification(
    Data, frozen=True, kw_only=True, tag_field="template", tag="email-verification"
):
    """ID-6: the link for a claimed address."""

    link_expires_at: datetime


class EmailTaken(Data, frozen=True, kw_only=True, tag_field="template", tag="email-taken"):
    """ID-6: somebody claimed an address that another account has verified."""


class AccountLocked(Data, frozen=True, kw_only=True, tag_field="template", tag="account-locked"):
    """LG-2: four wrong passwords in a row."""

    occurred_at: datetime
    locked_until: datetime


class AccountUnlocked(
    Data, frozen=True, kw_only=True, tag_field="template", tag="account-unlocked"
):
    """LG-2: which practice cleared the lock, and how to reach it."""

    occurred_at: datetime
    practice_name: str
    practice_contact: str


class PasswordDisabled(
    Data, frozen=True, kw_only=True, tag_field="template", tag="password-disabled"
):
    """LG-2: the password opens nothing until a new one is set."""

    occurred_at: datetime


class AccountEmailVerified(
    Data, frozen=True, kw_only=True, tag_field="template", tag="account-email-verified"
):
    """ID-6: an address is the account e-mail now, and a way in."""

    occurred_at: datetime


class PasswordReset(Data, frozen=True, kw_only=True, tag_field="template", tag="password-reset"):
    """RC-3: a new password was set, when and by which route."""

    occurred_at: datetime
    route: ResetRoute


class ResetLink(Data, frozen=True, kw_only=True, tag_field="template", tag="reset-link"):
    """RC-3: the link and its life."""

    life_minutes: int
    link_expires_at: datetime


class UsernameReminder(
    Data,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    tag_field="template",
    tag="username-reminder",
):
    """RC-1: the one mail that names the username; its subject does not.

    In the ledger the username is sealed, and stands here only while the mail is written.
    """

    username: str = ""


class EnrolmentAdded(Data, frozen=True, kw_only=True, tag_field="template", tag="enrolment-added"):
    """EN-5: a practice was added to the account."""

    occurred_at: datetime
    practice_name: str


class EnrolmentEnded(Data, frozen=True, kw_only=True, tag_field="template", tag="enrolment-ended"):
    """UN-1: which practice, and how to reach it; its reason is not ours to tell."""

    occurred_at: datetime
    practice_name: str
    practice_contact: str


class EnrolmentReactivated(
    Data, frozen=True, kw_only=True, tag_field="template", tag="enrolment-reactivated"
):
    """UN-3: the practice enrolled its patient again."""

    occurred_at: datetime
    practice_name: str


class AccountsMerged(Data, frozen=True, kw_only=True, tag_field="template", tag="accounts-merged"):
    """MG-6: two accounts are one now."""

    occurred_at: datetime


class MergeRejected(Data, frozen=True, kw_only=True, tag_field="template", tag="merge-rejected"):
    """MG-6: a merge was not done, and why."""

    occurred_at: datetime
    reason: MergeRefusal


class PracticeCommunication(
    Data, frozen=True, kw_only=True, tag_field="template", tag="practice-communication"
):
    """NT-1: something of this kind waits in the portal; never what it says."""

    practice_name: str
    topic: Topic


Content = (
    AccountEnrolled
    | AccountEnrolledTaken
    | EmailVerification
    | EmailTaken
    | AccountEmailVerified
    | AccountLocked
    | AccountUnlocked
    | PasswordDisabled
    | PasswordReset
    | ResetLink
    | UsernameReminder
    | EnrolmentAdded
    | EnrolmentEnded
    | EnrolmentReactivated
    | AccountsMerged
    | MergeRejected
    | PracticeCommunication
)
CONTENTS: tuple[type[Content], ...] = (
    AccountEnrolled,
    AccountEnrolledTaken,
    EmailVerification,
    EmailTaken,
    AccountEmailVerified,
    AccountLocked,
    AccountUnlocked,
    PasswordDisabled,
    PasswordReset,
    ResetLink,
    UsernameReminder,
    EnrolmentAdded,
    EnrolmentEnded,
    EnrolmentReactivated,
    AccountsMerged,
    MergeRejected,
    PracticeCommunication,
)
LINKED: frozenset[type[Content]] = frozenset({AccountEnrolled, EmailVerification, ResetLink})
# What nobody can be told but at an address: its point is the link, or that the mail arrived there.
# It is good for one account, and for nothing once that one is absorbed.
MAILED_ONLY: frozenset[type[Content]] = LINKED | {UsernameReminder}
# What the account's holder is told in the portal as well: the mail may go to who brought it about.
NOTICED_TOO: frozenset[type[Content]] = frozenset({AccountEmailVerified, AccountUnlocked})


def template_of(content: Content | type[Content]) -> str:
    """Return the name of the template that prints it."""
    return str(content.__struct_config__.tag)


def check_username(username: str) -> None:
    """Let through what a username may be (ID-1): whoever got hold of recovery would otherwise
    write to anybody in the portal's name. Raises NotRenderable.
    """
    if not 0 < username_length(username) <= LONGEST_USERNAME or not is_seen(username):
        raise NotRenderable("no account can have such a username")


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
    found: Content = msgspec.json.decode(text, type=Content)
    return found
