"""Identity's verbs, each with its guard, in one piece: to be read for who may do what."""

from services.identity.accounts.errors import (
    AccountMerged,
    AddressNoUsername,
    UsernameHasWhitespace,
    UsernameIsAnAddress,
    UsernameNotPrintable,
    UsernameTaken,
    UsernameTooLong,
    UsernameTooShort,
)
from services.identity.budgets import READS, RECORDS, TOKENS, UN_ENROLMENTS, UNLOCKS
from services.identity.credentials.api.accounts import read_account
from services.identity.credentials.api.emails import claim_email, verify_email
from services.identity.credentials.api.locales import change_locale
from services.identity.credentials.api.passkeys import (
    ask_for_new_passkey,
    list_passkeys,
    make_passkey,
    remove_passkey,
    rename_passkey,
)
from services.identity.credentials.api.password_changes import (
    change_password,
    check_new_password,
)
from services.identity.credentials.api.two_step import (
    change_two_step_mode,
    confirm_app,
    make_recovery_codes,
    set_up_app,
    turn_off_two_step,
    turn_on_two_step_by_passkeys,
)
from services.identity.credentials.api.usernames import change_username
from services.identity.credentials.errors import (
    EmailVerified,
    LocaleNotOffered,
    ReauthenticationRequired,
    TimeZoneUnknown,
    TooManyPasswords,
    TooManyUsernames,
)
from services.identity.desk.api.account_help import (
    read_username,
    reset_two_step,
    thaw_account,
    unlock_account,
    waive_email,
)
from services.identity.desk.api.charts import settle_duplicate_chart
from services.identity.desk.api.dormancy import (
    list_dormant_patients,
    un_enrol_dormant_patients,
)
from services.identity.desk.api.records import correct_patient, read_patient
from services.identity.desk.api.unenrolments import reactivate_patient, un_enrol_patient
from services.identity.desk.errors import (
    AccountNotFrozen,
    ChartNamedTwice,
    ChartsNotDuplicate,
    ChartsSettled,
    KeptChartUnenrolled,
    PatientNotEnrolled,
)
from services.identity.devices.api.devices import list_devices, rename_device, revoke_device
from services.identity.emails.errors import (
    EmailMalformed,
    EmailUnavailable,
    LinkInvalid,
    TooManyMails,
)
from services.identity.enrolment.api import bulk
from services.identity.enrolment.api.added_practices import add_practice, add_practice_to_account
from services.identity.enrolment.api.enrolments import enrol
from services.identity.enrolment.api.handed_out import list_handed_out, void_handed_out
from services.identity.enrolment.api.invitations import invite_patient
from services.identity.enrolment.api.proofs import prove_enrolment
from services.identity.enrolment.api.temporary import make_temporary_credentials
from services.identity.enrolment.api.tokens import issue_enrolment_token
from services.identity.enrolment.errors import (
    AgeNotAllowed,
    AlreadyEnrolled,
    InvitationInvalid,
    NothingLive,
    PatientEnrolled,
    PatientWithoutEmail,
    PatientWithoutProof,
    PersonMismatch,
    TemporaryCredentialInvalid,
    TokenInvalid,
)
from services.identity.features import Features
from services.identity.freezes.api.freezes import freeze_account
from services.identity.freezes.errors import NotMeLinkInvalid
from services.identity.log_on.api.disclaimers import (
    answer_disclaimer,
    list_disclaimers,
    publish_disclaimer,
    read_disclaimer,
)
from services.identity.log_on.api.gates import answer_terms, skip_gate
from services.identity.log_on.api.log_on import log_on
from services.identity.log_on.api.passkeys import (
    ask_for_passkey,
    keep_passkeys,
    log_on_by_passkey,
)
from services.identity.log_on.api.resets import reset_password
from services.identity.log_on.api.second_steps import ask_for_second_step, take_second_step
from services.identity.log_on.api.terms import read_terms
from services.identity.log_on.errors import (
    DisclaimerChanged,
    GateClosed,
    GateNotOffered,
    GrantExhausted,
    InvalidCredentials,
    TermsDeclined,
    TermsRequired,
    ValidationUnavailable,
)
from services.identity.passkeys.errors import (
    CeremonyOver,
    NoPasskeys,
    PasskeyInvalid,
    PasskeyLimit,
    PasskeyNameTaken,
    PasskeyRegistered,
    PasskeysNotOffered,
    PasskeyUnknown,
    TwoStepNeedsMeans,
)
from services.identity.passwords.api.passwords import check_password
from services.identity.passwords.errors import PasswordUnacceptable, UnlockLimit
from services.identity.patients.api.patients import register_patient
from services.identity.patients.api.searches import find_patients
from services.identity.patients.errors import (
    BirthDateInFuture,
    NameIncomparable,
    PatientChanged,
    PatientNumberTaken,
)
from services.identity.practices.api.client_tokens import obtain_client_token
from services.identity.practices.api.own_client import read_own_client
from services.identity.practices.api.own_secret import revoke_own_client, rotate_own_secret
from services.identity.practices.api.settings import (
    change_practice_settings,
    read_practice_settings,
)
from services.identity.practices.errors import (
    ClientSecretWrong,
    GrantTypeUnsupported,
    InvalidScope,
    InvalidTarget,
    SettingOutOfRange,
    SettingsChanged,
    TwoAuthentications,
)
from services.identity.proving.api.proofs import (
    ask_to_prove_ownership,
    ask_to_reauthenticate,
    prove_ownership,
    reauthenticate,
)
from services.identity.proving.errors import (
    MergeNeedsTwoStep,
    MergeProofFailed,
    MergeSameAccount,
    ReauthenticationFailed,
)
from services.identity.questions.api.receipts import hear_questions
from services.identity.requests.api.decisions import (
    approve_enrolment_request,
    list_enrolment_requests,
    read_enrolment_request,
    reject_enrolment_request,
)
from services.identity.requests.api.requests import list_practices, request_enrolment
from services.identity.requests.errors import ContactUnknown, RequestNotPending, RequestsNotTaken
from services.identity.sessions.api.introspection import (
    KEPT_SECONDS,
    introspect_token,
    list_signing_keys,
)
from services.identity.sessions.api.sessions import (
    end_other_sessions,
    end_session,
    list_sessions,
    refresh_session,
    revoke_session,
)
from services.identity.sessions.errors import RefreshInvalid
from services.identity.two_step.errors import (
    CodeRequired,
    CodeWrong,
    SecondStepFailed,
    SecondStepOver,
    SetUpOver,
    TooManyCodeSets,
    TwoStepOff,
    TwoStepOn,
)
from shared.contracts.birth_dates import BirthDateImpossible
from shared.contracts.reach import SessionScope
from shared.contracts.scopes import Scope
from shared.errors import NotFound
from shared.http.guards import Client, Counted, Practice, Public, Session, Staff
from shared.http.own_source import source_at
from shared.http.problems import InvalidClient
from shared.http.routes import Form, Route, lifted, route
from shared.idempotency import AlreadyIssued
from shared.trust.grants import (
    CONFIRMATION_CHECKED,
    GrantInvalid,
    GrantSuperseded,
    GrantUsed,
    GrantWrongAccount,
    GrantWrongAct,
    GrantWrongService,
)

# Beside a full session (SE-4): one with a required gate open (LG-3), one without a practice (UN-4).
GATES, SETTINGS = SessionScope.GATES, SessionScope.SETTINGS

USERNAME_REFUSED = (
    UsernameTooShort,
    UsernameTooLong,
    UsernameHasWhitespace,
    UsernameNotPrintable,
    UsernameIsAnAddress,
    UsernameTaken,
)
CEREMONY_PROBLEMS = (CeremonyOver, PasskeysNotOffered)
CONFIRMATION_REFUSED = (*CONFIRMATION_CHECKED, GrantUsed, GrantSuperseded)
RECEIPT_REFUSED = (GrantInvalid, GrantWrongAct, GrantWrongService, GrantWrongAccount)
ENROLMENT_GRANT_REFUSED = (GrantInvalid, GrantWrongAct, GrantWrongService)
PROOF_PROBLEMS = (TokenInvalid, InvitationInvalid, AgeNotAllowed)
ENROL_PROBLEMS = (
    TermsRequired,
    *PROOF_PROBLEMS,
    TemporaryCredentialInvalid,
    *ENROLMENT_GRANT_REFUSED,
    *USERNAME_REFUSED,
    PasswordUnacceptable,
    EmailMalformed,
    BirthDateImpossible,
)
ADDED_PRACTICE_REFUSED = (*PROOF_PROBLEMS, AlreadyEnrolled, PersonMismatch)
EXISTING_ACCOUNT_PROBLEMS = (
    InvalidCredentials,
    AccountMerged,
    CodeRequired,
    SecondStepFailed,
    *ADDED_PRACTICE_REFUSED,
    *ENROLMENT_GRANT_REFUSED,
)
ADDED_PRACTICE_PROBLEMS = (*ADDED_PRACTICE_REFUSED, *CONFIRMATION_REFUSED)
CLIENT_PROBLEMS = (
    InvalidClient,
    InvalidScope,
    InvalidTarget,
    GrantTypeUnsupported,
    TwoAuthentications,
)
RESET_PROBLEMS = (
    GrantInvalid,
    GrantWrongAct,
    GrantWrongService,
    GrantWrongAccount,
    GrantUsed,
    GrantSuperseded,
    GrantExhausted,
    PasswordUnacceptable,
    ValidationUnavailable,
)
CLAIM_PROBLEMS = (
    EmailMalformed,
    EmailVerified,
    AddressNoUsername,
    ReauthenticationRequired,
    TooManyMails,
    *CONFIRMATION_REFUSED,
)
OWNERSHIP_PROBLEMS = (
    MergeProofFailed,
    MergeSameAccount,
    MergeNeedsTwoStep,
    AccountMerged,
    CodeRequired,
    SecondStepFailed,
    PasskeyInvalid,
    *CEREMONY_PROBLEMS,
)

NOTHING_OF_A_PATIENT = "it shows nothing of a patient"

# fmt: off
ROUTES: tuple[Route[Features], ...] = (
    *lifted(lambda of: of.desk, (
        route("GET", "/practice/patients/{patient_id}", Practice(Scope.PATIENTS_READ),
              read_patient, counts_on=(READS,), rows=("ST-1",),
              summary="Read a patient record, and how things stand with it",
              problems=(NotFound,)),
        route("PATCH", "/practice/patients/{patient_id}", Staff(Scope.PATIENTS_WRITE),
              correct_patient, counts_on=(RECORDS,), rows=("ST-1", "EN-5"),
              summary="Correct a patient record that stands as it was read",
              problems=(NotFound, PatientChanged, BirthDateImpossible, BirthDateInFuture,
                        NameIncomparable)),
        route("POST", "/practice/patients/{patient_id}/read-username",
              Staff(Scope.USERNAMES_READ),
              read_username, counts_on=(TOKENS,), rows=("RC-2b", "ST-1"),
              summary="Read out the username of a patient's account; the holder is told",
              problems=(NotFound, PatientNotEnrolled)),
        route("PUT", "/practice/patients/{patient_id}/email-waiver", Staff(Scope.EMAILS_WAIVE),
              waive_email, counts_on=(RECORDS,), rows=("RC-6", "ST-1"),
              summary="Waive the account e-mail of a patient who has none, or take that back",
              problems=(NotFound, PatientNotEnrolled)),
        route("POST", "/practice/patients/{patient_id}/unlock", Staff(Scope.ACCOUNTS_UNLOCK),
              unlock_account, counts_on=(UNLOCKS,), rows=("LG-2", "ST-1"),
              summary="Clear the password lock of a patient's account",
              problems=(NotFound, PatientNotEnrolled, UnlockLimit)),
        route("POST", "/practice/patients/{patient_id}/reset-two-step",
              Staff(Scope.TWO_STEPS_RESET),
              reset_two_step, counts_on=(UNLOCKS,), rows=("MF-4", "ST-1"),
              summary="Reset the two-step verification of a patient's account; sessions end",
              problems=(NotFound, PatientNotEnrolled, TwoStepOff)),
        route("POST", "/practice/patients/{patient_id}/thaw", Staff(Scope.ACCOUNTS_THAW),
              thaw_account, counts_on=(UNLOCKS,), rows=("RC-9", "ST-1"),
              summary="Thaw a patient's account that its holder froze; she is told",
              problems=(NotFound, PatientNotEnrolled, AccountNotFrozen)),
        route("POST", "/practice/patients/{patient_id}/un-enrol", Staff(Scope.ENROLMENTS_WRITE),
              un_enrol_patient, counts_on=(UN_ENROLMENTS,), rows=("UN-1", "ST-1"),
              summary="Un-enrol a patient; other practices are not touched",
              problems=(NotFound, PatientNotEnrolled)),
        route("POST", "/practice/patients/{patient_id}/re-activate", Staff(Scope.ENROLMENTS_WRITE),
              reactivate_patient, counts_on=(UN_ENROLMENTS,), rows=("UN-3", "ST-1"),
              summary="Enrol a patient again who was un-enrolled; the credentials stay",
              problems=(NotFound, PatientNotEnrolled, PatientEnrolled)),
        route("GET", "/practice/dormant-patients", Practice(Scope.ENROLMENTS_WRITE),
              list_dormant_patients, counts_on=(READS,), rows=("UN-2", "ST-1"),
              query=("months", "after"),
              summary="List who has not logged on for so many months"),
        route("POST", "/practice/dormant-patients/un-enrol", Staff(Scope.ENROLMENTS_WRITE),
              un_enrol_dormant_patients, counts_on=(UN_ENROLMENTS,), rows=("UN-2", "ST-1"),
              summary="Un-enrol those of them that are named, with a result for each"),
        route("POST", "/practice/duplicate-charts/settle", Staff(Scope.ENROLMENTS_WRITE),
              settle_duplicate_chart, counts_on=(UN_ENROLMENTS,), rows=("MG-5", "ST-1"),
              summary="Say which of the records that one account has are kept, and which given up",
              problems=(NotFound, ChartNamedTwice, ChartsNotDuplicate, ChartsSettled,
                        KeptChartUnenrolled)),
    )),
    *lifted(lambda of: of.requests, (
        route("GET", "/practices", Public(Counted.NOTHING),
              list_practices, rows=("EN-4",),
              summary="List the practices that take requests to be enrolled"),
        route("POST", "/enrolment-requests", Public(Counted.EVERY_REQUEST),
              request_enrolment, status=202, rows=("EN-4",),
              summary="Ask a practice to be enrolled; it approves or rejects",
              problems=(RequestsNotTaken, NameIncomparable, BirthDateImpossible, BirthDateInFuture,
                        EmailMalformed, LocaleNotOffered)),
        route("GET", "/practice/enrolment-requests", Practice(Scope.PATIENTS_READ),
              list_enrolment_requests, counts_on=(READS,), rows=("EN-4", "ST-1"), query=("after",),
              summary="List who asks to be enrolled, and is not answered yet"),
        route("GET", "/practice/enrolment-requests/{request_id}", Practice(Scope.PATIENTS_READ),
              read_enrolment_request, counts_on=(READS,), rows=("EN-4", "ST-1"),
              summary="Read a request, with every address and phone that came with it",
              problems=(NotFound,)),
        route("POST", "/practice/enrolment-requests/{request_id}/approve",
              Staff(Scope.TOKENS_WRITE),
              approve_enrolment_request, counts_on=(TOKENS, RECORDS), rows=("EN-4", "EN-3", "ST-1"),
              summary="Approve a request: match or register its record, and invite the person",
              problems=(NotFound, RequestNotPending, ContactUnknown, PatientNumberTaken,
                        PatientEnrolled, PatientWithoutProof)),
        route("POST", "/practice/enrolment-requests/{request_id}/reject",
              Staff(Scope.ENROLMENTS_WRITE),
              reject_enrolment_request, counts_on=(RECORDS,), rows=("EN-4", "ST-1"),
              summary="Reject a request; the reason stays with the practice",
              problems=(NotFound, RequestNotPending)),
    )),
    *lifted(lambda of: of.enrolment, (
        route("POST", "/practice/patients/bulk", Staff(Scope.PATIENTS_WRITE),
              bulk.register_patients, counts_on=(RECORDS, TOKENS), rows=("EN-6",),
              limits=bulk.LIMITS,
              summary="Register up to 1,000 patients, and invite them, with a result for each"),
        route("POST", "/practice/patients/{patient_id}/enrolment-tokens", Staff(Scope.TOKENS_WRITE),
              issue_enrolment_token, status=201, idempotent=True,
              counts_on=(TOKENS,), rows=("EN-1", "ST-1"),
              summary="Issue an enrolment token; the one before it expires",
              problems=(NotFound, PatientEnrolled, AlreadyIssued)),
        route("POST", "/practice/patients/{patient_id}/invitations", Staff(Scope.TOKENS_WRITE),
              invite_patient, status=201, idempotent=True,
              counts_on=(TOKENS,), rows=("EN-3", "ST-1"),
              summary="Have an invitation mailed to a patient; the one before it expires",
              problems=(NotFound, PatientEnrolled, PatientWithoutEmail, PatientWithoutProof)),
        route("POST", "/practice/patients/{patient_id}/temporary-credentials",
              Staff(Scope.TOKENS_WRITE),
              make_temporary_credentials, status=201, idempotent=True,
              counts_on=(TOKENS,), rows=("EN-2", "ST-1"),
              summary="Make a temporary username and password; those before them expire",
              problems=(NotFound, PatientEnrolled, AlreadyIssued)),
        route("GET", "/practice/handed-out", Practice(Scope.TOKENS_READ),
              list_handed_out, counts_on=(READS,), rows=("ST-1",), query=("patient_id", "after"),
              summary="List the tokens, invitations and temporary credentials handed out"),
        route("POST", "/practice/patients/{patient_id}/handed-out/void", Staff(Scope.TOKENS_WRITE),
              void_handed_out, counts_on=(TOKENS,), rows=("ST-1", "EN-1", "EN-2", "EN-3"),
              summary="Make a patient's live token, invitation or temporary credentials void",
              problems=(NotFound, NothingLive)),
        route("POST", "/enrolments/proofs", Public(),
              prove_enrolment, rows=("EN-1", "EN-2", "EN-3", "EN-8"),
              summary="Prove what a practice handed out; nothing is used up",
              problems=(*PROOF_PROBLEMS, TemporaryCredentialInvalid, BirthDateImpossible)),
        route("POST", "/enrolments", Public(),
              enrol, status=201, idempotent=True, rows=("EN-1", "EN-7", "EN-8", "ID-1", "ID-3"),
              summary="Enrol with what a practice handed out",
              problems=ENROL_PROBLEMS),
        route("POST", "/enrolments/existing-account", Public(),
              add_practice_to_account, status=201, idempotent=True, rows=("EN-5", "LG-2"),
              summary="Add a practice to the account one already has",
              problems=EXISTING_ACCOUNT_PROBLEMS),
        route("POST", "/account/practices", Session(Counted.REFUSALS, also=(SETTINGS,)),
              add_practice, status=201, rows=("EN-5", "SE-3", "UN-4"),
              summary="Add a practice to one's own account",
              problems=ADDED_PRACTICE_PROBLEMS),
    )),
    *lifted(lambda of: of.log_on, (
        route("GET", "/terms", Public(Counted.NOTHING),
              read_terms, rows=("EN-9",), query=("locale",),
              summary="Read the current terms, in the language asked for where there is a text",
              problems=(NotFound,)),
        route("POST", "/gates/terms", Session(also=(GATES,)),
              answer_terms, rows=("EN-9", "LG-3"),
              summary="Accept the current terms, or decline them and be logged off",
              problems=(TermsRequired, TermsDeclined, GateClosed)),
        route("POST", "/gates/{gate}/skip", Session(),
              skip_gate, rows=("LG-3",),
              summary="Decline an offer: two-step for good, another for this session",
              problems=(GateNotOffered,)),
        route("GET", "/gates/disclaimers", Session(),
              list_disclaimers, rows=("DISC-1", "LG-3"), query=("locale",),
              summary="List the disclaimers that this session is asked, and what it answered"),
        route("POST", "/gates/disclaimers/{practice_id}", Session(),
              answer_disclaimer, rows=("DISC-1", "SE-4"),
              summary="Accept or decline a practice's disclaimer",
              problems=(NotFound, DisclaimerChanged)),
        route("GET", "/practice/disclaimer", Practice(Scope.SETTINGS_READ),
              read_disclaimer, uncounted=NOTHING_OF_A_PATIENT, rows=("DISC-1", "ST-2"),
              summary="Read the practice's disclaimer in every language"),
        route("PUT", "/practice/disclaimer", Staff(Scope.SETTINGS_WRITE),
              publish_disclaimer, counts_on=(RECORDS,), rows=("DISC-1", "ST-2"),
              summary="Word the practice's disclaimer; it is asked from the next log-on on",
              problems=(NotFound,)),
        route("POST", "/sessions", Public(),
              log_on, status=201, rows=("LG-1", "LG-2", "LG-3", "MF-2", "MG-5", "SE-2", "SE-4"),
              summary="Log on with username or account e-mail and password",
              problems=(InvalidCredentials, AccountMerged)),
        route("POST", "/sessions/second-step", Session(Counted.REFUSALS, also=(GATES,)),
              take_second_step, status=201,
              rows=("MF-1", "MF-2", "MF-3", "MF-4", "MF-8", "LG-3", "RC-10", "SE-2", "SE-4"),
              summary="Take the second step: a code, or a passkey's answer, for a full session",
              problems=(SecondStepFailed, SecondStepOver, GateClosed, PasskeyInvalid,
                        *CEREMONY_PROBLEMS)),
        route("POST", "/sessions/second-step/options", Session(also=(GATES,)),
              ask_for_second_step, rows=("MF-8", "RC-10"),
              summary="Ask for what has a passkey answer as the second step",
              problems=(GateClosed, NoPasskeys, PasskeysNotOffered)),
        route("POST", "/sessions/passkey/options", Public(Counted.NOTHING),
              ask_for_passkey, rows=("MF-6", "MF-7"),
              summary="Ask for what has a passkey answer, to log on without a name",
              problems=(PasskeysNotOffered,)),
        route("POST", "/sessions/passkey", Public(Counted.MISSES),
              log_on_by_passkey, status=201, rows=("MF-7", "MF-6", "LG-3", "MG-5", "SE-4"),
              summary="Log on with a passkey's answer",
              problems=(PasskeyInvalid, PasskeyUnknown, AccountMerged, *CEREMONY_PROBLEMS)),
        route("POST", "/gates/passkeys", Session(),
              keep_passkeys, rows=("MF-10", "LG-3"),
              summary="Keep or remove the passkeys that a reset has suspended",
              problems=(NotFound, GateClosed, TwoStepNeedsMeans, ReauthenticationRequired,
                        *CONFIRMATION_REFUSED)),
        route("POST", "/passwords/reset", Public(Counted.MISSES),
              reset_password, rows=("RC-3", "RC-6", "SE-4"),
              summary="Set a new password with a grant of recovery's",
              problems=RESET_PROBLEMS),
    )),
    *lifted(lambda of: of.credentials, (
        route("GET", "/account", Session(also=(GATES, SETTINGS)),
              read_account, rows=("ID-8", "SE-4", "LG-3", "UN-4"),
              summary="Read the account's settings, its gates, and what each practice shows",
              problems=(NotFound,)),
        route("PUT", "/account/username", Session(),
              change_username, rows=("ID-2", "SE-3"),
              summary="Change the username; the old one stays reserved for a year",
              problems=(*USERNAME_REFUSED, TooManyUsernames, *CONFIRMATION_REFUSED)),
        route("PUT", "/account/password", Session(also=(GATES,)),
              change_password, rows=("ID-7", "ID-3", "SE-3", "SE-4"),
              summary="Change the password; every session ends, and a new one begins here",
              problems=(PasswordUnacceptable, TooManyPasswords, *CONFIRMATION_REFUSED)),
        route("POST", "/account/password/check", Session(also=(GATES,)),
              check_new_password, rows=("ID-3",),
              summary="Check a candidate against every rule, beside what the account is known by",
              problems=(TooManyPasswords,)),
        route("POST", "/account/two-step/app", Session(),
              set_up_app, status=201, rows=("MF-1", "SE-3"),
              summary="Set up an authenticator app, the first or another",
              problems=(ReauthenticationRequired, *CONFIRMATION_REFUSED)),
        route("POST", "/account/two-step/app/confirm", Session(),
              confirm_app, rows=("MF-1", "MF-4", "SE-1"),
              summary="Confirm the app by a code it shows; with the first two-step is on",
              problems=(CodeWrong, SetUpOver, TooManyCodeSets)),
        route("POST", "/account/two-step/passkeys", Session(),
              turn_on_two_step_by_passkeys, rows=("MF-8", "MF-4", "SE-1", "SE-3"),
              summary="Turn two-step verification on by passkeys alone, with recovery codes",
              problems=(TwoStepOn, TwoStepNeedsMeans, TooManyCodeSets, ReauthenticationRequired,
                        *CONFIRMATION_REFUSED)),
        route("POST", "/account/two-step/recovery-codes", Session(),
              make_recovery_codes, rows=("MF-4", "SE-3"),
              summary="Make new recovery codes; those before are void",
              problems=(TwoStepOff, TooManyCodeSets, *CONFIRMATION_REFUSED)),
        route("PUT", "/account/two-step/mode", Session(),
              change_two_step_mode, rows=("MF-2", "SE-3"),
              summary="Choose when a code is asked for: at every log-on, or at new devices only",
              problems=(TwoStepOff, *CONFIRMATION_REFUSED)),
        route("POST", "/account/two-step/off", Session(),
              turn_off_two_step, rows=("MF-4", "SE-1", "SE-3"),
              summary="Turn two-step verification off; other sessions end",
              problems=(TwoStepOff, *CONFIRMATION_REFUSED)),
        route("GET", "/account/passkeys", Session(),
              list_passkeys, rows=("MF-9",),
              summary="List the account's passkeys, with what its browser should know of them"),
        route("POST", "/account/passkeys/options", Session(),
              ask_for_new_passkey, rows=("MF-5", "MF-6", "SE-3"),
              summary="Ask for what has a passkey made",
              problems=(PasskeyLimit, PasskeyNameTaken, PasskeysNotOffered,
                        *CONFIRMATION_CHECKED)),
        route("POST", "/account/passkeys", Session(),
              make_passkey, status=201, rows=("MF-5", "MF-6", "RC-9"),
              summary="Keep a passkey that was made",
              problems=(PasskeyInvalid, PasskeyRegistered, PasskeyLimit, PasskeyNameTaken,
                        GrantUsed, GrantSuperseded, *CEREMONY_PROBLEMS)),
        route("PATCH", "/account/passkeys/{passkey_id}", Session(),
              rename_passkey, rows=("MF-5",),
              summary="Rename a passkey",
              problems=(NotFound, PasskeyNameTaken)),
        route("POST", "/account/passkeys/{passkey_id}/remove", Session(),
              remove_passkey, rows=("MF-9", "RC-9", "SE-3"),
              summary="Remove a passkey; other sessions that began with it end",
              problems=(NotFound, TwoStepNeedsMeans, *CONFIRMATION_REFUSED)),
        route("PATCH", "/account", Session(),
              change_locale, rows=("ID-8",),
              summary="Change the language and the time zone that its holder is written to in",
              problems=(LocaleNotOffered, TimeZoneUnknown)),
        route("POST", "/account/email", Session(also=(GATES,)),
              claim_email, status=202, rows=("ID-6", "SE-3", "LG-3"),
              summary="Claim an account e-mail, the first or another, or have its link sent again",
              problems=CLAIM_PROBLEMS),
        route("POST", "/account/email/verify", Session(Counted.MISSES, also=(GATES,)),
              verify_email, rows=("ID-6", "ID-4"),
              summary="Verify the account e-mail by the mailed link; one before it is given up",
              problems=(LinkInvalid, EmailUnavailable, AddressNoUsername)),
    )),
    *lifted(lambda of: of.questions, (
        route("POST", "/gates/questions", Session(also=(GATES,)),
              hear_questions, rows=("RC-8", "LG-3"),
              summary="Bring recovery's receipt that five security questions are set",
              problems=RECEIPT_REFUSED),
    )),
    *lifted(lambda of: of.freezes, (
        route("POST", "/freezes", Public(Counted.MISSES),
              freeze_account, rows=("RC-9",),
              summary="Freeze an account by the link of a mail, and the holder's date of birth",
              problems=(NotMeLinkInvalid, BirthDateImpossible)),
    )),
    *lifted(lambda of: of.proving, (
        route("POST", "/account/reauthenticate",
              Session(Counted.REFUSALS, also=(GATES, SETTINGS)),
              reauthenticate, rows=("SE-3", "MF-8"),
              summary="Give one's password again, and a code, or a passkey: a grant for one verb",
              problems=(ReauthenticationFailed, CodeRequired, SecondStepFailed, SecondStepOver,
                        PasswordUnacceptable, PasskeyInvalid, *CEREMONY_PROBLEMS)),
        route("POST", "/account/reauthenticate/options", Session(also=(GATES, SETTINGS)),
              ask_to_reauthenticate, rows=("SE-3", "MF-8"),
              summary="Ask for what has a passkey answer as a re-authentication",
              problems=(NoPasskeys, PasskeysNotOffered)),
        route("POST", "/account/ownership-proofs/options", Session(),
              ask_to_prove_ownership, rows=("MG-1", "MF-8"),
              summary="Ask for what has a passkey of another account of one's own answer",
              problems=(PasskeysNotOffered,)),
        route("POST", "/account/ownership-proofs", Session(Counted.REFUSALS),
              prove_ownership, rows=("MG-1", "MG-3"),
              summary="Prove another account of one's own, to merge it",
              problems=OWNERSHIP_PROBLEMS),
    )),
    *lifted(lambda of: of.passwords, (
        route("POST", "/passwords/check", Public(Counted.NOTHING),
              check_password, rows=("ID-3",),
              summary="Check a candidate password against every rule",
              problems=(BirthDateImpossible,)),
    )),
    *lifted(lambda of: of.devices, (
        route("GET", "/account/devices", Session(),
              list_devices, rows=("MF-2",),
              summary="List the devices that the account is known to be used on"),
        route("PATCH", "/account/devices/{device_id}", Session(),
              rename_device, rows=("MF-2",),
              summary="Rename a device",
              problems=(NotFound,)),
        route("DELETE", "/account/devices/{device_id}", Session(),
              revoke_device, rows=("MF-2",),
              summary="Revoke a device: it is known and trusted no more, and its sessions end",
              problems=(NotFound,)),
    )),
    *lifted(lambda of: of.sessions, (
        route("POST", "/sessions/refresh", Public(Counted.MISSES),
              refresh_session, rows=("SE-1", "SE-4"),
              summary="Refresh a session; the refresh token rotates",
              problems=(RefreshInvalid,)),
        route("POST", "/sessions/revoke", Public(Counted.NOTHING),
              revoke_session, form=Form.URLENCODED, rows=("SE-1",),
              summary="Revoke a session by its refresh token: always 200 (RFC 7009)"),
        route("GET", "/sessions", Session(),
              list_sessions, rows=("SE-1",),
              summary="List one's own live sessions"),
        route("DELETE", "/sessions/{session_id}", Session(also=(GATES, SETTINGS)),
              end_session, rows=("SE-1",),
              summary="End one of one's own sessions; the current one: log off",
              problems=(NotFound,)),
        route("POST", "/sessions/end-others", Session(),
              end_other_sessions, rows=("SE-1",),
              summary="End all of one's own sessions but this one"),
        route("POST", "/oauth/introspect", Client(Scope.INTROSPECT, basic=True),
              introspect_token, form=Form.URLENCODED, rows=("SE-1", "SE-4", "LG-3"),
              summary="Introspect a token: its state of this second (RFC 7662)"),
        route("GET", "/.well-known/jwks.json", Public(Counted.NOTHING),
              list_signing_keys, cached=KEPT_SECONDS, rows=("SE-1",),
              summary="List the keys that access tokens are signed with (RFC 7517)"),
    )),
    *lifted(lambda of: of.patients, (
        route("POST", "/practice/patients", Practice(Scope.PATIENTS_WRITE),
              register_patient, status=201, idempotent=True, counts_on=(RECORDS,), rows=("ST-1",),
              summary="Register a patient record",
              problems=(PatientNumberTaken, BirthDateImpossible, BirthDateInFuture,
                        NameIncomparable)),
        route("POST", "/practice/patients/search", Practice(Scope.PATIENTS_READ),
              find_patients, counts_on=(RECORDS, READS), rows=("ST-1",),
              summary="Find own patients by last name, date of birth or the practice's number",
              problems=(BirthDateImpossible,)),
    )),
    *lifted(lambda of: of.practices, (
        route("GET", "/practice/client", Practice(Scope.CLIENTS_READ),
              read_own_client, uncounted="it is where a client reads what is left", rows=("ST-1",),
              summary="Read who this client is: its practice, its role and its scopes",
              problems=(NotFound,)),
        route("POST", "/practice/client/rotate-secret", Staff(Scope.CLIENTS_WRITE),
              rotate_own_secret, counts_on=(RECORDS,), rows=("ST-1",),
              summary="Give this client a new secret; the one before goes on for an overlap",
              problems=(ClientSecretWrong,)),
        route("POST", "/practice/client/revoke", Staff(Scope.CLIENTS_WRITE),
              revoke_own_client, uncounted="it is the last that it does", rows=("ST-1",),
              summary="Revoke this client for good",
              problems=(ClientSecretWrong,)),
        route("GET", "/practice/settings", Practice(Scope.SETTINGS_READ),
              read_practice_settings, uncounted=NOTHING_OF_A_PATIENT, rows=("ST-2",),
              summary="Read the practice's settings",
              problems=(NotFound,)),
        route("PATCH", "/practice/settings", Staff(Scope.SETTINGS_WRITE),
              change_practice_settings, counts_on=(RECORDS,), rows=("ST-2", "RC-3"),
              summary="Change the practice's settings; a change counts for new links only",
              problems=(NotFound, SettingOutOfRange, SettingsChanged)),
        route("POST", "/oauth/token", Public(Counted.MISSES),
              obtain_client_token, form=Form.URLENCODED, rows=("ST-1", "SE-4"),
              summary="Obtain a client's access token (RFC 6749, client credentials)",
              problems=CLIENT_PROBLEMS),
    )),
    source_at("identity"),
)
# fmt: on
