"""What can be done once is done once, however many do it at once (MG-1, UN-1, EN-1, RC-3)."""

import asyncio
import importlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import pytest
import pytest_asyncio

from services.identity.desk.errors import AccountNotFrozen, ChartsSettled, PatientNotEnrolled
from services.identity.emails.errors import LinkInvalid
from services.identity.enrolment.errors import AlreadyEnrolled, PatientEnrolled, TokenInvalid
from services.identity.freezes.errors import NotMeLinkInvalid
from services.identity.log_on.errors import GateClosed
from services.identity.passkeys.errors import CeremonyOver
from services.identity.patients.errors import PatientChanged, PatientNumberTaken
from services.identity.practices.errors import ClientSecretWrong
from services.identity.requests.errors import RequestNotPending
from services.identity.two_step.errors import SetUpOver, TooManyCodeSets, TwoStepOff, TwoStepOn
from services.merge.reviews.errors import MergeReviewEnded
from services.notify.addresses.errors import CodeInvalid
from services.notify.addresses.errors import LinkInvalid as AddressLinkInvalid
from services.notify.ledger.errors import DeliveryNotResendable
from services.recovery.practice_tokens.errors import NoLiveResetToken
from services.recovery.questions.errors import AnswersRefused
from shared.errors import NotFound, Refused
from shared.http.problems import ClientBudget
from shared.trust.access import AccessTokenInvalid
from shared.trust.grants import GrantSuperseded, GrantUsed
from tests.conformance.stage import Stage, audit_since_now, example, send
from tests.conformance.stages import Opened
from tests.conformance.test_audit import OTHERWISE
from tests.conformance.verbs import NAMED, Verb, those

RACERS = 64
#: how all but one are told, and what each of the racers says besides
ONCE: Mapping[str, tuple[type[Refused], Callable[[int], Mapping[str, Any]]]] = {
    "un_enrol_patient": (PatientNotEnrolled, lambda _: {}),
    "reactivate_patient": (PatientEnrolled, lambda _: {}),
    "settle_duplicate_chart": (ChartsSettled, lambda _: {}),
    "correct_patient": (PatientChanged, lambda number: {"first_name": f"Racer {number}"}),
    "enrol": (TokenInvalid, lambda number: {"username": f"racer.{number:02}"}),
    "add_practice_to_account": (AlreadyEnrolled, lambda _: {}),
    "reset_password": (GrantUsed, lambda number: {"new_password": f"Copper!Lantern-{number}"}),
    "change_password": (
        GrantSuperseded,
        lambda number: {"new_password": f"Copper!Lantern-{number}"},
    ),
    "confirm_app": (SetUpOver, lambda _: {}),
    "make_recovery_codes": (GrantUsed, lambda _: {}),
    "change_two_step_mode": (GrantUsed, lambda _: {}),
    "revoke_device": (NotFound, lambda _: {}),
    "make_passkey": (CeremonyOver, lambda _: {}),
    "remove_passkey": (GrantSuperseded, lambda _: {}),
    "keep_passkeys": (GateClosed, lambda _: {}),
    "log_on_by_passkey": (CeremonyOver, lambda _: {}),
    "turn_on_two_step_by_passkeys": (TwoStepOn, lambda _: {}),
    "turn_off_two_step": (GrantSuperseded, lambda _: {}),
    "take_second_step": (AccessTokenInvalid, lambda _: {}),
    "reset_two_step": (TwoStepOff, lambda _: {}),
    "thaw_account": (AccountNotFrozen, lambda _: {}),
    "freeze_account": (NotMeLinkInvalid, lambda _: {}),
    "change_username": (GrantUsed, lambda number: {"username": f"racer.{number:02}"}),
    "approve_enrolment_request": (RequestNotPending, lambda _: {}),
    "reject_enrolment_request": (RequestNotPending, lambda _: {}),
    "approve_merge_review": (MergeReviewEnded, lambda _: {}),
    "reject_merge_review": (MergeReviewEnded, lambda _: {}),
    "verify_email": (LinkInvalid, lambda _: {}),
    "register_patient": (PatientNumberTaken, lambda _: {"number": "P-1"}),
    "rotate_own_secret": (ClientSecretWrong, lambda _: {}),
    "revoke_own_client": (ClientSecretWrong, lambda _: {}),
    "request_merge": (GrantUsed, lambda _: {}),
    "add_notification_address": (GrantUsed, lambda _: {}),
    "verify_notification_address": (AddressLinkInvalid, lambda _: {}),
    "remove_notification_address": (NotFound, lambda _: {}),
    "add_notification_number": (GrantUsed, lambda _: {}),
    "verify_notification_number": (CodeInvalid, lambda _: {}),
    "set_security_questions": (GrantUsed, lambda _: {}),
    "answer_security_questions": (AnswersRefused, lambda _: {}),
    "resend_delivery": (DeliveryNotResendable, lambda _: {}),
    "void_reset_token": (NoLiveResetToken, lambda _: {}),
}
#: how those are told that come when it is done, where the session ends with it, or its client has
#: asked as often as it may
TOO_LATE: Mapping[str, type[Refused]] = {
    "change_password": AccessTokenInvalid,
    "revoke_own_client": AccessTokenInvalid,  # where that second passed meanwhile
    "reset_two_step": ClientBudget,
    "confirm_app": TooManyCodeSets,
    "make_recovery_codes": TooManyCodeSets,
    "turn_on_two_step_by_passkeys": TooManyCodeSets,
    "remove_passkey": NotFound,
    "thaw_account": ClientBudget,
}
#: what no other service has to know
SILENT = {
    "void_reset_token",
    "resend_delivery",
    "keep_passkeys",
    "answer_security_questions",  # the password that is set by it is told
    *("rotate_own_secret", "revoke_own_client"),
    *("add_notification_address", "add_notification_number", "verify_notification_number"),
}
AS_OFTEN_AS_IT_IS_ASKED = {
    *("unlock_account", "issue_enrolment_token", "change_practice_settings"),
    "ask_security_questions",
    "hear_questions",  # told alike each time: raced in a test of its own
    *("answer_terms", "skip_gate", "answer_disclaimer", "publish_disclaimer"),
    "request_enrolment",  # one request of many: raced in a test of its own
    *("un_enrol_dormant_patients", "register_patients", "invite_patient"),
    *("find_patients", "read_username", "waive_email"),
    "void_handed_out",  # tells nobody: raced in a test of its own
    *("make_temporary_credentials", "prove_enrolment"),
    "add_practice",  # renews the session that asks: raced in a test of its own
    *("log_on", "claim_email", "reauthenticate", "prove_ownership", "check_password"),
    *("change_locale", "check_new_password", "set_up_app", "rename_device"),
    "rename_passkey",
    *("ask_for_passkey", "ask_for_new_passkey", "ask_for_second_step"),
    *("ask_to_reauthenticate", "ask_to_prove_ownership"),
    *("refresh_session", "end_session", "end_other_sessions", "introspect_token"),
    "revoke_session",  # told alike each time: raced in a test of its own
    *("obtain_client_token", "remind_username", "request_reset_link", "redeem_reset_link"),
    "begin_validation",  # a round each: racers with one key in a test of its own
    "answer_validation",  # the reply that got lost is given again
    *("read_notice", "dismiss_notice", "skip_offer"),
    *("submit_communication", "submit_communications"),
    *("choose_notification_preference", "preview_unsubscription"),
    "unsubscribe",  # told alike each time: raced in a test of its own
    *("issue_reset_token", "redeem_reset_token"),
    "lift_suppressions",
    *("take_text_answer", "take_text_receipt"),  # likewise
    "take_bounce",  # told alike whatever it is: raced in a test of its own
}


@pytest.mark.parametrize("verb", those(lambda verb: verb.writes))
def test_every_verb_is_done_once_or_as_often_as_it_is_asked(verb: Verb) -> None:
    assert (verb.name in ONCE) is not (verb.name in AS_OFTEN_AS_IT_IS_ASKED), (
        f"{verb.name}: say in ONCE how all but one of many are told, or add it to "
        "AS_OFTEN_AS_IT_IS_ASKED"
    )


@pytest_asyncio.fixture
async def beside(verb: Verb, opened: Opened) -> AsyncIterator[Stage]:
    """Another replica of the verb's service."""
    module: Any = importlib.import_module(f"tests.conformance.examples.{verb.service}")
    async with module.opened(opened.database, opened.clock) as found:
        yield found


async def told(stage: Stage) -> Counter[str]:
    """How many events of each kind wait in the outbox."""
    rows = await stage.replica.rows("SELECT routing_key AS name FROM outbox")
    return Counter(row["name"] for row in rows)


@pytest.mark.proves("MG-1", "EN-1", "EN-5", "UN-1", "UN-3", "RC-3", "ID-2", "ID-6")
@pytest.mark.proves("V2.3.4", "V6.5.1", "V15.4.2")
@pytest.mark.parametrize("verb", [pytest.param(NAMED[name], id=name) for name in ONCE])
async def test_of_64_at_once_over_two_replicas_one_does_it_and_it_is_told_once(
    verb: Verb, stage: Stage, beside: Stage
) -> None:
    problem, said = ONCE[verb.name]
    good = await example(stage, verb)
    audit, before = await audit_since_now(stage), await told(stage)

    answers = await asyncio.gather(
        *(
            send((stage, beside)[number % 2], verb, good.but(**said(number)))
            for number in range(RACERS)
        )
    )

    told_so = {(one.status, one.code) for one in (problem, TOO_LATE.get(verb.name, problem))}
    outcomes = Counter(answer.refused() for answer in answers)
    assert outcomes.pop((verb.route.status, "")) == 1
    assert set(outcomes) <= told_so
    assert len(await audit.rows("done")) == OTHERWISE.get(verb.name, (1, ""))[0]
    assert set((await told(stage) - before).values()) == (set() if verb.name in SILENT else {1})
