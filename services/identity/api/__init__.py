"""Identity's verbs, each with its guard, on one screen."""

from services.identity import errors
from services.identity.api.accounts import AccountReply, read_account
from services.identity.api.emails import (
    ClaimBody,
    ClaimReply,
    VerifyBody,
    VerifyReply,
    claim_email,
    verify_email,
)
from services.identity.api.enrolment_tokens import EnrolmentTokenBody, issue_enrolment_token
from services.identity.api.enrolments import EnrolmentBody, enrol
from services.identity.api.existing_accounts import ExistingAccountBody, add_practice_to_account
from services.identity.api.locks import UnlockBody, unlock_account
from services.identity.api.logon import LogOnBody, SessionReply, log_on
from services.identity.api.oauth import (
    KEPT_SECONDS,
    ClientTokenBody,
    ClientTokenReply,
    IntrospectionBody,
    IntrospectionReply,
    SigningKeysReply,
    introspect_token,
    list_signing_keys,
    obtain_client_token,
)
from services.identity.api.passwords import CandidateBody, CandidateReply, check_password
from services.identity.api.patients import PatientBody, register_patient
from services.identity.api.practices import (
    SettingsBody,
    SettingsReply,
    change_practice_settings,
    read_practice_settings,
)
from services.identity.api.proofs import (
    OwnershipBody,
    ProofReply,
    ReauthenticationBody,
    prove_ownership,
    reauthenticate,
)
from services.identity.api.resets import ResetBody, reset_password
from services.identity.api.sessions import (
    RefreshBody,
    SessionsReply,
    end_other_sessions,
    end_session,
    list_sessions,
    refresh_session,
)
from services.identity.api.terms import TermsReply, read_terms
from services.identity.api.unenrolments import (
    ReactivationBody,
    UnenrolmentBody,
    reactivate_patient,
    un_enrol_patient,
)
from services.identity.enrolment_tokens import Issued
from services.identity.enrolments import Enrolled
from services.identity.existing_accounts import PracticeAdded
from services.identity.features import Features
from services.identity.patients import Registered
from shared.grants import (
    GrantInvalid,
    GrantSuperseded,
    GrantUsed,
    GrantWrongAccount,
    GrantWrongAct,
    GrantWrongService,
    GrantWrongSession,
)
from shared.http.idempotency import AlreadyIssued
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
    route,
)

ENROL_PROBLEMS = (
    errors.TermsRequired,
    errors.TokenInvalid,
    errors.UsernameTooShort,
    errors.UsernameTooLong,
    errors.UsernameHasWhitespace,
    errors.UsernameNotPrintable,
    errors.UsernameIsAnAddress,
    errors.UsernameTaken,
    errors.PasswordUnacceptable,
    errors.EmailMalformed,
)
EXISTING_ACCOUNT_PROBLEMS = (
    errors.InvalidCredentials,
    errors.AccountMerged,
    errors.TokenInvalid,
    errors.AlreadyEnrolled,
    errors.PersonMismatch,
)
CLIENT_PROBLEMS = (
    InvalidClient,
    errors.InvalidScope,
    errors.GrantTypeUnsupported,
    errors.TwoAuthentications,
)
RESET_PROBLEMS = (
    GrantInvalid,
    GrantWrongAct,
    GrantWrongService,
    GrantWrongAccount,
    GrantUsed,
    GrantSuperseded,
    errors.GrantExhausted,
    errors.PasswordUnacceptable,
)
CLAIM_PROBLEMS = (
    errors.EmailMalformed,
    errors.EmailVerified,
    errors.ReauthenticationRequired,
    errors.TooManyMails,
    GrantInvalid,
    GrantWrongAct,
    GrantWrongService,
    GrantWrongAccount,
    GrantWrongSession,
    GrantUsed,
    GrantSuperseded,
)
OWNERSHIP_PROBLEMS = (errors.MergeProofFailed, errors.MergeSameAccount, errors.AccountMerged)

# fmt: off
ROUTES: tuple[Route[Features], ...] = (
    route("GET", "/terms", read_terms, body=NoBody, reply=TermsReply,
          guard=Public(Counted.NOTHING), rows=("EN-9",),
          summary="Read the current terms"),
    route("POST", "/practice/patients", register_patient, body=PatientBody, reply=Registered,
          guard=Client("patients:write"), status=201, idempotent=True, rows=("ST-1",),
          problems=(
            errors.PatientNumberTaken,
            errors.BirthDateInFuture,
            errors.NameIncomparable,
        ),
          summary="Register a patient record"),
    route("POST", "/practice/patients/{patient_id}/enrolment-tokens", issue_enrolment_token,
          body=EnrolmentTokenBody, reply=Issued,
          guard=Client("tokens:write"), status=201, idempotent=True, rows=("EN-1", "ST-1"),
          problems=(errors.NotFound, errors.PatientEnrolled, AlreadyIssued),
          summary="Issue an enrolment token; the one before it expires"),
    route("POST", "/practice/patients/{patient_id}/unlock", unlock_account,
          body=UnlockBody, reply=NoReply,
          guard=Client("accounts:unlock"), status=204, rows=("LG-2", "ST-1"),
          problems=(errors.NotFound, errors.PatientNotEnrolled, errors.UnlockLimit),
          summary="Clear the password lock of a patient's account"),
    route("POST", "/practice/patients/{patient_id}/un-enrol", un_enrol_patient,
          body=UnenrolmentBody, reply=NoReply,
          guard=Client("enrolments:write"), status=204, rows=("UN-1", "ST-1"),
          problems=(errors.NotFound, errors.PatientNotEnrolled),
          summary="Un-enrol a patient; other practices are not touched"),
    route("POST", "/practice/patients/{patient_id}/re-activate", reactivate_patient,
          body=ReactivationBody, reply=NoReply,
          guard=Client("enrolments:write"), status=204, rows=("UN-3", "ST-1"),
          problems=(errors.NotFound, errors.PatientNotEnrolled, errors.PatientEnrolled),
          summary="Enrol a patient again who was un-enrolled; the credentials stay"),
    route("GET", "/practice/settings", read_practice_settings, body=NoBody, reply=SettingsReply,
          guard=Client("settings:read"), rows=("ST-2",), problems=(errors.NotFound,),
          summary="Read the practice's settings"),
    route("PATCH", "/practice/settings", change_practice_settings,
          body=SettingsBody, reply=SettingsReply,
          guard=Client("settings:write"), rows=("ST-2", "RC-3"),
          problems=(errors.NotFound, errors.SettingOutOfRange),
          summary="Change the practice's settings; a change counts for new links only"),
    route("POST", "/enrolments", enrol, body=EnrolmentBody, reply=Enrolled,
          guard=Public(), status=201, idempotent=True, rows=("EN-1", "EN-7", "ID-1", "ID-3"),
          problems=ENROL_PROBLEMS,
          summary="Enrol with a practice's token"),
    route("POST", "/enrolments/existing-account", add_practice_to_account,
          body=ExistingAccountBody, reply=PracticeAdded,
          guard=Public(), status=201, idempotent=True, rows=("EN-5", "LG-2"),
          problems=EXISTING_ACCOUNT_PROBLEMS,
          summary="Add a practice to the account one already has"),
    route("POST", "/passwords/check", check_password, body=CandidateBody, reply=CandidateReply,
          guard=Public(Counted.NOTHING), rows=("ID-3",),
          summary="Check a candidate password against every rule"),
    route("GET", "/account", read_account, body=NoBody, reply=AccountReply,
          guard=Session(), rows=("ID-8",), problems=(errors.NotFound,),
          summary="Read the account's settings"),
    route("POST", "/account/email", claim_email, body=ClaimBody, reply=ClaimReply,
          guard=Session(), status=202, rows=("ID-6", "SE-3"),
          problems=CLAIM_PROBLEMS,
          summary="Claim an account e-mail, or have its link sent again"),
    route("POST", "/account/email/verify", verify_email, body=VerifyBody, reply=VerifyReply,
          guard=Session(Counted.MISSES), rows=("ID-6", "ID-4"),
          problems=(errors.LinkInvalid, errors.EmailUnavailable),
          summary="Verify the account e-mail by the mailed link"),
    route("POST", "/account/reauthenticate", reauthenticate,
          body=ReauthenticationBody, reply=ProofReply,
          guard=Session(Counted.REFUSALS), rows=("SE-3",),
          problems=(errors.ReauthenticationFailed,),
          summary="Give one's password again: a grant for one verb"),
    route("POST", "/account/ownership-proofs", prove_ownership,
          body=OwnershipBody, reply=ProofReply,
          guard=Session(Counted.REFUSALS), rows=("MG-1", "MG-3"), problems=OWNERSHIP_PROBLEMS,
          summary="Prove another account of one's own, to merge it"),
    route("POST", "/sessions", log_on, body=LogOnBody, reply=SessionReply,
          guard=Public(), status=201, rows=("LG-1", "LG-2", "LG-3", "MG-5"),
          problems=(errors.InvalidCredentials, errors.AccountMerged),
          summary="Log on with username or account e-mail and password"),
    route("POST", "/sessions/refresh", refresh_session, body=RefreshBody, reply=SessionReply,
          guard=Public(Counted.MISSES), rows=("SE-1",), problems=(errors.RefreshInvalid,),
          summary="Refresh a session; the refresh token rotates"),
    route("GET", "/sessions", list_sessions, body=NoBody, reply=SessionsReply,
          guard=Session(), rows=("SE-1",),
          summary="List one's own live sessions"),
    route("DELETE", "/sessions/{session_id}", end_session, body=NoBody, reply=NoReply,
          guard=Session(), status=204, rows=("SE-1",), problems=(errors.NotFound,),
          summary="End one of one's own sessions; the current one: log off"),
    route("POST", "/sessions/end-others", end_other_sessions, body=NoBody, reply=NoReply,
          guard=Session(), status=204, rows=("SE-1",),
          summary="End all of one's own sessions but this one"),
    route("POST", "/passwords/reset", reset_password, body=ResetBody, reply=SessionReply,
          guard=Public(Counted.MISSES), rows=("RC-3",), problems=RESET_PROBLEMS,
          summary="Set a new password with a grant of recovery's"),
    route("POST", "/oauth/token", obtain_client_token, body=ClientTokenBody,
          reply=ClientTokenReply, form=Form.URLENCODED,
          guard=Public(Counted.MISSES), rows=("ST-1",), problems=CLIENT_PROBLEMS,
          summary="Obtain a client's access token (RFC 6749, client credentials)"),
    route("POST", "/oauth/introspect", introspect_token, body=IntrospectionBody,
          reply=IntrospectionReply, form=Form.URLENCODED,
          guard=Client("introspect", practice=False, basic=True), rows=("SE-1",),
          summary="Introspect a token: its state of this second (RFC 7662)"),
    route("GET", "/.well-known/jwks.json", list_signing_keys, body=NoBody,
          reply=SigningKeysReply, guard=Public(Counted.NOTHING), rows=("SE-1",),
          cached=KEPT_SECONDS,
          summary="List the keys that access tokens are signed with (RFC 7517)"),
    source_at("identity"),
)
# fmt: on
