"""What recovery's verbs refuse."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.contracts.identity import AccountState
from shared.trust.grants import Verb
from tests.builders.people import Person, a_person
from tests.builders.questions import WRONG_ANSWER, chosen
from tests.builders.reset_tokens import Patient, a_patient
from tests.conformance.examples import recovery as examples
from tests.conformance.examples.recovery import RecoveryStage
from tests.conformance.refusals import Elsewhere, Recipe, at, but
from tests.conformance.stage import Example, send
from tests.conformance.verbs import NAMED
from tests.support.trust import ISSUER


async def confirmed_by(stage: RecoveryStage, by: Person | None = None, **said: Any) -> Example:
    example = await examples.set_security_questions(stage)
    person = by or await stage.holder()
    return example.but(reauthenticated=await stage.confirmed(person, **said))


async def for_another_verb(stage: RecoveryStage) -> Example:
    return await confirmed_by(stage, verb=Verb.EMAIL)


async def for_another_service(stage: RecoveryStage) -> Example:
    return await confirmed_by(stage, audience=(f"{ISSUER}/identity",))


async def a_strangers(stage: RecoveryStage) -> Example:
    return await confirmed_by(stage, a_person())


async def of_another_session(stage: RecoveryStage) -> Example:
    other = replace(await stage.holder(), session_id=a_person().session_id)
    example = await examples.set_security_questions(stage)
    return example.but(reauthenticated=await stage.confirmed(other))


async def used(stage: RecoveryStage) -> Example:
    example = await examples.set_security_questions(stage)
    await send(stage, NAMED["set_security_questions"], example)
    return example


async def set_late(stage: RecoveryStage) -> Example:
    """Ten minutes after the log-on, without the password."""
    person = await stage.holder()
    token = await stage.issuer.token(person, since=timedelta(minutes=10))
    return Example(body={"questions": chosen()}, token=token)


async def answered_wrong(stage: RecoveryStage) -> Example:
    example = await examples.answer_security_questions(stage)
    assert example.body is not None
    answers = [{**each, "answer": WRONG_ANSWER} for each in example.body["answers"]]
    return example.but(answers=answers)


async def answered_long_ago(stage: RecoveryStage) -> Example:
    example = await examples.answer_security_questions(stage)
    keyed = replace(example, key="answered-long-ago")
    await send(stage, NAMED["answer_security_questions"], keyed)
    stage.replica.clock.advance(minutes=10)
    return keyed


NOBODY = UUID(int=7)
Happening = Callable[[Patient], Awaitable[None]]


def at_the_desk(verb: Recipe, happen: Happening) -> Recipe:
    """The verb about a patient of the practice's, once something has happened to her."""

    async def made(stage: RecoveryStage) -> Example:
        patient = await a_patient(stage.replica, stage.practice_id)
        example = await verb(stage)
        await happen(patient)
        return example.at(patient_id=patient.patient_id)

    return made


async def nothing(_: Patient) -> None:
    """She has no token."""


async def un_enrolled(patient: Patient) -> None:
    await patient.un_enrolled()


async def frozen(patient: Patient) -> None:
    await patient.changed(state=AccountState.FROZEN, security_version=2)


async def given_ten(patient: Patient) -> None:
    for _ in range(10):
        await patient.is_given()


async def issued_before(stage: RecoveryStage) -> Example:
    example = replace(await examples.issue_reset_token(stage), key="the-same-key")
    await send(stage, NAMED["issue_reset_token"], example)
    return example


ISSUE, VOID = examples.issue_reset_token, examples.void_reset_token
REFUSALS: Mapping[str, Mapping[str, Recipe | Elsewhere]] = {
    "issue_reset_token": {
        "NotFound": at("issue_reset_token", patient_id=NOBODY),
        "PatientNotEnrolled": at_the_desk(ISSUE, un_enrolled),
        "AccountFrozen": at_the_desk(ISSUE, frozen),
        "ResetTokenLimit": at_the_desk(ISSUE, given_ten),
        "AlreadyIssued": issued_before,
    },
    "list_reset_tokens": {"NotFound": at("list_reset_tokens", patient_id=NOBODY)},
    "void_reset_token": {
        "NotFound": at("void_reset_token", patient_id=NOBODY),
        "PatientNotEnrolled": at_the_desk(VOID, un_enrolled),
        "NoLiveResetToken": at_the_desk(VOID, nothing),
    },
    "begin_validation": {"BirthDateImpossible": but("begin_validation", birth_date="1988-02-30")},
    "redeem_reset_token": {
        "ResetTokenInvalid": but("redeem_reset_token", username="nobody.at.all"),
    },
    "remind_username": {
        "PersonIncomplete": but("remind_username", birth_date=None),
        "BirthDateImpossible": but("remind_username", birth_date="02/30/1988"),
    },
    "redeem_reset_link": {"LinkInvalid": but("redeem_reset_link", token="x")},
    "set_security_questions": {
        "QuestionsUnacceptable": but("set_security_questions", questions=chosen()[:4]),
        "ReauthenticationRequired": set_late,
        "GrantInvalid": but("set_security_questions", reauthenticated="x.y.z"),
        "GrantWrongAct": for_another_verb,
        "GrantWrongService": for_another_service,
        "GrantWrongAccount": a_strangers,
        "GrantWrongSession": of_another_session,
        "GrantUsed": used,
    },
    "answer_security_questions": {
        "AnswersRefused": answered_wrong,
        "AnswersOver": answered_long_ago,
    },
    "answer_validation": {
        "ValidationOver": but("answer_validation", challenge="x"),
        "ValidationUnavailable": but("answer_validation", choice=4),
    },
}
