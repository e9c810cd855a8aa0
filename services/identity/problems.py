"""How each of identity's errors is told: status, stable code, and what to do next."""

from services.identity.accounts.errors import (
    AccountMerged,
    UsernameHasWhitespace,
    UsernameIsAnAddress,
    UsernameNotPrintable,
    UsernameTaken,
    UsernameTooLong,
    UsernameTooShort,
)
from services.identity.credentials.errors import EmailVerified, ReauthenticationRequired
from services.identity.desk.errors import PatientNotEnrolled
from services.identity.emails.errors import (
    EmailMalformed,
    EmailUnavailable,
    LinkInvalid,
    TooManyMails,
)
from services.identity.enrolment.errors import (
    AlreadyEnrolled,
    PatientEnrolled,
    PersonMismatch,
    TokenInvalid,
)
from services.identity.errors import NotFound
from services.identity.log_on.errors import GrantExhausted, InvalidCredentials, TermsRequired
from services.identity.passwords.errors import PasswordUnacceptable, UnlockLimit
from services.identity.patients.errors import (
    BirthDateInFuture,
    NameIncomparable,
    PatientNumberTaken,
)
from services.identity.practices.errors import (
    GrantTypeUnsupported,
    InvalidScope,
    SettingOutOfRange,
    TwoAuthentications,
)
from services.identity.proving.errors import (
    MergeProofFailed,
    MergeSameAccount,
    ReauthenticationFailed,
)
from services.identity.sessions.errors import RefreshInvalid
from shared.grants import (
    GrantInvalid,
    GrantSuperseded,
    GrantUsed,
    GrantWrongAccount,
    GrantWrongAct,
    GrantWrongService,
    GrantWrongSession,
)
from shared.http.problems import Problems, ProblemType

PROBLEMS: Problems = {
    NotFound: ProblemType(
        404, "not_found", "There is nothing here", "Check the id; only your own can be seen."
    ),
    TermsRequired: ProblemType(
        422,
        "terms_required",
        "The current terms must be accepted",
        "Read GET /terms, show them, and send their version.",
    ),
    TokenInvalid: ProblemType(
        422,
        "token_invalid",
        "This token does not fit",
        "Check the token, the date of birth and the last name, or ask the practice for a new one.",
    ),
    AlreadyEnrolled: ProblemType(
        409,
        "already_enrolled",
        "This practice is in the account already",
        "Log on: there is nothing to add.",
    ),
    PersonMismatch: ProblemType(
        409,
        "person_mismatch",
        "The practice's record and the account are of different people",
        "The token is still good. Ask the practice to check the last name and the date of birth, "
        "or log on with the account of that person.",
    ),
    PatientEnrolled: ProblemType(
        409,
        "patient_enrolled",
        "This patient has an account",
        "The patient can log on, or recover the account; who was un-enrolled is re-activated.",
    ),
    PatientNotEnrolled: ProblemType(
        409,
        "patient_not_enrolled",
        "This patient is not enrolled",
        "Issue an enrolment token, or re-activate who was un-enrolled.",
    ),
    PatientNumberTaken: ProblemType(
        409,
        "patient_number_taken",
        "Another patient record has this number",
        "Use the record that has it, or another number.",
    ),
    BirthDateInFuture: ProblemType(
        422, "birth_date_in_future", "This date of birth is in the future", "Check the date."
    ),
    NameIncomparable: ProblemType(
        422,
        "name_incomparable",
        "There is no letter in this last name",
        "Nobody could enrol by it; write the name as the patient writes it.",
    ),
    UsernameTooShort: ProblemType(
        422, "username_too_short", "This username is too short", "Take at least 6 characters."
    ),
    UsernameTooLong: ProblemType(
        422, "username_too_long", "This username is too long", "Take at most 50 characters."
    ),
    UsernameHasWhitespace: ProblemType(
        422,
        "username_has_whitespace",
        "This username has blanks inside",
        "Leave the blanks out.",
    ),
    UsernameNotPrintable: ProblemType(
        422,
        "username_not_printable",
        "This username has invisible characters",
        "Use only characters that can be seen.",
    ),
    UsernameIsAnAddress: ProblemType(
        422,
        "username_is_an_address",
        "An e-mail address is no username before it is verified",
        "Take a name without @; a verified account e-mail logs on as well.",
    ),
    UsernameTaken: ProblemType(
        409, "username_taken", "This username is taken", "Take another one."
    ),
    PasswordUnacceptable: ProblemType(
        422,
        "password_unacceptable",
        "This password does not meet every rule",
        "`errors` names each rule; POST /passwords/check tells before saving.",
    ),
    GrantExhausted: ProblemType(
        400,
        "grant_exhausted",
        "Five new passwords were refused with this proof",
        "Ask for a new link; POST /passwords/check tells which rules a password meets.",
    ),
    EmailMalformed: ProblemType(
        422, "email_malformed", "This is not an e-mail address", "Check the address."
    ),
    EmailUnavailable: ProblemType(
        409,
        "email_unavailable",
        "Another account has verified this address",
        "Use another address, or log on to the account that has it.",
    ),
    EmailVerified: ProblemType(
        409,
        "email_verified",
        "This account has an account e-mail",
        "There is nothing to claim; it cannot be changed yet.",
    ),
    ReauthenticationRequired: ProblemType(
        403,
        "reauthentication_required",
        "The password must be given again for this",
        "Give it to POST /account/reauthenticate, and send the grant as `reauthenticated`.",
    ),
    LinkInvalid: ProblemType(
        422,
        "link_invalid",
        "This link does not work any more, or not here",
        "Log on to the account the mail was for, or have a new link sent.",
    ),
    TooManyMails: ProblemType(
        429,
        "too_many_requests",
        "Enough mails were sent for this account or to this address for now",
        "Wait as long as the Retry-After header says.",
    ),
    UnlockLimit: ProblemType(
        429,
        "unlock_limit",
        "This account was unlocked often enough today",
        "A lock ends by itself, and a new password ends it at once; the Retry-After header says "
        "when a practice may unlock again.",
    ),
    SettingOutOfRange: ProblemType(
        422, "setting_out_of_range", "This setting is out of its range", "`errors` names the range."
    ),
    InvalidCredentials: ProblemType(
        401,
        "invalid_credentials",
        "This name and password log nobody on",
        "Check both and try again, or ask for a reset link, or ask your practice. "
        "A lock ends by itself; a completed reset ends it at once.",
    ),
    ReauthenticationFailed: ProblemType(
        403,
        "reauthentication_failed",
        "This password does not prove that it is you",
        "Check it and try again; while locked no password does.",
    ),
    MergeProofFailed: ProblemType(
        403,
        "merge_proof_failed",
        "This name and password prove no account",
        "Check both and try again; while locked no password does.",
    ),
    MergeSameAccount: ProblemType(
        409,
        "merge_same_account",
        "This is the account of the session",
        "Give the name and password of the other account.",
    ),
    AccountMerged: ProblemType(
        409,
        "account_merged",
        "This account is part of another one",
        "Go on with the account that `errors` hints at; nothing is left to merge.",
    ),
    RefreshInvalid: ProblemType(401, "refresh_invalid", "This session is over", "Log on again."),
    GrantInvalid: ProblemType(
        400,
        "grant_invalid",
        "This grant is not valid, or not any more",
        "Redeem the link again, or ask for a new one.",
    ),
    GrantWrongAct: ProblemType(
        400,
        "grant_wrong_act",
        "This grant is for something else",
        "Bring it to the verb it was given for, or prove again for this one.",
    ),
    GrantWrongService: ProblemType(
        400,
        "grant_wrong_service",
        "This grant is for another service",
        "Bring it to the service it was given for.",
    ),
    GrantWrongAccount: ProblemType(
        400,
        "grant_wrong_account",
        "This grant is about another account",
        "Prove again for the account that is meant.",
    ),
    GrantWrongSession: ProblemType(
        400,
        "grant_wrong_session",
        "This proof was given in another session",
        "Give the password again in the session that brings the grant.",
    ),
    GrantUsed: ProblemType(
        400, "grant_used", "This grant was used before", "Log on, or ask for a new link."
    ),
    GrantSuperseded: ProblemType(
        400,
        "grant_superseded",
        "The account's credentials have changed since",
        "Nothing was used up; ask for a new link.",
    ),
    InvalidScope: ProblemType(
        400,
        "invalid_scope",
        "This client does not have every scope asked for",
        "Ask for scopes the client was given, or for none to get them all.",
        "invalid_scope",
    ),
    GrantTypeUnsupported: ProblemType(
        400,
        "unsupported_grant_type",
        "Only client_credentials is a grant type here",
        "Send grant_type=client_credentials.",
        "unsupported_grant_type",
    ),
    TwoAuthentications: ProblemType(
        400,
        "invalid_request",
        "The client authenticates in two ways",
        "Send the secret in the header or in the body, not in both.",
        "invalid_request",
    ),
}
