"""What was done leaves a row, and what was refused leaves one (AU-1)."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from services.identity.passkeys.errors import PasskeyInvalid
from services.identity.passkeys.model import Cause
from shared.db import Row
from shared.errors import Refused
from shared.http.guards import Staff
from shared.http.routes import SLOT, Form
from shared.randomness import Randomness
from tests.conformance.refusals import Elsewhere, refusals_of
from tests.conformance.stage import Example, Stage, audit_since_now, example, send
from tests.conformance.verbs import VERBS, Verb, those
from tests.rigs.replica import Answer

pytestmark = pytest.mark.proves("AU-1", "V16.3.1")

OTHERWISE = {  # how many rows, and why not one
    "check_password": (0, "nothing is done, and a candidate is nobody's yet"),
    "check_new_password": (0, "nothing is done, with every letter that is typed"),
    "refresh_session": (0, "once in five minutes of every session; its log-on and its end are"),
    "introspect_token": (0, "a gateway asks with every request of a person's"),
    "ask_security_questions": (0, "nothing is done: whatever the name, two are asked"),
    "remind_username": (0, "accepted alike whether there is an account or none"),
    "request_reset_link": (0, "accepted alike whether there is an account or none"),
    "register_patients": (3, "one a record, one an invitation, and one of the call"),
    "preview_unsubscription": (0, "nothing is done, and the link tells nothing of a person"),
    "submit_communications": (2, "one a communication, and one of the call"),
    "request_merge": (2, "one an account"),
    "read_notice": (0, "her own, as often as she likes"),
    "dismiss_notice": (0, "her own, as often as she likes"),
    "ask_for_passkey": (0, "nothing is done, nor written, before the answer"),
    "ask_for_new_passkey": (0, "likewise"),
    "ask_for_second_step": (0, "likewise"),
    "ask_to_reauthenticate": (0, "likewise"),
    "ask_to_prove_ownership": (0, "likewise"),
    "approve_merge_review": (2, "one an account"),
    "reject_merge_review": (2, "one an account"),
    "settle_duplicate_chart": (3, "one a record, and one of the account"),
}


#: what the row of what was done is about, where that is no account
ABOUT: Mapping[str, str | tuple[str, ...] | None] = {
    "issue_enrolment_token": "patient",
    "prove_enrolment": "patient",
    "invite_patient": "patient",
    "make_temporary_credentials": "patient",
    "request_enrolment": "request",
    "approve_enrolment_request": "request",
    "reject_enrolment_request": "request",
    "register_patient": "patient",
    "register_patients": ("patient", ""),  # each record, and the call
    "read_patient": "patient",
    "list_handed_out": "patient",
    "list_enrolment_requests": None,  # whoever asks
    "read_enrolment_request": "request",
    "list_dormant_patients": None,
    "list_merge_conflicts": None,  # whichever there are
    "list_merge_reviews": None,  # likewise
    "read_merge_review": "merge",
    "list_reset_tokens": "patient",
    "list_practice_deliveries": None,  # the example's are whoever's
    "correct_patient": "patient",
    "settle_duplicate_chart": ("account", "patient"),
    "void_handed_out": "patient",
    "find_patients": None,  # what was sought is not kept
    "submit_communication": "patient",
    "submit_communications": ("patient", ""),  # each of them, and the call
    "take_bounce": "delivery",
    "take_text_receipt": "delivery",
    "take_text_answer": None,  # a phone is nobody that is known
    "resend_delivery": "delivery",
    "obtain_client_token": "client",
    "rotate_own_secret": "client",
    "revoke_own_client": "client",
    "change_practice_settings": None,  # the practice is a column of every row
    "publish_disclaimer": None,  # likewise
}
OF_ANOTHER = {"prove_ownership", "request_merge"}
#: what the audit may repeat of what was said
TOLD = {
    "staff_id",
    "reason",
    "verb",
    "handed_over",
    "topic",
    "client_id",
    "patient_id",
    "practice_id",
    "scope",
    "version",
    "answer",
    "kind",
    "mode",
}
SECRETS = (
    "client_secret",
    "token",
    "grant",
    "access_token",
    "refresh_token",
    "device",
    "username",
    "password",
)


def assert_nothing_is_told(rows: Sequence[Row], example: Example, reply: Answer) -> None:
    """Neither secrets nor names stand in the audit."""
    said = {**(example.body or {}), **(example.form or {})}
    hidden = [text for name, text in said.items() if name not in TOLD and isinstance(text, str)]
    hidden += [str(reply.body[name]) for name in SECRETS if name in reply.body]
    whole = str([tuple(row) for row in rows])
    assert [text for text in hidden if len(text) > 4 and text in whole] == []


@pytest.mark.parametrize("verb", those(lambda verb: True))
async def test_a_verb_does_what_it_is_for_and_leaves_a_row(verb: Verb, stage: Stage) -> None:
    good = await example(stage, verb)
    audit = await audit_since_now(stage)

    answer = await send(stage, verb, good)

    assert answer.status == verb.route.status, answer.body
    rows = await audit.rows("done")
    count, _ = OTHERWISE.get(verb.name, (1 if verb.writes or looks(verb) else 0, ""))
    assert len(rows) == count, (
        f"{verb.name}: record what was done in its transaction, or say in OTHERWISE why not"
    )
    assert len({row["actor"] for row in rows}) <= 1
    assert_nothing_is_told(rows, good, answer)
    for row in rows:
        kind, _, who = (row["subject"] or "").partition(":")
        assert kind in of_kinds(ABOUT.get(verb.name, "account"))
        if kind == "account" and verb.of_a_person and verb.name not in OF_ANOTHER:
            assert row["subject"] == row["actor"]
        elif kind == "account" and not verb.of_a_person:
            accounts = await stage.replica.rows("SELECT a::text AS whole FROM accounts a")
            assert any(who in account["whole"] for account in accounts)
        if verb.name in ("un_enrol_patient", "reactivate_patient"):
            assert row["detail"] == f"patient:{good.path['patient_id']}"


def looks(verb: Verb) -> bool:
    """Whether a practice sees something of its patients by it."""
    return verb.of_a_practice and not verb.route.uncounted


def one_patient(verb: Verb) -> bool:
    """Whether a practice looks at one patient by it, always or where it says so."""
    named = "patient_id" in (*SLOT.findall(verb.route.path), *verb.route.query)
    return looks(verb) and not verb.writes and named


@pytest.mark.parametrize("verb", those(one_patient))
async def test_a_look_at_one_patient_is_in_her_history(verb: Verb, stage: Stage) -> None:
    good = await example(stage, verb)
    patient_id = good.path.get("patient_id") or good.query.get("patient_id") or Randomness().uuid()
    by_query = {"patient_id": str(patient_id)} if "patient_id" in verb.route.query else {}
    audit = await audit_since_now(stage)

    answer = await send(stage, verb, replace(good, query=by_query))

    assert answer.status == verb.route.status, answer.body
    [row] = await audit.rows("done")
    assert row["subject"] == f"patient:{patient_id}", (
        f"{verb.name}: begin its act with the patient that it names"
    )
    assert None not in (row["practice"], row["client"])


def of_kinds(about: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return about if isinstance(about, tuple) else (about or "",)


TYPED = "what was typed breaks a rule, whoever typed it: nothing was looked up or decided"
ASKED = "nothing is asked for that could be answered"
HER_OWN = "a person looks for something of her own by an id that is none of it"
TWICE = "a client that authenticates in two ways at once is none yet"
NO_ROW = {
    ("ask_for_second_step", "GateClosed"): ASKED,
    ("ask_for_second_step", "NoPasskeys"): ASKED,
    ("ask_to_reauthenticate", "NoPasskeys"): ASKED,
    ("begin_validation", "BirthDateImpossible"): TYPED,
    ("check_password", "BirthDateImpossible"): TYPED,
    ("correct_patient", "BirthDateImpossible"): TYPED,
    ("enrol", "BirthDateImpossible"): TYPED,
    ("find_patients", "BirthDateImpossible"): TYPED,
    ("freeze_account", "BirthDateImpossible"): TYPED,
    ("prove_enrolment", "BirthDateImpossible"): TYPED,
    ("register_patient", "BirthDateImpossible"): TYPED,
    ("request_enrolment", "BirthDateImpossible"): TYPED,
    ("enrol", "TermsRequired"): TYPED,
    ("enrol", "UsernameTooShort"): TYPED,
    ("enrol", "UsernameTooLong"): TYPED,
    ("enrol", "UsernameHasWhitespace"): TYPED,
    ("enrol", "UsernameNotPrintable"): TYPED,
    ("enrol", "UsernameIsAnAddress"): TYPED,
    ("enrol", "PasswordUnacceptable"): TYPED,
    ("enrol", "EmailMalformed"): TYPED,
    ("check_new_password", "TooManyPasswords"): "only a candidate is not judged",
    ("claim_email", "EmailMalformed"): TYPED,
    ("register_patient", "NameIncomparable"): TYPED,
    ("obtain_client_token", "TwoAuthentications"): TWICE,
    ("read_terms", "NotFound"): "there is nothing to read yet, for anybody",
    ("request_enrolment", "NameIncomparable"): TYPED,
    ("request_enrolment", "EmailMalformed"): TYPED,
    ("request_enrolment", "LocaleNotOffered"): TYPED,
    (
        "preview_unsubscription",
        "UnsubscribeLinkInvalid",
    ): "nothing is done by a look",
    ("read_merge", "NotFound"): HER_OWN,
    ("read_notice", "NotFound"): HER_OWN,
    ("dismiss_notice", "NotFound"): HER_OWN,
}
#: a password or a code that was refused for a reason of its own, which its reply must not tell
PASSWORD = {
    *("InvalidCredentials", "ReauthenticationFailed", "MergeProofFailed", "SecondStepFailed"),
    "AnswersRefused",
}
REFUSED = [
    (verb, problem)
    for verb in VERBS
    for problem in verb.route.problems
    if issubclass(problem, Refused)
]


def name(pair: tuple[Verb, type[Refused]]) -> str:
    return f"{pair[0].name}-{pair[1].__name__}"


def brought_about(pair: tuple[Verb, type[Refused]]) -> bool:
    return not isinstance(refusals_of(pair[0]).get(pair[1].__name__), Elsewhere)


def causes(problem: type[Refused]) -> set[str]:
    """What the audit may call it: a reply tells less where it must not say as much."""
    kinds = (cause for kind in problem.__subclasses__() for cause in causes(kind))
    own = Cause if problem is PasskeyInvalid else ("wrong",) if problem.__name__ in PASSWORD else ()
    return {problem.cause, *kinds, *own}


@pytest.mark.parametrize(("verb", "problem"), REFUSED, ids=map(name, REFUSED))
def test_every_refusal_of_every_verb_is_brought_about(verb: Verb, problem: type[Refused]) -> None:
    assert problem.__name__ in refusals_of(verb), (
        f"{verb.name} may refuse with {problem.__name__}: bring it about in "
        f"tests/conformance/refusals/{verb.service}.py, or say there why it cannot be"
    )


#: refusals that are in nobody's history: who it is was not proven, or there is nobody yet
UNPROVEN = {"TokenInvalid", "InvitationInvalid", "TemporaryCredentialInvalid"}
NO_ENROLMENT_GRANT = {"GrantInvalid", "GrantWrongAct", "GrantWrongService"}
NOBODYS = {
    "take_text_receipt": {"SignatureWrong"},
    "take_text_answer": {"SignatureWrong"},
    "prove_enrolment": {*UNPROVEN, "AgeNotAllowed"},
    "enrol": {*UNPROVEN, "AgeNotAllowed", "UsernameTaken", *NO_ENROLMENT_GRANT},
    "add_practice_to_account": NO_ENROLMENT_GRANT,
    "request_enrolment": {"RequestsNotTaken", "BirthDateInFuture"},
    "reset_password": {"GrantInvalid", "GrantWrongAct", "GrantWrongService"},
    "refresh_session": {"RefreshInvalid"},
    "log_on_by_passkey": {"CeremonyOver"},
    "prove_ownership": {"CeremonyOver"},
    "register_patient": {"PatientNumberTaken", "BirthDateInFuture"},
    "change_practice_settings": {"SettingOutOfRange", "SettingsChanged"},
    "redeem_reset_link": {"LinkInvalid"},
    "remind_username": {"PersonIncomplete", "BirthDateImpossible"},
    "answer_validation": {"ValidationOver"},
    "redeem_reset_token": {"ResetTokenInvalid"},
    "answer_security_questions": {"AnswersOver"},
    "unsubscribe": {"UnsubscribeLinkInvalid"},
}
MADE = list(filter(brought_about, REFUSED))


@pytest.mark.parametrize(("verb", "problem"), MADE, ids=map(name, MADE))
async def test_what_is_refused_leaves_a_row_that_says_why(
    verb: Verb, problem: type[Refused], stage: Stage
) -> None:
    recipe = refusals_of(verb)[problem.__name__]
    assert not isinstance(recipe, Elsewhere)
    refused = await recipe(stage)
    audit = await audit_since_now(stage)

    answer = await send(stage, verb, refused)

    if verb.route.form is Form.URLENCODED:  # RFC 6749 5.2 has statuses and words of its own
        assert (answer.status in (400, 401), answer.body["error"]) == (True, problem.oauth_error)
    else:
        assert answer.refused() == (problem.status, problem.code)
    assert (answer.status == 429) is (int(answer.headers.get("Retry-After", 0)) > 0)
    rows = await audit.rows("refused")
    recorded = (verb.name, problem.__name__) not in NO_ROW
    assert bool(rows) is recorded, (
        f"{verb.name}: record that it refused with {problem.__name__}, or say in NO_ROW why not"
    )
    assert {row["detail"] for row in rows} <= causes(problem)
    assert {bool(row["client"]) for row in rows} <= {verb.of_a_client}
    nobodys = problem.__name__ in NOBODYS.get(verb.name, ())
    assert {row["subject"] is None for row in rows} <= {nobodys}
    assert_nothing_is_told(rows, refused, answer)
    if recorded and isinstance(verb.route.guard, Staff):
        [row] = rows
        assert (row["staff"], row["reason"]) == ("nurse-7", "asked at the desk")
        assert row["actor"] == f"staff:nurse-7@{row['practice']}"
        named = [f"{name.removesuffix('_id')}:{one}" for name, one in refused.path.items()]
        named += [f"patient:{one}" for one in (refused.body or {}).get("kept", ())[:1]]
        itself = [f"client:{row['client']}"] if ABOUT.get(verb.name, "") == "client" else []
        assert row["subject"] == next(iter((*named, *itself)), None)
    assert await audit.rows("done") == []
