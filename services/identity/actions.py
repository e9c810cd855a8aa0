"""What identity audits (AU-1)."""

from shared.audit import entries


class Action(entries.Action):
    PROVE_ENROLMENT = "enrol.prove"
    ENROL = "enrol"
    ADD_TO_ACCOUNT = "enrol.existing-account"
    INVITE = "invitation.send"
    MAKE_TEMPORARY = "temporary-credentials.make"
    ISSUE_ENROLMENT_TOKEN = "enrolment-token.issue"  # noqa: S105 - an action, not a token
    VOID_HANDED_OUT = "handed-out.void"
    REGISTER_PATIENT = "patient.register"
    REGISTER_PATIENTS = "patients.register"
    FIND_PATIENTS = "patient.find"
    CORRECT_PATIENT = "patient.correct"
    UN_ENROL = "patient.un-enrol"
    REACTIVATE = "patient.re-activate"
    LOG_ON = "log-on"
    PUBLISH_TERMS = "terms.publish"
    ACCEPT_TERMS = "terms.accept"
    DECLINE_TERMS = "terms.decline"
    SKIP_GATE = "gate.skip"
    PUBLISH_DISCLAIMER = "disclaimer.publish"
    ANSWER_DISCLAIMER = "disclaimer.answer"
    RESET_PASSWORD = "password.reset"  # noqa: S105 - an action, not a password
    DISABLE_PASSWORD = "password.disable"  # noqa: S105 - likewise
    BEGIN_LOCK = "lock.begin"
    END_LOCK = "lock.end"
    NOTIFY_OF_LOCK = "lock.notice"
    UNLOCK = "account.unlock"
    READ_USERNAME = "username.read"
    WAIVE_EMAIL = "email.waive"
    REAUTHENTICATE = "account.reauthenticate"
    PROVE_OWNERSHIP = "account.prove-ownership"
    MERGE = "account.merge"
    CHANGE_USERNAME = "username.change"
    CHANGE_PASSWORD = "password.change"  # noqa: S105 - likewise
    CHANGE_LOCALE = "locale.change"
    CLAIM_EMAIL = "email.claim"
    VERIFY_EMAIL = "email.verify"
    END_SESSION = "session.end"
    END_OTHER_SESSIONS = "session.end-others"
    REFRESH = "session.refresh"
    ADD_PRACTICE = "practice.add"
    SET_PRACTICE = "practice.set"
    ADD_GATEWAY = "gateway.add"
    OBTAIN_CLIENT_TOKEN = "client-token.obtain"  # noqa: S105 - likewise
    ROTATE_CLIENT = "client.rotate"
    REVOKE_CLIENT = "client.revoke"
    RE_KEY_NAMES = "name.re-key"
