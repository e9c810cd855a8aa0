"""Identity's verbs, each with its guard, on one screen."""

from services.identity.accounts.api.accounts import AccountReply, read_account
from services.identity.accounts.errors import (
    AccountMerged,
    UsernameHasWhitespace,
    UsernameIsAnAddress,
    UsernameNotPrintable,
    UsernameTaken,
    UsernameTooLong,
    UsernameTooShort,
)
from services.identity.credentials.api.emails import (
    ClaimBody,
    ClaimReply,
    VerifyBody,
    VerifyReply,
    claim_email,
    verify_email,
)
from services.identity.credentials.errors import EmailVerified, ReauthenticationRequired
from services.identity.desk.api.unenrolments import (
    ReactivationBody,
    UnenrolmentBody,
    reactivate_patient,
    un_enrol_patient,
)
from services.identity.desk.api.unlocks import UnlockBody, unlock_account
from services.identity.desk.errors import PatientNotEnrolled
from services.identity.emails.errors import (
    EmailMalformed,
    EmailUnavailable,
    LinkInvalid,
    TooManyMails,
)
from services.identity.enrolment.added_practices import PracticeAdded
from services.identity.enrolment.api.added_practices import (
    AddedPracticeBody,
    add_practice_to_account,
)
from services.identity.enrolment.api.enrolments import EnrolmentBody, enrol
from services.identity.enrolment.api.tokens import EnrolmentTokenBody, issue_enrolment_token
from services.identity.enrolment.enrolments import Enrolled
from services.identity.enrolment.errors import (
    AlreadyEnrolled,
    PatientEnrolled,
    PersonMismatch,
    TokenInvalid,
)
from services.identity.enrolment.tokens import Issued
from services.identity.features import Features
from services.identity.log_on.api.log_on import LogOnBody, log_on
from services.identity.log_on.api.resets import ResetBody, reset_password
from services.identity.log_on.api.terms import TermsReply, read_terms
from services.identity.log_on.errors import GrantExhausted, InvalidCredentials, TermsRequired
from services.identity.passwords.api.passwords import CandidateBody, CandidateReply, check_password
from services.identity.passwords.errors import PasswordUnacceptable, UnlockLimit
from services.identity.patients.api.patients import PatientBody, register_patient
from services.identity.patients.errors import (
    BirthDateInFuture,
    NameIncomparable,
    PatientNumberTaken,
)
from services.identity.patients.patients import Registered
from services.identity.practices.api.client_tokens import (
    ClientTokenBody,
    ClientTokenReply,
    obtain_client_token,
)
from services.identity.practices.api.settings import (
    SettingsBody,
    SettingsReply,
    change_practice_settings,
    read_practice_settings,
)
from services.identity.practices.errors import (
    GrantTypeUnsupported,
    InvalidScope,
    SettingOutOfRange,
    TwoAuthentications,
)
from services.identity.proving.api.proofs import (
    OwnershipBody,
    ProofReply,
    ReauthenticationBody,
    prove_ownership,
    reauthenticate,
)
from services.identity.proving.errors import (
    MergeProofFailed,
    MergeSameAccount,
    ReauthenticationFailed,
)
from services.identity.sessions.api.introspection import (
    KEPT_SECONDS,
    IntrospectionBody,
    IntrospectionReply,
    SigningKeysReply,
    introspect_token,
    list_signing_keys,
)
from services.identity.sessions.api.replies import SessionReply
from services.identity.sessions.api.sessions import (
    RefreshBody,
    SessionsReply,
    end_other_sessions,
    end_session,
    list_sessions,
    refresh_session,
)
from services.identity.sessions.errors import RefreshInvalid
from shared.errors import NotFound
from shared.grants import (
    GrantInvalid,
    GrantSuperseded,
    GrantUsed,
    GrantWrongAccount,
    GrantWrongAct,
    GrantWrongService,
    GrantWrongSession,
)
from shared.http.own_source import source_at
from shared.http.problems import InvalidClient
from shared.http.routes import (
    Client,
    Counted,
    Form,
    NoBody,
    NoReply,
    Public,
    Route,
    Session,
    lifted,
    route,
)
from shared.idempotency import AlreadyIssued

ENROL_PROBLEMS = (
    TermsRequired,
    TokenInvalid,
    UsernameTooShort,
    UsernameTooLong,
    UsernameHasWhitespace,
    UsernameNotPrintable,
    UsernameIsAnAddress,
    UsernameTaken,
    PasswordUnacceptable,
    EmailMalformed,
)
EXISTING_ACCOUNT_PROBLEMS = (
    InvalidCredentials,
    AccountMerged,
    TokenInvalid,
    AlreadyEnrolled,
    PersonMismatch,
)
CLIENT_PROBLEMS = (
    InvalidClient,
    InvalidScope,
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
)
CLAIM_PROBLEMS = (
    EmailMalformed,
    EmailVerified,
    ReauthenticationRequired,
    TooManyMails,
    GrantInvalid,
    GrantWrongAct,
    GrantWrongService,
    GrantWrongAccount,
    GrantWrongSession,
    GrantUsed,
    GrantSuperseded,
)
OWNERSHIP_PROBLEMS = (MergeProofFailed, MergeSameAccount, AccountMerged)

# fmt: off
ROUTES: tuple[Route[Features], ...] = (
    *lifted(lambda of: of.desk, (
        route("POST", "/practice/patients/{patient_id}/unlock", unlock_account,
              body=UnlockBody, reply=NoReply,
              guard=Client("accounts:unlock"), status=204, rows=("LG-2", "ST-1"),
              problems=(NotFound, PatientNotEnrolled, UnlockLimit),
              summary="Clear the password lock of a patient's account"),
        route("POST", "/practice/patients/{patient_id}/un-enrol", un_enrol_patient,
              body=UnenrolmentBody, reply=NoReply,
              guard=Client("enrolments:write"), status=204, rows=("UN-1", "ST-1"),
              problems=(NotFound, PatientNotEnrolled),
              summary="Un-enrol a patient; other practices are not touched"),
        route("POST", "/practice/patients/{patient_id}/re-activate", reactivate_patient,
              body=ReactivationBody, reply=NoReply,
              guard=Client("enrolments:write"), status=204, rows=("UN-3", "ST-1"),
              problems=(NotFound, PatientNotEnrolled, PatientEnrolled),
              summary="Enrol a patient again who was un-enrolled; the credentials stay"),
    )),
    *lifted(lambda of: of.enrolment, (
        route("POST", "/practice/patients/{patient_id}/enrolment-tokens", issue_enrolment_token,
              body=EnrolmentTokenBody, reply=Issued,
              guard=Client("tokens:write"), status=201, idempotent=True, rows=("EN-1", "ST-1"),
              problems=(NotFound, PatientEnrolled, AlreadyIssued),
              summary="Issue an enrolment token; the one before it expires"),
        route("POST", "/enrolments", enrol, body=EnrolmentBody, reply=Enrolled,
              guard=Public(), status=201, idempotent=True, rows=("EN-1", "EN-7", "ID-1", "ID-3"),
              problems=ENROL_PROBLEMS,
              summary="Enrol with a practice's token"),
        route("POST", "/enrolments/existing-account", add_practice_to_account,
              body=AddedPracticeBody, reply=PracticeAdded,
              guard=Public(), status=201, idempotent=True, rows=("EN-5", "LG-2"),
              problems=EXISTING_ACCOUNT_PROBLEMS,
              summary="Add a practice to the account one already has"),
    )),
    *lifted(lambda of: of.log_on, (
        route("GET", "/terms", read_terms, body=NoBody, reply=TermsReply,
              guard=Public(Counted.NOTHING), rows=("EN-9",),
              summary="Read the current terms"),
        route("POST", "/sessions", log_on, body=LogOnBody, reply=SessionReply,
              guard=Public(), status=201, rows=("LG-1", "LG-2", "LG-3", "MG-5"),
              problems=(InvalidCredentials, AccountMerged),
              summary="Log on with username or account e-mail and password"),
        route("POST", "/passwords/reset", reset_password, body=ResetBody, reply=SessionReply,
              guard=Public(Counted.MISSES), rows=("RC-3",), problems=RESET_PROBLEMS,
              summary="Set a new password with a grant of recovery's"),
    )),
    *lifted(lambda of: of.credentials, (
        route("POST", "/account/email", claim_email, body=ClaimBody, reply=ClaimReply,
              guard=Session(), status=202, rows=("ID-6", "SE-3"),
              problems=CLAIM_PROBLEMS,
              summary="Claim an account e-mail, or have its link sent again"),
        route("POST", "/account/email/verify", verify_email, body=VerifyBody, reply=VerifyReply,
              guard=Session(Counted.MISSES), rows=("ID-6", "ID-4"),
              problems=(LinkInvalid, EmailUnavailable),
              summary="Verify the account e-mail by the mailed link"),
    )),
    *lifted(lambda of: of.proving, (
        route("POST", "/account/reauthenticate", reauthenticate,
              body=ReauthenticationBody, reply=ProofReply,
              guard=Session(Counted.REFUSALS), rows=("SE-3",),
              problems=(ReauthenticationFailed,),
              summary="Give one's password again: a grant for one verb"),
        route("POST", "/account/ownership-proofs", prove_ownership,
              body=OwnershipBody, reply=ProofReply,
              guard=Session(Counted.REFUSALS), rows=("MG-1", "MG-3"), problems=OWNERSHIP_PROBLEMS,
              summary="Prove another account of one's own, to merge it"),
    )),
    *lifted(lambda of: of.passwords, (
        route("POST", "/passwords/check", check_password, body=CandidateBody, reply=CandidateReply,
              guard=Public(Counted.NOTHING), rows=("ID-3",),
              summary="Check a candidate password against every rule"),
    )),
    *lifted(lambda of: of.sessions, (
        route("POST", "/sessions/refresh", refresh_session, body=RefreshBody, reply=SessionReply,
              guard=Public(Counted.MISSES), rows=("SE-1",), problems=(RefreshInvalid,),
              summary="Refresh a session; the refresh token rotates"),
        route("GET", "/sessions", list_sessions, body=NoBody, reply=SessionsReply,
              guard=Session(), rows=("SE-1",),
              summary="List one's own live sessions"),
        route("DELETE", "/sessions/{session_id}", end_session, body=NoBody, reply=NoReply,
              guard=Session(), status=204, rows=("SE-1",), problems=(NotFound,),
              summary="End one of one's own sessions; the current one: log off"),
        route("POST", "/sessions/end-others", end_other_sessions, body=NoBody, reply=NoReply,
              guard=Session(), status=204, rows=("SE-1",),
              summary="End all of one's own sessions but this one"),
        route("POST", "/oauth/introspect", introspect_token, body=IntrospectionBody,
              reply=IntrospectionReply, form=Form.URLENCODED,
              guard=Client("introspect", practice=False, basic=True), rows=("SE-1",),
              summary="Introspect a token: its state of this second (RFC 7662)"),
        route("GET", "/.well-known/jwks.json", list_signing_keys, body=NoBody,
              reply=SigningKeysReply, guard=Public(Counted.NOTHING), rows=("SE-1",),
              cached=KEPT_SECONDS,
              summary="List the keys that access tokens are signed with (RFC 7517)"),
    )),
    *lifted(lambda of: of.patients, (
        route("POST", "/practice/patients", register_patient, body=PatientBody, reply=Registered,
              guard=Client("patients:write"), status=201, idempotent=True, rows=("ST-1",),
              problems=(
                PatientNumberTaken,
                BirthDateInFuture,
                NameIncomparable,
            ),
              summary="Register a patient record"),
    )),
    *lifted(lambda of: of.practices, (
        route("GET", "/practice/settings", read_practice_settings, body=NoBody, reply=SettingsReply,
              guard=Client("settings:read"), rows=("ST-2",), problems=(NotFound,),
              summary="Read the practice's settings"),
        route("PATCH", "/practice/settings", change_practice_settings,
              body=SettingsBody, reply=SettingsReply,
              guard=Client("settings:write"), rows=("ST-2", "RC-3"),
              problems=(NotFound, SettingOutOfRange),
              summary="Change the practice's settings; a change counts for new links only"),
        route("POST", "/oauth/token", obtain_client_token, body=ClientTokenBody,
              reply=ClientTokenReply, form=Form.URLENCODED,
              guard=Public(Counted.MISSES), rows=("ST-1",), problems=CLIENT_PROBLEMS,
              summary="Obtain a client's access token (RFC 6749, client credentials)"),
    )),
    *lifted(lambda of: of.accounts, (
        route("GET", "/account", read_account, body=NoBody, reply=AccountReply,
              guard=Session(), rows=("ID-8",), problems=(NotFound,),
              summary="Read the account's settings"),
    )),
    source_at("identity"),
)
# fmt: on
