"""The gates after the password, and what a session may do before and behind them (LG-3, UN-4)."""

from dataclasses import replace
from uuid import UUID

import pytest

from services.identity.sessions.reach import (
    Answer,
    Area,
    AreaState,
    Gate,
    GateName,
    SeenPractice,
    Standing,
    areas,
    gates,
    next_required,
    scope,
)
from shared.contracts.identity import EnrolmentState
from shared.contracts.ids import PatientId, PracticeId
from shared.contracts.reach import SessionScope

pytestmark = pytest.mark.proves("LG-3")

INSIDE = Standing(
    account_version=1,
    enrolled=True,
    second_step_due=False,
    new_password_due=False,
    terms_due=False,
    questions_due=False,
    email_verified=True,
    email_required=False,
    two_step_offered=False,
    passkeys_to_keep=False,
    disclaimers_due=False,
    skipped=frozenset(),
)
TERMS = Gate(name=GateName.TERMS, required=True)
NEW_PASSWORD = Gate(name=GateName.NEW_PASSWORD, required=True)
QUESTIONS = Gate(name=GateName.QUESTIONS, required=True)
EMAIL = Gate(name=GateName.ACCOUNT_EMAIL, required=False)
TWO_STEP = Gate(name=GateName.TWO_STEP, required=False)
PASSKEYS = Gate(name=GateName.PASSKEYS, required=False)
DISCLAIMERS = Gate(name=GateName.DISCLAIMERS, required=False)
PRACTICE = SeenPractice(
    practice_id=PracticeId(UUID(int=2)),
    name="Elm",
    patient_id=PatientId(UUID(int=3)),
    state=EnrolmentState.ENROLLED,
    answer=None,
)


def test_who_has_everything_is_inside() -> None:
    assert gates(INSIDE) == ()
    assert scope(INSIDE) is SessionScope.FULL


def test_the_second_step_is_required_and_comes_before_the_terms() -> None:
    both = replace(INSIDE, second_step_due=True, terms_due=True)

    assert gates(both) == (Gate(name=GateName.SECOND_STEP, required=True), TERMS)
    assert scope(both) is SessionScope.GATES


def test_the_account_email_is_offered_and_not_required() -> None:
    without = replace(INSIDE, email_verified=False)

    assert gates(without) == (EMAIL,)
    assert scope(without) is SessionScope.FULL


@pytest.mark.proves("RC-6")
def test_after_a_validation_the_account_email_is_required_and_no_skipping_helps() -> None:
    without = replace(
        INSIDE,
        email_verified=False,
        email_required=True,
        two_step_offered=True,
        skipped=frozenset(GateName),
    )

    assert gates(without) == (Gate(name=GateName.ACCOUNT_EMAIL, required=True),)
    assert scope(without) is SessionScope.GATES
    assert gates(replace(without, email_verified=True)) == ()


@pytest.mark.proves("ID-3")
def test_a_new_password_is_required_after_the_second_step_and_before_the_terms() -> None:
    asked = replace(INSIDE, second_step_due=True, new_password_due=True, terms_due=True)

    assert gates(asked)[1:] == (NEW_PASSWORD, TERMS)
    assert next_required(asked) is GateName.SECOND_STEP
    assert next_required(replace(asked, second_step_due=False)) is GateName.NEW_PASSWORD


@pytest.mark.proves("RC-8")
def test_five_questions_are_required_after_the_terms_and_before_the_account_email() -> None:
    asked = replace(INSIDE, terms_due=True, questions_due=True, email_verified=False)

    assert gates(asked) == (TERMS, QUESTIONS, EMAIL)
    assert next_required(asked) is GateName.TERMS
    assert next_required(replace(asked, terms_due=False)) is GateName.QUESTIONS
    assert scope(replace(asked, terms_due=False)) is SessionScope.GATES
    assert QUESTIONS not in gates(replace(asked, enrolled=False))


def test_two_step_is_offered_after_the_account_email_and_not_required() -> None:
    new = replace(INSIDE, email_verified=False, two_step_offered=True, disclaimers_due=True)

    assert gates(new) == (EMAIL, TWO_STEP, DISCLAIMERS)
    assert next_required(new) is None
    assert scope(new) is SessionScope.FULL


@pytest.mark.proves("MF-10")
def test_passkeys_to_keep_are_offered_after_two_step_and_before_the_disclaimers() -> None:
    new = replace(INSIDE, two_step_offered=True, passkeys_to_keep=True, disclaimers_due=True)

    assert gates(new) == (TWO_STEP, PASSKEYS, DISCLAIMERS)
    assert next_required(new) is None
    assert gates(replace(new, skipped=frozenset({"passkeys"}))) == (TWO_STEP, DISCLAIMERS)


def test_the_terms_are_required_and_come_first() -> None:
    both = replace(INSIDE, terms_due=True, email_verified=False)

    assert gates(both) == (TERMS, EMAIL)
    assert scope(both) is SessionScope.GATES


def test_an_offer_that_was_declined_is_none_and_what_is_required_cannot_be() -> None:
    both = replace(INSIDE, terms_due=True, email_verified=False, skipped=frozenset(GateName))

    assert gates(both) == (TERMS,)
    assert scope(both) is SessionScope.GATES


@pytest.mark.proves("UN-4")
def test_without_a_practice_there_are_the_terms_and_no_other_gate() -> None:
    alone = replace(
        INSIDE, enrolled=False, email_verified=False, two_step_offered=True, new_password_due=True
    )

    assert gates(alone) == ()
    assert scope(alone) is SessionScope.SETTINGS
    assert gates(replace(alone, terms_due=True)) == (TERMS,)
    assert scope(replace(alone, terms_due=True)) is SessionScope.GATES


# ---- what is seen of a practice


@pytest.mark.proves("DISC-1")
def test_disclaimers_come_last_and_are_asked_and_not_required() -> None:
    asked = replace(INSIDE, email_verified=False, disclaimers_due=True)

    assert gates(asked) == (EMAIL, DISCLAIMERS)
    assert scope(asked) is SessionScope.FULL


@pytest.mark.proves("DISC-1", "SE-4")
@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (None, AreaState.OPEN),
        (Answer.ACCEPTED, AreaState.OPEN),
        (Answer.DECLINED, AreaState.DISCLAIMER_DECLINED),
        (Answer.UNANSWERED, AreaState.DISCLAIMER_UNANSWERED),
    ],
)
def test_an_answer_is_about_records_and_medications_alone(
    answer: Answer | None, state: AreaState
) -> None:
    seen = areas(replace(PRACTICE, answer=answer), INSIDE)

    assert set(seen) == set(Area)
    for area in Area:
        disclaimed = area in (Area.RECORDS, Area.MEDICATIONS)
        assert seen[area] is (state if disclaimed else AreaState.OPEN)


@pytest.mark.proves("SE-4")
@pytest.mark.parametrize("answer", [None, *Answer])
def test_behind_a_gate_nothing_is_open_and_of_a_former_practice_neither(
    answer: Answer | None,
) -> None:
    asked = replace(PRACTICE, answer=answer)
    former = replace(asked, state=EnrolmentState.UNENROLLED)
    gated = replace(INSIDE, terms_due=True)

    assert set(areas(asked, gated).values()) == {AreaState.GATE}
    for at in (INSIDE, gated):
        assert set(areas(former, at).values()) == {AreaState.UNENROLLED}
