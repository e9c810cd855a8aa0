"""What identity publishes.

One piece: what the others may hear of it, to be read through.
"""

from datetime import date
from enum import StrEnum
from typing import Literal
from uuid import UUID

from shared.contracts.contract import Contract, Data, InMail, Kind, Moment
from shared.contracts.ids import AccountId, MergeId, PatientId, PracticeId
from shared.contracts.keys import KeysChanged
from shared.contracts.listings import SnapshotsListed
from shared.contracts.practice_settings import PracticeSettings
from shared.contracts.sealed import Sealed


class AccountState(StrEnum):
    ACTIVE = "active"
    FROZEN = "frozen"
    MERGED = "merged"


class EnrolmentState(StrEnum):
    ENROLLED = "enrolled"
    UNENROLLED = "un-enrolled"


class Enrolment(Data, frozen=True, kw_only=True):
    practice_id: PracticeId
    patient_id: PatientId
    state: EnrolmentState


class AccountChanged(Data, frozen=True, kw_only=True):
    """The whole account as others may know it. `security_version` counts credential changes."""

    account_id: AccountId
    state: AccountState
    username: str
    email: str | None  # the verified account e-mail
    security_version: int
    locale: str
    time_zone: str
    enrolments: tuple[Enrolment, ...]
    reserved: tuple[str, ...] = ()  # names given up that still mean this account (ID-2), as keys
    reset_by_practice: bool = False  # since a freeze nothing but RC-5 sets a password (RC-9)
    frozen_in: int = 0  # the version that froze it last: what was set up before is void (RC-9)
    reopened: UUID | None = None  # the closing of RC-4 that a full log-on has ended last
    validated: bool = False  # its one validation was used (RC-6)


class PersonChanged(Data, frozen=True, kw_only=True):
    """Personal data needed only to match people: recovery and merge alone may read it."""

    patient_id: PatientId
    practice_id: PracticeId
    account_id: AccountId | None
    last_name: str
    first_name: str
    birth_date: date
    home_phone: str | None
    address: str | None


class PracticeChanged(Data, frozen=True, kw_only=True):
    practice_id: PracticeId
    name: str
    contact: str  # how a patient reaches the practice, printed in mails
    locale: str
    time_zone: str
    reset_link_minutes: int  # as in the settings, for who does not read them yet
    settings: PracticeSettings | None = None  # None: of a release that told only the one before

    @property
    def settled(self) -> PracticeSettings:
        """The settings, whichever release told them."""
        return self.settings or PracticeSettings(reset_link_minutes=self.reset_link_minutes)


class Mailed(Data, frozen=True, kw_only=True):
    """Told by mail. `recipients` are the addresses valid when it happened."""

    recipients: tuple[str, ...]
    locale: str
    time_zone: str
    occurred_at: InMail[Moment]


class Activity(Mailed, frozen=True, kw_only=True):
    """Told to the account's holder."""

    account_id: AccountId


class PatientInvited(Mailed, frozen=True, kw_only=True):
    """EN-3: a practice invites its patient, who has no account, at the practice's own address."""

    patient_id: PatientId
    practice_name: str
    practice_contact: str
    invitation: Sealed
    invitation_expires_at: Moment


class EnrolmentRequestSubmitted(Mailed, frozen=True, kw_only=True):
    """EN-4: somebody asks a practice to be enrolled, and typed this address."""

    request_id: UUID
    practice_name: str
    practice_contact: str


class EnrolmentRequestRejected(EnrolmentRequestSubmitted, frozen=True, kw_only=True):
    """EN-4: the practice does not enrol her; its reason stays with the practice."""


class EnrolmentRequestApproved(PatientInvited, frozen=True, kw_only=True):
    """EN-4: the practice enrols her: an invitation to the address that it chose of those typed."""


class PlainActivity(Activity, frozen=True, kw_only=True):
    """Told as it is, by the mail that has the event's name: nobody decides what it says.

    Such a mail is told the fields that are marked, and no others: whoever adds one for a service
    puts it into nobody's mailbox.
    """


LINKS_ELSEWHERE = 8
"""As many as an account has notification addresses and numbers (NT-2), one link each."""


class CredentialChanged(PlainActivity, frozen=True, kw_only=True):
    """RC-9: told with a link by which its holder says that it was not her.

    One is sealed to each of `recipients`, so that nobody who reads one mailbox can use up the link
    of another. Where there was no account e-mail to tell, those sealed to the account itself are
    for its notification addresses and numbers, which notify alone knows.
    """

    not_me: tuple[Sealed, ...] = ()


class Claim(StrEnum):
    """What the mail to a claimed address says (EN-1, ID-6)."""

    VERIFY = "verify"  #: here is your link
    TAKEN = "taken"  #: another account has verified this address; no link


class AccountEnrolled(Activity, frozen=True, kw_only=True):
    """EN-1: welcome, with the verify link where an address was claimed and is free."""

    practice_name: str
    claim: Claim | None  # None: enrolled without an e-mail (EN-7); then `recipients` is empty
    verification: Sealed | None
    verification_expires_at: Moment | None


class EmailVerificationRequested(Activity, frozen=True, kw_only=True):
    """ID-6: an address was claimed, or its link asked for again."""

    claim: Claim
    verification: Sealed | None
    verification_expires_at: Moment | None


class AccountLocked(PlainActivity, frozen=True, kw_only=True):
    """LG-2: told once a lock, at most three a day."""

    locked_until: InMail[Moment]
    no_password: InMail[bool] = False  # since a freeze; its practice helps to one (RC-5, RC-9)


class AccountUnlocked(PlainActivity, frozen=True, kw_only=True):
    """LG-2: a practice cleared the lock, or the wrong passwords counted so far."""

    practice_name: InMail[str]
    practice_contact: InMail[str]
    no_password: InMail[bool] = False  # since a freeze; its practice helps to one (RC-5, RC-9)


class UsernameRead(PlainActivity, frozen=True, kw_only=True):
    """RC-2b: a practice has read the username out. The mail does not say it."""

    practice_name: InMail[str]
    practice_contact: InMail[str]


class PasswordDisabled(PlainActivity, frozen=True, kw_only=True):
    """LG-2: so many wrong passwords in a row that it opens nothing until a new one is set."""

    no_password: InMail[bool] = False  # since a freeze; its practice helps to one (RC-5, RC-9)


class AccountEmailVerified(CredentialChanged, frozen=True, kw_only=True):
    """ID-6: `recipients` is the address that is now the account e-mail: a new way in."""


class AccountEmailChanged(CredentialChanged, frozen=True, kw_only=True):
    """ID-6: another address is the account e-mail now. `recipients` are the old one and the new
    one; what they are told of the new one is masked, for the old mailbox may be somebody else's.
    """

    new_email: InMail[str]
    reserved_until: InMail[Moment]  # so long nobody else gets the old one


class UsernameChanged(CredentialChanged, frozen=True, kw_only=True):
    """ID-2: the username was changed; both as a mailbox may show them, masked (RC-1)."""

    old_username: InMail[str]
    new_username: InMail[str]


class PasswordChanged(CredentialChanged, frozen=True, kw_only=True):
    """ID-7: its holder set another password; every session of before has ended."""


class TwoStepTurnedOn(CredentialChanged, frozen=True, kw_only=True):
    """MF-1: a first authenticator app has shown a good code; every other session has ended."""


class AuthenticatorAppReplaced(CredentialChanged, frozen=True, kw_only=True):
    """MF-1: another app has taken the place of the one before; the recovery codes stay."""


class TwoStepTurnedOff(CredentialChanged, frozen=True, kw_only=True):
    """MF-4: its holder turned it off, by password and code."""


class RecoveryCodesMade(CredentialChanged, frozen=True, kw_only=True):
    """MF-4: new recovery codes; those before open nothing any more."""


class RecoveryCodesLow(PlainActivity, frozen=True, kw_only=True):
    """MF-4: a recovery code was used, and three are left."""


class SecondStepLocked(PlainActivity, frozen=True, kw_only=True):
    """MF-3: ten wrong codes, from somebody who has the password; at most three a day are told."""

    locked_until: InMail[Moment]


class TwoStepReset(CredentialChanged, frozen=True, kw_only=True):
    """MF-4: a practice took app and codes away; every session has ended."""

    practice_name: InMail[str]
    practice_contact: InMail[str]
    no_password: InMail[bool] = False  # since a freeze; its practice helps to one (RC-5, RC-9)


class TwoStepMode(StrEnum):
    """When the second step is asked for (MF-2)."""

    EVERY_LOG_ON = "every-log-on"
    NEW_DEVICES = "new-devices"  #: not at a device that is trusted


class TwoStepModeChanged(CredentialChanged, frozen=True, kw_only=True):
    """MF-2: its holder chose when the second step is asked for."""

    mode: InMail[TwoStepMode]


class SecurityQuestionsChanged(CredentialChanged, frozen=True, kw_only=True):
    """RC-8: five security questions were set, the first or others. Identity tells it as it hears
    of it from recovery.
    """


class DeviceTrusted(PlainActivity, frozen=True, kw_only=True):
    """MF-2: with a code a device was made one that is asked for none until then."""

    trusted_until: InMail[Moment]


class PasskeyMade(CredentialChanged, frozen=True, kw_only=True):
    """MF-5: its holder made a passkey, by which she can log on from now on. What she calls it is
    not told: a mail says nothing that anybody typed.
    """


class PasskeyRemoved(CredentialChanged, frozen=True, kw_only=True):
    """MF-9: its holder removed a passkey; it opens nothing any more."""


class PasskeyCopied(PlainActivity, frozen=True, kw_only=True):
    """MF-6: a passkey that is on one device has answered with a counter that did not grow, as a
    copy would. It was refused, and nothing removed. At most once a day.
    """


class DeviceEnd(StrEnum):
    """What made a device void."""

    HOLDER = "holder"
    WRONG_PASSWORDS = "wrong-passwords"


class DeviceRemoved(PlainActivity, frozen=True, kw_only=True):
    """MF-2, LG-2: a device is known no more, and not trusted. What it is called is not told: its
    client said that, and a mail says nothing that anybody else worded.
    """

    cause: InMail[DeviceEnd]


class LogOnAlert(StrEnum):
    """Why a log-on is told, the gravest of several (SE-2)."""

    AFTER_FAILURES = "after-failures"
    NEW_DEVICE = "new-device"
    LONG_ABSENCE = "long-absence"


class UnusualLogOn(PlainActivity, frozen=True, kw_only=True):
    """SE-2: a log-on that its holder would want to know of if it was not hers."""

    cause: InMail[LogOnAlert]


class ResetRoute(StrEnum):
    LINK = "link"  #: RC-3
    QUESTIONS = "questions"  #: RC-4
    PRACTICE_TOKEN = "practice-token"  # noqa: S105 - a route; RC-5
    VALIDATION = "validation"  #: RC-6


class PasswordResetByLink(CredentialChanged, frozen=True, kw_only=True):
    """As it was published while a link was the only route."""

    route: InMail[Literal["link"]]
    proof_id: str


class PasswordReset(CredentialChanged, frozen=True, kw_only=True):
    """RC-3 to RC-6: a new password was set with a recovery grant."""

    route: InMail[ResetRoute]
    proof_id: str  # the jti that was spent: recovery tidies up by it


class AccountFrozen(PlainActivity, frozen=True, kw_only=True):
    """RC-9: its holder said that a change was not hers: password, sessions, links and grants are
    void. `recipients` are the account e-mail and the one that it took the place of.
    """

    email_put_back: InMail[bool]  # the address that was replaced in the last 72 h is hers again
    email_removed: InMail[bool] = False  # there was none before that change


class AccountThawed(PlainActivity, frozen=True, kw_only=True):
    """RC-9: a practice thawed it; a password comes from the practice alone (RC-5)."""

    practice_name: InMail[str]
    practice_contact: InMail[str]


class EnrolmentAdded(PlainActivity, frozen=True, kw_only=True):
    """EN-5: a practice was added to the account."""

    practice_name: InMail[str]


class EnrolmentEnded(PlainActivity, frozen=True, kw_only=True):
    """UN-1: a practice un-enrolled its patient; its reason stays with the practice."""

    practice_name: InMail[str]
    practice_contact: InMail[str]


class EnrolmentReactivated(PlainActivity, frozen=True, kw_only=True):
    """UN-3: the practice enrolled its patient again; the credentials are what they were."""

    practice_name: InMail[str]


class ChartsSettled(Data, frozen=True, kw_only=True):
    """MG-5, ST-1: a practice has said of patient records that one account has which it keeps.

    The enrolments of those given up have ended. Whoever was enrolled still is, by one that is kept,
    so nobody is told: the practice stays hers.
    """

    settlement_id: UUID
    account_id: AccountId
    practice_id: PracticeId
    kept: tuple[PatientId, ...]
    given_up: tuple[PatientId, ...]


class AccountsMerged(PlainActivity, frozen=True, kw_only=True):
    """MG-4, MG-5: two accounts are one, for good. `account_id` is the survivor.

    `recipients` are the verified addresses both had until then (MG-6). Whoever keeps anything of
    the absorbed account keeps it for the survivor from now on, for ever (MG-9).
    """

    merge_id: MergeId
    absorbed_id: AccountId
    enrolments: tuple[Enrolment, ...]  # the survivor's, now that both practices stand under it


class MergeRefusal(StrEnum):
    """Why identity did not merge; nothing was changed. The codes are those of the problems."""

    GRANT_INVALID = "grant_invalid"
    GRANT_USED = "grant_used"
    PROOF_STALE = "merge_proof_stale"  #: credentials of either account changed since (MG-1)
    ACCOUNT_MERGED = "account_merged"
    SAME_ACCOUNT = "merge_same_account"
    PERSON_MISMATCH = "merge_person_mismatch"  #: MG-2


class OfTwo(Activity, frozen=True, kw_only=True):
    """MG-6: told to the holders of two accounts that are not one. `account_id` is the one that is
    to survive, or would have; `recipients` are the verified addresses of both.
    """

    absorbed_id: AccountId
    absorbed_recipients: tuple[str, ...]  # those of `recipients` that are the other account's


class MergeNotDone(OfTwo, frozen=True, kw_only=True):
    """MG-6: two accounts were proven and not merged."""

    reason: MergeRefusal


class MergeRejected(MergeNotDone, frozen=True, kw_only=True):
    """A merge that merge had accepted was refused at identity's last look.

    Not `proven`: its proofs did not hold, so nobody asked for it. Then it ends the saga and is told
    to no one, and has no recipients.
    """

    merge_id: MergeId
    proven: bool = True


class MergeUnderReview(OfTwo, frozen=True, kw_only=True):
    """MG-2: both accounts are proven, but not of one person by their records: practices decide.

    What was proven is kept here, so an approval need name no more than the merge.
    """

    merge_id: MergeId
    review_until: Moment


class ReviewRefusal(StrEnum):
    """Why a review ended without a merge; nothing was changed."""

    REJECTED = "merge_review_rejected"  #: by a practice of either account
    EXPIRED = "merge_review_expired"  #: nobody decided in time
    PROOF_STALE = "merge_proof_stale"  #: credentials of either changed since, or it was frozen
    ACCOUNT_MERGED = "account_merged"  #: one of the two was absorbed by another merge meanwhile


class MergeReviewRefused(OfTwo, frozen=True, kw_only=True):
    """MG-6: a merge that was under review is not done."""

    merge_id: MergeId
    reason: ReviewRefusal


ACCOUNT_CHANGED = Contract("identity", "account-changed", AccountChanged, Kind.SNAPSHOT)
PERSON_CHANGED = Contract("identity", "person-changed", PersonChanged, Kind.SNAPSHOT)
PRACTICE_CHANGED = Contract("identity", "practice-changed", PracticeChanged, Kind.SNAPSHOT)
SNAPSHOTS_LISTED = Contract("identity", "snapshots-listed", SnapshotsListed, Kind.LISTING)
IDENTITY_KEYS_CHANGED = Contract("identity", "keys-changed", KeysChanged, Kind.SNAPSHOT)
PATIENT_INVITED = Contract("identity", "patient-invited", PatientInvited, Kind.ACTIVITY)
ENROLMENT_REQUEST_SUBMITTED = Contract(
    "identity", "enrolment-request-submitted", EnrolmentRequestSubmitted, Kind.ACTIVITY
)
ENROLMENT_REQUEST_APPROVED = Contract(
    "identity", "enrolment-request-approved", EnrolmentRequestApproved, Kind.ACTIVITY
)
ENROLMENT_REQUEST_REJECTED = Contract(
    "identity", "enrolment-request-rejected", EnrolmentRequestRejected, Kind.ACTIVITY
)
ACCOUNT_ENROLLED = Contract("identity", "account-enrolled", AccountEnrolled, Kind.ACTIVITY)
EMAIL_VERIFICATION_REQUESTED = Contract(
    "identity", "email-verification-requested", EmailVerificationRequested, Kind.ACTIVITY
)
ACCOUNT_LOCKED = Contract("identity", "account-locked", AccountLocked, Kind.ACTIVITY)
ACCOUNT_UNLOCKED = Contract("identity", "account-unlocked", AccountUnlocked, Kind.ACTIVITY)
USERNAME_READ = Contract("identity", "username-read", UsernameRead, Kind.ACTIVITY)
ACCOUNT_EMAIL_VERIFIED = Contract(
    "identity", "account-email-verified", AccountEmailVerified, Kind.ACTIVITY
)
ACCOUNT_EMAIL_CHANGED = Contract(
    "identity", "account-email-changed", AccountEmailChanged, Kind.ACTIVITY
)
PASSWORD_DISABLED = Contract("identity", "password-disabled", PasswordDisabled, Kind.ACTIVITY)
USERNAME_CHANGED = Contract("identity", "username-changed", UsernameChanged, Kind.ACTIVITY)
PASSWORD_CHANGED = Contract("identity", "password-changed", PasswordChanged, Kind.ACTIVITY)
TWO_STEP_TURNED_ON = Contract("identity", "two-step-turned-on", TwoStepTurnedOn, Kind.ACTIVITY)
AUTHENTICATOR_APP_REPLACED = Contract(
    "identity", "authenticator-app-replaced", AuthenticatorAppReplaced, Kind.ACTIVITY
)
TWO_STEP_TURNED_OFF = Contract("identity", "two-step-turned-off", TwoStepTurnedOff, Kind.ACTIVITY)
RECOVERY_CODES_MADE = Contract("identity", "recovery-codes-made", RecoveryCodesMade, Kind.ACTIVITY)
RECOVERY_CODES_LOW = Contract("identity", "recovery-codes-low", RecoveryCodesLow, Kind.ACTIVITY)
SECOND_STEP_LOCKED = Contract("identity", "second-step-locked", SecondStepLocked, Kind.ACTIVITY)
TWO_STEP_RESET = Contract("identity", "two-step-reset", TwoStepReset, Kind.ACTIVITY)
TWO_STEP_MODE_CHANGED = Contract(
    "identity", "two-step-mode-changed", TwoStepModeChanged, Kind.ACTIVITY
)
PASSKEY_MADE = Contract("identity", "passkey-made", PasskeyMade, Kind.ACTIVITY)
PASSKEY_REMOVED = Contract("identity", "passkey-removed", PasskeyRemoved, Kind.ACTIVITY)
PASSKEY_COPIED = Contract("identity", "passkey-copied", PasskeyCopied, Kind.ACTIVITY)
SECURITY_QUESTIONS_CHANGED = Contract(
    "identity", "security-questions-changed", SecurityQuestionsChanged, Kind.ACTIVITY
)
DEVICE_TRUSTED = Contract("identity", "device-trusted", DeviceTrusted, Kind.ACTIVITY)
DEVICE_REMOVED = Contract("identity", "device-removed", DeviceRemoved, Kind.ACTIVITY)
UNUSUAL_LOG_ON = Contract("identity", "unusual-log-on", UnusualLogOn, Kind.ACTIVITY)
PASSWORD_RESET_BY_LINK = Contract("identity", "password-reset", PasswordResetByLink, Kind.ACTIVITY)
PASSWORD_RESET = Contract("identity", "password-reset", PasswordReset, Kind.ACTIVITY, version=2)
ACCOUNT_FROZEN = Contract("identity", "account-frozen", AccountFrozen, Kind.ACTIVITY)
ACCOUNT_THAWED = Contract("identity", "account-thawed", AccountThawed, Kind.ACTIVITY)
ENROLMENT_ADDED = Contract("identity", "enrolment-added", EnrolmentAdded, Kind.ACTIVITY)
ENROLMENT_ENDED = Contract("identity", "enrolment-ended", EnrolmentEnded, Kind.ACTIVITY)
ENROLMENT_REACTIVATED = Contract(
    "identity", "enrolment-reactivated", EnrolmentReactivated, Kind.ACTIVITY
)
CHARTS_SETTLED = Contract("identity", "charts-settled", ChartsSettled, Kind.STEP)
ACCOUNTS_MERGED = Contract("identity", "accounts-merged", AccountsMerged, Kind.ACTIVITY)
MERGE_REJECTED = Contract("identity", "merge-rejected", MergeRejected, Kind.ACTIVITY)
MERGE_UNDER_REVIEW = Contract("identity", "merge-under-review", MergeUnderReview, Kind.ACTIVITY)
MERGE_REVIEW_REFUSED = Contract(
    "identity", "merge-review-refused", MergeReviewRefused, Kind.ACTIVITY
)
