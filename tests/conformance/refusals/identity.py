"""What identity's verbs refuse."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from shared.contracts.ids import AccountId
from shared.trust.grants import GrantAct
from shared.trust.grants import Verb as ForVerb
from tests.builders.merges import Registry
from tests.builders.people import Person as Someone
from tests.builders.practices import INVITABLE, add_practice, enrol, practice_desk, proven
from tests.builders.two_step import WRONG_CODE, code_of, set_up
from tests.conformance.examples import identity as examples
from tests.conformance.examples.identity import ADDRESS, BY_STAFF, MARIA, IdentityStage
from tests.conformance.refusals import Elsewhere, Recipe, at, but, passkeys
from tests.conformance.refusals.confirmations import unconfirmed
from tests.conformance.stage import Example, send
from tests.conformance.verbs import NAMED
from tests.rigs.identity import PASSWORD, Person
from tests.rigs.issuer import Issuer
from tests.support.trust import ISSUER

NOBODY = UUID(int=7)
WRONG = "Wrong-Guess-1234"
NEW = "Copper!Lantern-9"
NEVER = Elsewhere(why="a practice and an account that are logged on are never deleted")


# ---- the desk


async def never_enrolled(stage: IdentityStage) -> Example:
    return Example(
        path={"patient_id": await stage.desk.a_patient()},
        body=BY_STAFF,
        token=stage.desk.access_token,
    )


async def unlocked_three_times(stage: IdentityStage) -> Example:
    example = await examples.unlock_account(stage)
    for unlocking in range(4):
        for _ in range(4):
            await stage.replica.log_on(MARIA, WRONG)
        if unlocking < 3:
            await stage.desk.unlock(str(example.path["patient_id"]))
    return example


async def corrected_before(stage: IdentityStage) -> Example:
    example = await examples.correct_patient(stage)
    await send(stage, NAMED["correct_patient"], example)
    return example.but(last_name="Perez")


async def corrected_to_be_born_tomorrow(stage: IdentityStage) -> Example:
    tomorrow = (stage.replica.clock.now() + timedelta(days=2)).date().isoformat()
    return (await examples.correct_patient(stage)).but(birth_date=tomorrow)


async def settings_changed_before(stage: IdentityStage) -> Example:
    await stage.desk.change_settings(reset_link_minutes=45)
    return (await examples.change_practice_settings(stage)).but(version=1)


async def chart_that_is_somebody_elses(stage: IdentityStage) -> Example:
    example = await examples.settle_duplicate_chart(stage)
    return example.but(given_up=[await stage.desk.a_patient()])


async def chart_settled_before(stage: IdentityStage) -> Example:
    example = await examples.settle_duplicate_chart(stage)
    assert example.body is not None
    await stage.desk.settle(kept=[*example.body["given_up"], *example.body["kept"]])
    return example


async def chart_of_which_the_kept_one_is_un_enrolled(stage: IdentityStage) -> Example:
    example = await examples.settle_duplicate_chart(stage)
    assert example.body is not None
    await stage.desk.un_enrol(example.body["kept"][0])
    return example


async def chart_named_twice(stage: IdentityStage) -> Example:
    example = await examples.settle_duplicate_chart(stage)
    assert example.body is not None
    return example.but(given_up=example.body["kept"])


async def waiver_of_who_never_enrolled(stage: IdentityStage) -> Example:
    return (await never_enrolled(stage)).but(waived=True)


async def voided_before(stage: IdentityStage) -> Example:
    example = await examples.void_handed_out(stage)
    await send(stage, NAMED["void_handed_out"], example)
    return example


async def token_for_who_has_an_account(stage: IdentityStage) -> Example:
    return (await examples.unlock_account(stage)).but(handed_over="in-person")


async def issued_already(stage: IdentityStage) -> Example:
    example = await examples.issue_enrolment_token(stage)
    patient_id = str(example.path["patient_id"])
    await stage.desk.issue(patient_id, key="a-key-of-mine")
    return replace(example, key="a-key-of-mine")


async def made_already(stage: IdentityStage) -> Example:
    example = await examples.make_temporary_credentials(stage)
    await stage.desk.temporary(str(example.path["patient_id"]), key="a-key-of-mine")
    return replace(example, key="a-key-of-mine")


def invited_with(**patient: str) -> Recipe:
    """An invitation of a record that says no more than this."""

    async def made(stage: IdentityStage) -> Example:
        patient_id = await stage.desk.a_patient(**patient)
        return (await examples.invite_patient(stage)).at(patient_id=patient_id)

    return made


async def number_taken(stage: IdentityStage) -> Example:
    await stage.desk.register(number="P-1")
    return (await examples.register_patient(stage)).but(number="P-1")


async def rotated_before(stage: IdentityStage) -> Example:
    """The secret of an overlap gets tokens, and rotates nothing."""
    example = await examples.rotate_own_secret(stage)
    await send(stage, NAMED["rotate_own_secret"], example)
    return example


# ---- enrolment and log-on


async def name_taken(stage: IdentityStage) -> Example:
    await stage.replica.an_account(MARIA)
    return await examples.enrol(stage)


async def practice_added_already(stage: IdentityStage) -> Example:
    example = await examples.add_practice_to_account(stage)
    assert example.body is not None
    await add_practice(stage.replica, example.body["token"])
    return example


async def record_of_somebody_else(stage: IdentityStage) -> Example:
    example = await examples.add_practice_to_account(stage)
    elm = await practice_desk(stage.replica)
    return example.but(token=await elm.a_token(last_name="Thorne"))


async def no_terms_yet(stage: IdentityStage) -> Example:
    await stage.replica.rows("TRUNCATE terms")
    return Example()


async def terms_accepted_before(stage: IdentityStage) -> Example:
    """By somebody who enrolled with them."""
    example = await examples.answer_terms(stage)
    return replace(example, token=await stage.session()).but(accepted=False)


async def absorbed(stage: IdentityStage) -> Person:
    """Somebody whose account became another one."""
    desks = (stage.desk, await practice_desk(stage.replica))
    registry = Registry(identity=stage.replica, desks=desks)
    _, gone = await registry.merged()
    return gone


async def practice_for_a_merged_account(stage: IdentityStage) -> Example:
    gone = await absorbed(stage)
    elm = await practice_desk(stage.replica)
    return Example(body={"token": await elm.a_token(), "name": gone.username, "password": PASSWORD})


async def log_on_to_a_merged_account(stage: IdentityStage) -> Example:
    return Example(body={"name": (await absorbed(stage)).username, "password": PASSWORD})


# ---- grants for a new password


def reset_with(**said: object) -> Recipe:
    """A reset by a grant of recovery's that says this."""

    async def made(stage: IdentityStage) -> Example:
        person = await stage.replica.an_account()
        if "account_id" in said:
            person = replace(person, id=AccountId(NOBODY))
        grant = await stage.recovery.grant(
            person,
            audience=str(said.get("audience", "identity")),
            security_version=int(str(said.get("security_version", 1))),
        )
        return Example(body={"grant": grant, "new_password": NEW})

    return made


async def reset_with_a_reauthentication(stage: IdentityStage) -> Example:
    grant = await stage.proof(await stage.session(), "merge")
    return Example(body={"grant": grant, "new_password": NEW})


async def reset_by_validation_with_an_email(stage: IdentityStage) -> Example:
    person = await stage.replica.an_account(email=ADDRESS)
    grant = await stage.recovery.grant(person, route="validation")
    return Example(body={"grant": grant, "new_password": NEW})


async def reset_done(stage: IdentityStage) -> Example:
    example = await examples.reset_password(stage)
    assert example.body is not None
    await stage.replica.reset(example.body["grant"], example.body["new_password"])
    return example


async def reset_tried_five_times(stage: IdentityStage) -> Example:
    example = await examples.reset_password(stage)
    assert example.body is not None
    for _ in range(5):
        await stage.replica.reset(example.body["grant"], PASSWORD)  # it was the one before
    return example


# ---- the account e-mail


async def email_there_already(stage: IdentityStage) -> Example:
    person = await stage.replica.an_account(email=ADDRESS)
    return Example(body={"address": ADDRESS}, token=await stage.opened(person.username))


async def claims_one_too_long(stage: IdentityStage) -> Example:
    """For a username, which her account e-mail may be."""
    person = await stage.replica.an_account(email=ADDRESS)
    token = await stage.opened(person.username)
    grant = await stage.proof(token, "email")
    body = {"address": f"{'m' * 50}@mail.example", "reauthenticated": grant}
    return Example(body=body, token=token)


async def address_too_long_for_a_username(stage: IdentityStage) -> Example:
    example = await claims_one_too_long(stage)
    await take_username(stage, example, ADDRESS)
    return example


async def username_became_the_address_meanwhile(stage: IdentityStage) -> Example:
    example = await claims_one_too_long(stage)
    await send(stage, NAMED["claim_email"], example)
    await take_username(stage, example, ADDRESS)
    *_, link = await stage.postman.tokens("email-verification-requested")
    return Example(body={"token": link}, token=example.token)


async def take_username(stage: IdentityStage, example: Example, username: str) -> None:
    """Take it in the example's session."""
    assert example.token is not None
    body = {"username": username, "reauthenticated": await stage.proof(example.token, "username")}
    await stage.replica.call("PUT", "/account/username", body, token=example.token)


async def long_after_log_on(stage: IdentityStage) -> Example:
    opened = await stage.replica.log_on((await stage.replica.an_account()).username)
    stage.replica.clock.advance(minutes=10)
    token = (await stage.replica.refresh(opened.body["refresh_token"])).body["access_token"]
    return Example(body={"address": ADDRESS}, token=token)


async def mailed_five_times(stage: IdentityStage) -> Example:
    example = await examples.claim_email(stage)
    for _ in range(5):
        await stage.replica.call("POST", "/account/email", example.body, token=example.token)
    return example


async def name_of_somebody_else(stage: IdentityStage) -> Example:
    await stage.replica.an_account(MARIA)
    return (await examples.change_username(stage)).but(username=MARIA)


async def changed_five_times(stage: IdentityStage) -> Example:
    example = await examples.change_username(stage)
    for number in range(5):
        await take_username(stage, example, f"maria.{number}")
    return example


async def judged_too_often(stage: IdentityStage) -> Example:
    example = await examples.check_new_password(stage)
    for _ in range(40):
        await send(stage, NAMED["check_new_password"], example)
    return example


async def refused_ten_times(stage: IdentityStage) -> Example:
    example = await examples.change_password(stage)
    for _ in range(10):
        await send(stage, NAMED["change_password"], example.but(new_password=PASSWORD))
    return example


async def verified_by_another_meanwhile(stage: IdentityStage) -> Example:
    """Two claim one address, and the other one's link is used first."""
    person, other = await stage.replica.an_account(), await stage.replica.an_account()
    tokens = [await stage.opened(one.username) for one in (person, other)]
    for token in tokens:
        await stage.replica.call("POST", "/account/email", {"address": ADDRESS}, token=token)
    mine, others = await stage.postman.tokens("email-verification-requested")
    await stage.replica.call("POST", "/account/email/verify", {"token": others}, token=tokens[1])
    return Example(body={"token": mine}, token=tokens[0])


# ---- confirmations (SE-3)


# ---- proofs


async def own_account_as_the_other(stage: IdentityStage) -> Example:
    person = await stage.replica.an_account()
    return Example(
        body={"name": person.username, "password": PASSWORD},
        token=await stage.opened(person.username),
    )


async def merged_account_as_the_other(stage: IdentityStage) -> Example:
    gone = await absorbed(stage)
    return Example(body={"name": gone.username, "password": PASSWORD}, token=await stage.session())


async def born_tomorrow(stage: IdentityStage) -> Example:
    day = (stage.replica.clock.now() + timedelta(days=2)).date()
    return (await examples.register_patient(stage)).but(birth_date=day.isoformat())


async def authenticated_twice(stage: IdentityStage) -> Example:
    return replace(
        await examples.obtain_client_token(stage), headers={"Authorization": "Basic eDp5"}
    )


async def own_practice_added_already(stage: IdentityStage) -> Example:
    example = await examples.add_practice(stage)
    assert example.body is not None
    await add_practice(stage.replica, example.body["token"])
    token = await stage.opened(MARIA)
    return example.but(reauthenticated=await stage.proof(token, "practice")).by(token)


async def own_record_of_somebody_else(stage: IdentityStage) -> Example:
    example = await examples.add_practice(stage)
    elm = await practice_desk(stage.replica)
    return example.but(token=await elm.a_token(last_name="Thorne"))


async def own_practice_for_a_child(stage: IdentityStage) -> Example:
    body = (await practice_for_a_child(stage)).body
    assert body is not None
    token = await stage.opened(MARIA)
    said = {"token": body["token"], "reauthenticated": await stage.proof(token, "practice")}
    return Example(body=said, token=token)


async def another_practice_by_the_same_proof(stage: IdentityStage) -> Example:
    """In the same session, whose tokens a practice that was added has renewed."""
    await stage.desk.enrolled()
    opened = (await stage.replica.log_on(MARIA)).body
    proof = await stage.proof(opened["access_token"], "practice")
    tokens = [await (await practice_desk(stage.replica)).a_token() for _ in range(2)]
    said = {"token": tokens[0], "reauthenticated": proof}
    await stage.replica.call("POST", "/account/practices", said, token=opened["access_token"])
    renewed = (await stage.replica.refresh(opened["refresh_token"])).body["access_token"]
    return Example(body={**said, "token": tokens[1]}, token=renewed)


async def by_an_older_invitation(stage: IdentityStage) -> Example:
    grant = await of_an_older_invitation(stage)
    return (await examples.add_practice(stage)).but(token=None, grant=grant)


# ---- grants of enrolment

TYPED = {"token": None, "birth_date": None, "last_name": None}


def with_enrolment_grant(verb: Recipe, grant: Callable[[IdentityStage], Awaitable[str]]) -> Recipe:
    """The verb's example, with this grant in the token's place."""

    async def made(stage: IdentityStage) -> Example:
        return (await verb(stage)).but(**TYPED, grant=await grant(stage))

    return made


async def none_of_ours(_: IdentityStage) -> str:
    return "x.y.z"


async def for_another_act(stage: IdentityStage) -> str:
    return await stage.proof(await stage.session(), "username")


async def to_another_service(stage: IdentityStage) -> str:
    issuer = Issuer(trust=stage.replica.trust, clock=stage.replica.clock)
    return await issuer.grant(
        Someone(account_id=AccountId(NOBODY)),
        act=GrantAct.ENROLMENT,
        minutes=5,
        audience=(f"{ISSUER}/merge",),
    )


async def of_an_older_invitation(stage: IdentityStage) -> str:
    patient_id = await stage.desk.a_patient(**INVITABLE)
    await stage.desk.invite(patient_id)
    invitation = (await stage.postman.invitations())[-1]
    answer = await proven(stage.replica, {"invitation": invitation, "number": "P-1"})
    await stage.desk.invite(patient_id)
    return str(answer.body["grant"])


async def of_older_credentials(stage: IdentityStage) -> str:
    patient_id = await stage.desk.a_patient()
    made = (await stage.desk.temporary(patient_id)).body
    said = {"username": made["username"], "password": made["password"]}
    answer = await proven(stage.replica, said)
    await stage.desk.temporary(patient_id)
    return str(answer.body["grant"])


def without_a_good_grant(verb: Recipe) -> Mapping[str, Recipe]:
    """What brings about each refusal of an enrolment's grant."""
    return {
        "InvitationInvalid": with_enrolment_grant(verb, of_an_older_invitation),
        "GrantInvalid": with_enrolment_grant(verb, none_of_ours),
        "GrantWrongAct": with_enrolment_grant(verb, for_another_act),
        "GrantWrongService": with_enrolment_grant(verb, to_another_service),
    }


def of_a_child(verb: Recipe) -> Recipe:
    """With the token of somebody who is seventeen until tomorrow."""

    async def made(stage: IdentityStage) -> Example:
        tomorrow = (stage.replica.clock.now() + timedelta(days=1)).date()
        born = tomorrow.replace(year=tomorrow.year - 18).isoformat()
        token = await stage.desk.a_token(birth_date=born)
        return (await verb(stage)).but(token=token, birth_date=born)

    return made


async def practice_for_a_child(stage: IdentityStage) -> Example:
    """Of the second practice, which lets nobody have an account who is not yet eighteen."""
    await stage.desk.change_settings(own_account_age=13)
    born = {"birth_date": "2015-03-05"}
    token = (await stage.desk.issue(await stage.desk.a_patient(**born))).body["token"]
    assert (await enrol(stage.replica, token, **born)).status == 201
    elm = await practice_desk(stage.replica)
    token = await elm.a_token(**born)
    return Example(body={"token": token, "name": MARIA, "password": PASSWORD})


async def token_void_after_five_tries(stage: IdentityStage) -> Example:
    example = await examples.enrol(stage)
    assert example.body is not None
    for _ in range(5):
        await enrol(stage.replica, example.body["token"], last_name="Thorne")
    return example


async def approved_before(stage: IdentityStage) -> Example:
    example = await examples.approve_enrolment_request(stage)
    await stage.desk.reject(str(example.path["request_id"]))
    return example


async def rejected_after_a_month(stage: IdentityStage) -> Example:
    example = await examples.reject_enrolment_request(stage)
    stage.replica.clock.advance(days=30)
    return replace(example, token=(await stage.desk.renewed()).access_token)


async def approved_under_a_number_that_is_taken(stage: IdentityStage) -> Example:
    await stage.desk.a_patient(number="P-9")
    return (await examples.approve_enrolment_request(stage)).but(patient_id=None, number="P-9")


async def approved_for_who_is_enrolled(stage: IdentityStage) -> Example:
    patient_id = await stage.desk.enrolled()
    return (await examples.approve_enrolment_request(stage)).but(patient_id=patient_id)


async def approved_for_who_can_prove_nothing(stage: IdentityStage) -> Example:
    patient_id = await stage.desk.a_patient(home_phone=None, number=None)
    return (await examples.approve_enrolment_request(stage)).but(patient_id=patient_id)


# ---- two-step


async def another_app_long_after_log_on(stage: IdentityStage) -> Example:
    return replace(await long_after_log_on(stage), body={})


async def app_of_nobody(stage: IdentityStage) -> Example:
    return Example(body={"code": "123456"}, token=await stage.session())


async def turned_off_before(stage: IdentityStage, verb: str) -> Example:
    token = await stage.session()
    return Example(body={"reauthenticated": await stage.proof(token, verb)}, token=token)


async def codes_without_two_step(stage: IdentityStage) -> Example:
    return await turned_off_before(stage, ForVerb.RECOVERY_CODES)


async def mode_without_two_step(stage: IdentityStage) -> Example:
    example = await turned_off_before(stage, ForVerb.TWO_STEP)
    return example.but(mode="new-devices")


async def off_without_two_step(stage: IdentityStage) -> Example:
    return await turned_off_before(stage, ForVerb.TWO_STEP_OFF)


async def codes_made_five_times(stage: IdentityStage) -> Example:
    """Once with the app, and four times since."""
    person = await stage.two_stepper()
    for _ in range(4):
        made = {"reauthenticated": await stage.proof(person.token, ForVerb.RECOVERY_CODES)}
        answer = await stage.replica.call(
            "POST", "/account/two-step/recovery-codes", made, token=person.token
        )
        stage.codes[person.token] = answer.body["recovery_codes"]
    grant = await stage.proof(person.token, ForVerb.RECOVERY_CODES)
    return Example(body={"reauthenticated": grant}, token=person.token)


async def app_after_codes_made_five_times(stage: IdentityStage) -> Example:
    token = (await codes_made_five_times(stage)).token
    assert token is not None
    off = {"reauthenticated": await stage.proof(token, ForVerb.TWO_STEP_OFF)}
    await stage.replica.call("POST", "/account/two-step/off", off, token=token)
    secret = (await set_up(stage.replica, token)).body["secret"]
    return Example(body={"code": code_of(secret, stage.replica.clock.now())}, token=token)


async def fifth_wrong_code(stage: IdentityStage) -> Example:
    example = (await examples.take_second_step(stage)).but(code=WRONG_CODE)
    for _ in range(4):
        await send(stage, NAMED["take_second_step"], example)
    return example


async def fifth_wrong_code_beside_a_password(stage: IdentityStage) -> Example:
    example = await fifth_wrong_code(stage)
    said = {"password": PASSWORD, "verb": "merge", "code": WRONG_CODE}
    return Example(body=said, token=example.token)


async def second_step_in_a_full_session(stage: IdentityStage) -> Example:
    return Example(body={"code": "123456"}, token=await stage.session())


async def password_without_a_code(stage: IdentityStage) -> Example:
    return (await examples.reauthenticate(stage)).by((await stage.two_stepper()).token)


async def password_with_a_wrong_code(stage: IdentityStage) -> Example:
    return (await password_without_a_code(stage)).but(code=WRONG_CODE)


async def other_account_without_its_code(stage: IdentityStage) -> Example:
    token = (await stage.two_stepper()).token
    return (await other_account_before_ones_own(stage)).by(token)


async def other_account_before_ones_own(stage: IdentityStage) -> Example:
    said = {"name": (await stage.two_stepper()).person.username, "password": PASSWORD}
    return Example(body=said, token=await stage.session())


async def other_account_with_a_wrong_code(stage: IdentityStage) -> Example:
    return (await other_account_without_its_code(stage)).but(code=WRONG_CODE)


async def practice_without_a_code(stage: IdentityStage) -> Example:
    example = await examples.add_practice_to_account(stage)
    return example.but(name=(await stage.two_stepper()).person.username)


async def practice_with_a_wrong_code(stage: IdentityStage) -> Example:
    return (await practice_without_a_code(stage)).but(code=WRONG_CODE)


unknown = {"patient_id": NOBODY}


async def receipt_that(stage: IdentityStage, **said: Any) -> Example:
    person = await stage.replica.an_account()
    receipt = await stage.recovery.receipt(person, **said)
    return Example(body={"receipt": receipt}, token=await stage.opened(person.username))


async def receipt_of_another_act(stage: IdentityStage) -> Example:
    return await receipt_that(stage, act=GrantAct.PASSWORD_SET)


async def receipt_for_another_service(stage: IdentityStage) -> Example:
    return await receipt_that(stage, audience="merge")


async def receipt_of_another_account(stage: IdentityStage) -> Example:
    return replace(await examples.hear_questions(stage), token=await stage.session())


REFUSALS: Mapping[str, Mapping[str, Recipe | Elsewhere]] = {
    "unlock_account": {
        "NotFound": at("unlock_account", **unknown),
        "PatientNotEnrolled": never_enrolled,
        "UnlockLimit": unlocked_three_times,
    },
    "read_patient": {"NotFound": at("read_patient", **unknown)},
    "correct_patient": {
        "NotFound": at("correct_patient", **unknown),
        "PatientChanged": corrected_before,
        "BirthDateImpossible": but("correct_patient", birth_date="1984-02-30"),
        "BirthDateInFuture": corrected_to_be_born_tomorrow,
        "NameIncomparable": but("correct_patient", last_name="-"),
    },
    "read_username": {
        "NotFound": at("read_username", **unknown),
        "PatientNotEnrolled": never_enrolled,
    },
    "waive_email": {
        "NotFound": at("waive_email", **unknown),
        "PatientNotEnrolled": waiver_of_who_never_enrolled,
    },
    "un_enrol_patient": {
        "NotFound": at("un_enrol_patient", **unknown),
        "PatientNotEnrolled": never_enrolled,
    },
    "reactivate_patient": {
        "NotFound": at("reactivate_patient", **unknown),
        "PatientNotEnrolled": never_enrolled,
        "PatientEnrolled": examples.unlock_account,
    },
    "settle_duplicate_chart": {
        "NotFound": but("settle_duplicate_chart", given_up=[str(NOBODY)]),
        "ChartNamedTwice": chart_named_twice,
        "ChartsNotDuplicate": chart_that_is_somebody_elses,
        "ChartsSettled": chart_settled_before,
        "KeptChartUnenrolled": chart_of_which_the_kept_one_is_un_enrolled,
    },
    "issue_enrolment_token": {
        "NotFound": at("issue_enrolment_token", **unknown),
        "PatientEnrolled": token_for_who_has_an_account,
        "AlreadyIssued": issued_already,
    },
    "request_enrolment": {
        "RequestsNotTaken": but("request_enrolment", practice_id=str(NOBODY)),
        "NameIncomparable": but("request_enrolment", last_name="-"),
        "BirthDateImpossible": but("request_enrolment", birth_date="1984-02-30"),
        "BirthDateInFuture": but("request_enrolment", birth_date="2199-01-01"),
        "EmailMalformed": but("request_enrolment", email="maria"),
        "LocaleNotOffered": but("request_enrolment", locale="tlh"),
    },
    "read_enrolment_request": {"NotFound": at("read_enrolment_request", request_id=NOBODY)},
    "approve_enrolment_request": {
        "NotFound": at("approve_enrolment_request", request_id=NOBODY),
        "RequestNotPending": approved_before,
        "ContactUnknown": but("approve_enrolment_request", mail_to=2),
        "PatientNumberTaken": approved_under_a_number_that_is_taken,
        "PatientEnrolled": approved_for_who_is_enrolled,
        "PatientWithoutProof": approved_for_who_can_prove_nothing,
    },
    "reject_enrolment_request": {
        "NotFound": at("reject_enrolment_request", request_id=NOBODY),
        "RequestNotPending": rejected_after_a_month,
    },
    "invite_patient": {
        "NotFound": at("invite_patient", **unknown),
        "PatientEnrolled": examples.unlock_account,
        "PatientWithoutEmail": invited_with(number="P-2"),
        "PatientWithoutProof": invited_with(email=ADDRESS),
    },
    "make_temporary_credentials": {
        "NotFound": at("make_temporary_credentials", **unknown),
        "PatientEnrolled": examples.unlock_account,
        "AlreadyIssued": made_already,
    },
    "void_handed_out": {
        "NotFound": at("void_handed_out", **unknown),
        "NothingLive": voided_before,
    },
    "prove_enrolment": {
        "TokenInvalid": but("prove_enrolment", birth_date="1984-05-04"),
        "InvitationInvalid": but("prove_enrolment", **TYPED, invitation="x", number="P-1"),
        "TemporaryCredentialInvalid": but(
            "prove_enrolment", **TYPED, username="ABCD-EFGH-JKMN", password=WRONG
        ),
        "AgeNotAllowed": of_a_child(examples.prove_enrolment),
        "BirthDateImpossible": but("prove_enrolment", birth_date="1984-02-30"),
    },
    "enrol": {
        **without_a_good_grant(examples.enrol),
        "TemporaryCredentialInvalid": with_enrolment_grant(examples.enrol, of_older_credentials),
        "AgeNotAllowed": of_a_child(examples.enrol),
        "TermsRequired": but("enrol", terms_version="1999-01"),
        "TokenInvalid": token_void_after_five_tries,
        "UsernameTooShort": but("enrol", username="mary"),
        "UsernameTooLong": but("enrol", username="m" * 51),
        "UsernameHasWhitespace": but("enrol", username="maria garcia"),
        "UsernameNotPrintable": but("enrol", username="maria\u202egarcia"),
        "UsernameIsAnAddress": but("enrol", username="maria@mail.example"),
        "UsernameTaken": name_taken,
        "PasswordUnacceptable": but("enrol", password="short"),
        "EmailMalformed": but("enrol", email="no address", no_email=False),
        "BirthDateImpossible": but("enrol", birth_date="1984-02-30"),
    },
    "add_practice_to_account": {
        **without_a_good_grant(examples.add_practice_to_account),
        "AgeNotAllowed": practice_for_a_child,
        "InvalidCredentials": but("add_practice_to_account", password=WRONG),
        "AccountMerged": practice_for_a_merged_account,
        "CodeRequired": practice_without_a_code,
        "SecondStepFailed": practice_with_a_wrong_code,
        "TokenInvalid": but("add_practice_to_account", token="ABCD-EFGH-JKMN-PQRS"),
        "AlreadyEnrolled": practice_added_already,
        "PersonMismatch": record_of_somebody_else,
    },
    "read_terms": {"NotFound": no_terms_yet},
    "answer_terms": {
        "TermsRequired": but("answer_terms", version="2026-01"),
        "TermsDeclined": but("answer_terms", accepted=False),
        "GateClosed": terms_accepted_before,
    },
    "answer_disclaimer": {
        "NotFound": at("answer_disclaimer", practice_id=NOBODY),
        "DisclaimerChanged": but("answer_disclaimer", version=7),
    },
    "publish_disclaimer": {"NotFound": NEVER},
    "hear_questions": {
        "GrantInvalid": but("hear_questions", receipt="x.y.z"),
        "GrantWrongAct": receipt_of_another_act,
        "GrantWrongService": receipt_for_another_service,
        "GrantWrongAccount": receipt_of_another_account,
    },
    "skip_gate": {"GateNotOffered": at("skip_gate", gate="terms")},
    "add_practice": {
        "TokenInvalid": but("add_practice", token="ABCD-EFGH-JKMN-PQRS"),
        "InvitationInvalid": by_an_older_invitation,
        "AgeNotAllowed": own_practice_for_a_child,
        "AlreadyEnrolled": own_practice_added_already,
        "PersonMismatch": own_record_of_somebody_else,
        **unconfirmed(ForVerb.PRACTICE, examples.add_practice),
        "GrantUsed": another_practice_by_the_same_proof,
    },
    "log_on": {
        "InvalidCredentials": but("log_on", password=WRONG),
        "AccountMerged": log_on_to_a_merged_account,
    },
    "reset_password": {
        "GrantInvalid": but("reset_password", grant="x.y.z"),
        "GrantWrongAct": reset_with_a_reauthentication,
        "GrantWrongService": reset_with(audience="merge"),
        "GrantWrongAccount": reset_with(account_id=NOBODY),
        "GrantUsed": reset_done,
        "GrantSuperseded": reset_with(security_version=0),
        "GrantExhausted": reset_tried_five_times,
        "PasswordUnacceptable": but("reset_password", new_password="short"),
        "ValidationUnavailable": reset_by_validation_with_an_email,
    },
    "change_username": {
        "UsernameTooShort": but("change_username", username="maria"),
        "UsernameTooLong": but("change_username", username="m" * 51),
        "UsernameHasWhitespace": but("change_username", username="maria lopez"),
        "UsernameNotPrintable": but("change_username", username="maria\u200blopez"),
        "UsernameIsAnAddress": but("change_username", username=ADDRESS),
        "UsernameTaken": name_of_somebody_else,
        "TooManyUsernames": changed_five_times,
        **unconfirmed(ForVerb.USERNAME, examples.change_username, username="maria.perez"),
    },
    "check_new_password": {"TooManyPasswords": judged_too_often},
    "change_password": {
        "PasswordUnacceptable": but("change_password", new_password=PASSWORD),
        "TooManyPasswords": refused_ten_times,
        **unconfirmed(ForVerb.PASSWORD, examples.change_password),
        "GrantUsed": Elsewhere(why="the session that the grant is bound to ends with its use"),
    },
    "set_up_app": {
        "ReauthenticationRequired": another_app_long_after_log_on,
        **unconfirmed(ForVerb.TWO_STEP, examples.set_up_app),
    },
    "confirm_app": {
        "CodeWrong": but("confirm_app", code="no code"),
        "SetUpOver": app_of_nobody,
        "TooManyCodeSets": app_after_codes_made_five_times,
    },
    "make_recovery_codes": {
        "TwoStepOff": codes_without_two_step,
        "TooManyCodeSets": codes_made_five_times,
        **unconfirmed(ForVerb.RECOVERY_CODES, examples.make_recovery_codes),
    },
    "change_two_step_mode": {
        "TwoStepOff": mode_without_two_step,
        **unconfirmed(ForVerb.TWO_STEP, examples.change_two_step_mode),
    },
    "rename_device": {"NotFound": at("rename_device", device_id=NOBODY)},
    "revoke_device": {"NotFound": at("revoke_device", device_id=NOBODY)},
    "turn_off_two_step": {
        "TwoStepOff": off_without_two_step,
        **unconfirmed(ForVerb.TWO_STEP_OFF, examples.turn_off_two_step),
        "GrantUsed": Elsewhere(why="its use changes the credentials: it is told as superseded"),
    },
    **passkeys.REFUSALS,
    "take_second_step": {
        **passkeys.ANSWERS["take_second_step"],
        "SecondStepFailed": but("take_second_step", code=WRONG_CODE),
        "SecondStepOver": fifth_wrong_code,
        "GateClosed": second_step_in_a_full_session,
    },
    "thaw_account": {
        "NotFound": at("thaw_account", **unknown),
        "PatientNotEnrolled": never_enrolled,
        "AccountNotFrozen": examples.unlock_account,
    },
    "freeze_account": {
        "NotMeLinkInvalid": but("freeze_account", birth_date="1984-05-04"),
        "BirthDateImpossible": but("freeze_account", birth_date="1984-02-30"),
    },
    "check_password": {"BirthDateImpossible": but("check_password", birth_date="1984-02-30")},
    "find_patients": {"BirthDateImpossible": but("find_patients", birth_date="1984-02-30")},
    "reset_two_step": {
        "NotFound": at("reset_two_step", **unknown),
        "PatientNotEnrolled": never_enrolled,
        "TwoStepOff": examples.unlock_account,
    },
    "change_locale": {
        "LocaleNotOffered": but("change_locale", locale="de"),
        "TimeZoneUnknown": but("change_locale", time_zone="Mars/Olympus"),
    },
    "claim_email": {
        "EmailMalformed": but("claim_email", address="no address"),
        "EmailVerified": email_there_already,
        "AddressNoUsername": address_too_long_for_a_username,
        "ReauthenticationRequired": long_after_log_on,
        "TooManyMails": mailed_five_times,
        **unconfirmed(ForVerb.EMAIL, examples.claim_email),
    },
    "verify_email": {
        "LinkInvalid": but("verify_email", token="x"),
        "EmailUnavailable": verified_by_another_meanwhile,
        "AddressNoUsername": username_became_the_address_meanwhile,
    },
    "reauthenticate": {
        "ReauthenticationFailed": but("reauthenticate", password=WRONG),
        "CodeRequired": password_without_a_code,
        "SecondStepFailed": password_with_a_wrong_code,
        "SecondStepOver": fifth_wrong_code_beside_a_password,
        "PasswordUnacceptable": Elsewhere(
            why="only under the policy nist, tests/integration/identity/test_passwords_alone.py"
        ),
        **passkeys.ANSWERS["reauthenticate"],
    },
    "prove_ownership": {
        **passkeys.ANSWERS["prove_ownership"],
        "MergeProofFailed": but("prove_ownership", password=WRONG),
        "MergeSameAccount": own_account_as_the_other,
        "MergeNeedsTwoStep": other_account_before_ones_own,
        "AccountMerged": merged_account_as_the_other,
        "CodeRequired": other_account_without_its_code,
        "SecondStepFailed": other_account_with_a_wrong_code,
    },
    "refresh_session": {"RefreshInvalid": but("refresh_session", refresh_token="x")},
    "end_session": {"NotFound": at("end_session", session_id=NOBODY)},
    "register_patient": {
        "PatientNumberTaken": number_taken,
        "BirthDateImpossible": but("register_patient", birth_date="1984-02-30"),
        "BirthDateInFuture": born_tomorrow,
        "NameIncomparable": but("register_patient", last_name="-"),
    },
    "read_own_client": {"NotFound": NEVER},
    "rotate_own_secret": {"ClientSecretWrong": rotated_before},
    "revoke_own_client": {"ClientSecretWrong": but("revoke_own_client", client_secret="another")},
    "read_practice_settings": {"NotFound": NEVER},
    "change_practice_settings": {
        "NotFound": NEVER,
        "SettingOutOfRange": but("change_practice_settings", reset_link_minutes=5),
        "SettingsChanged": settings_changed_before,
    },
    "obtain_client_token": {
        "InvalidClient": but("obtain_client_token", client_secret="wrong"),
        "InvalidScope": but("obtain_client_token", scope="everything"),
        "GrantTypeUnsupported": but("obtain_client_token", grant_type="password"),
        "InvalidTarget": but("obtain_client_token", resource="nowhere"),
        "TwoAuthentications": authenticated_twice,
    },
    "read_account": {"NotFound": NEVER},
}
