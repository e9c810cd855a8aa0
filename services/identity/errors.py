"""What identity refuses, as types; how each is told stands in api/problems.py.

Refused
├── NotFound                    a practice's patient record that is not there, or not the caller's
├── TermsRequired               EN-1: not the current version of the terms
├── TokenInvalid                EN-1: unknown, expired, superseded, used, voided or wrong person
│   └── WrongPerson             EN-1: a live token with another date or name; counts a try
├── AlreadyEnrolled             EN-5: the token's record is this account's already
├── PersonMismatch              EN-5: no record of the account is of the same person
├── PatientEnrolled             the patient record has an account, or is enrolled with it
├── PatientNotEnrolled          the patient record has no account, or was un-enrolled
├── PatientNumberTaken          the practice uses this person number for another record
├── BirthDateInFuture           by the practice's own calendar
├── NameIncomparable            a last name of signs alone: nobody could enrol by it
├── UsernameRefused             ID-1, ID-4
│   ├── UsernameTooShort
│   ├── UsernameTooLong
│   ├── UsernameHasWhitespace
│   ├── UsernameNotPrintable
│   ├── UsernameIsAnAddress
│   └── UsernameTaken
├── PasswordUnacceptable        ID-3: the violations name every rule that is not met
├── GrantExhausted              RC-3: five new passwords were refused with this proof
├── EmailRefused                ID-6
│   ├── EmailMalformed
│   ├── EmailUnavailable        another account verified the address first
│   └── EmailVerified           the account has a verified address; changing it is not built
├── ReauthenticationRequired    SE-3: the session is older than ten minutes, and brings no grant
├── LinkInvalid                 ID-6: unknown, expired, superseded, used or another account's
├── TooManyMails                ID-6: 5 sends an hour, 10 a day, an account and an address
├── UnlockLimit                 LG-2: 3 a day an account
├── SettingOutOfRange           ST-2
├── InvalidCredentials          LG-1: unknown, wrong, locked or frozen
├── ReauthenticationFailed      SE-3: wrong or locked
├── MergeProofFailed            MG-1: unknown, wrong, locked or frozen
├── MergeSameAccount            MG-3: the other account is the session's own
├── AccountMerged               MG-3, MG-5: the right password of an account that is merged
├── MergeImpossible             MG-4: told by merge-rejected, not over HTTP
├── RefreshInvalid              SE-1: unknown or reused token, or its session is over
└── ClientRefused               RFC 6749 5.2; InvalidClient is the edge's
    ├── InvalidScope
    ├── GrantTypeUnsupported
    └── TwoAuthentications      credentials in the header and in the body
"""

from shared.contracts.identity import MergeRefusal
from shared.errors import Refused


class NotFound(Refused):
    """There is no such thing, or none of the caller's."""


class TermsRequired(Refused):
    """The current version of the terms has not been accepted."""


class TokenInvalid(Refused):
    """The enrolment token does not open anything; the cause is never told (EN-1)."""


class WrongPerson(TokenInvalid):
    """A live token came with another person's date or name. Told as TokenInvalid, counted."""


class AlreadyEnrolled(Refused):
    """The account has this enrolment. Told only to who has proven the account (EN-5)."""


class PersonMismatch(Refused):
    """Name and date of birth fit none of the account's records: the practice decides (EN-5)."""


class PatientEnrolled(Refused):
    """The patient record has an account already, or is enrolled with it already."""


class PatientNotEnrolled(Refused):
    """The patient record has no account, or was un-enrolled."""


class PatientNumberTaken(Refused):
    """Another record of the practice has this number."""


class BirthDateInFuture(Refused):
    """Nobody is born tomorrow."""


class NameIncomparable(Refused):
    """Nothing is left of a last name once it is written as names are compared."""


class UsernameRefused(Refused):
    """The username cannot be had."""


class UsernameTooShort(UsernameRefused):
    """Under 6 code points."""


class UsernameTooLong(UsernameRefused):
    """Over 50 code points."""


class UsernameHasWhitespace(UsernameRefused):
    """Whitespace inside."""


class UsernameNotPrintable(UsernameRefused):
    """A control, default-ignorable or otherwise unprintable code point inside."""


class UsernameIsAnAddress(UsernameRefused):
    """With an @ it must be the holder's own verified account e-mail (ID-4)."""


class UsernameTaken(UsernameRefused):
    """Somebody holds the name. Told only after a proven token or with a session (ID-1)."""


class PasswordUnacceptable(Refused):
    """At least one rule of the policy is not met (ID-3)."""


class GrantExhausted(Refused):
    """As many new passwords were refused with this proof as may be (RC-3)."""


class EmailRefused(Refused):
    """The address cannot become this account's e-mail."""


class EmailMalformed(EmailRefused):
    """Not an address that mail can be sent to."""


class EmailUnavailable(EmailRefused):
    """Another account has verified the address in the meantime (ID-4)."""


class EmailVerified(EmailRefused):
    """The account has a verified address; there is no verb that changes it yet (ID-6)."""


class ReauthenticationRequired(Refused):
    """A session alone is not enough for this: the password must be given again (SE-3)."""


class LinkInvalid(Refused):
    """The link verifies nothing; the cause is never told (ID-6)."""


class TooManyMails(Refused):
    """The account, or the address, has had its mails for this hour or day (ID-6)."""


class UnlockLimit(Refused):
    """The account was unlocked by practices as often as it may be in a day (LG-2)."""


class SettingOutOfRange(Refused):
    """A practice setting outside its range (ST-2)."""


class InvalidCredentials(Refused):
    """Name and password log nobody on; the cause is never told (LG-1)."""


class ReauthenticationFailed(Refused):
    """The password is not the session's account's, or is not told to be while locked (SE-3)."""


class MergeProofFailed(Refused):
    """Name and password prove no account; the cause is never told (MG-1)."""


class MergeSameAccount(Refused):
    """An account is not merged with itself."""


class AccountMerged(Refused):
    """Part of another account for good. Told only after its right password (MG-5)."""


class MergeImpossible(Refused):
    """A merge that was accepted cannot be done: nothing is changed, and all are told why."""

    def __init__(self, reason: MergeRefusal) -> None:
        super().__init__()
        self.reason = reason


class RefreshInvalid(Refused):
    """The refresh token renews nothing; the cause is never told (SE-1)."""


class ClientRefused(Refused):
    """A client gets no token."""


class InvalidScope(ClientRefused):
    """A scope this client was not given, or one that does not exist."""


class GrantTypeUnsupported(ClientRefused):
    """Another grant type than client_credentials."""


class TwoAuthentications(ClientRefused):
    """RFC 6749 2.3: a client must not use more than one way to authenticate in a request."""
