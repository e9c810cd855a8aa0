"""Guesses that miss, each for a cause of its own that no reply may tell.

Within a group the replies are alike to the letter: else a name, an address or a token that exists
could be told from one that does not.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.identity.practices.store import clients
from shared.contracts.identity import AccountState
from shared.contracts.ids import AccountId
from tests.builders import events
from tests.builders.practices import (
    INVITABLE,
    application,
    enrol,
    granted,
    practice_desk,
    prove,
    proven,
    with_grant,
)
from tests.builders.questions import WRONG_ANSWER
from tests.builders.reset_tokens import Patient, a_patient
from tests.builders.two_step import WRONG_CODE
from tests.conformance.examples import identity, notify, recovery
from tests.conformance.examples.identity import MARIA, IdentityStage
from tests.conformance.examples.notify import NotifyStage
from tests.conformance.examples.recovery import RecoveryStage
from tests.conformance.refusals import Recipe, but
from tests.conformance.refusals import identity as refused
from tests.conformance.refusals.recovery import answered_wrong
from tests.conformance.stage import Example, send
from tests.conformance.verbs import NAMED
from tests.rigs.identity import PASSWORD
from tests.rigs.recovery import EMAIL, LinkMail, a_merge, an_account

WRONG = "Wrong-Guess-1234"
NOBODYS = "ABCD-EFGH-JKMN-PQRS"
Group = Sequence[Recipe]


def after(verb: Recipe, happen: Callable[[Any, Example], Awaitable[None]]) -> Recipe:
    """The verb's example, once something has happened."""

    async def made(stage: Any) -> Example:
        example = await verb(stage)
        await happen(stage, example)
        return example

    return made


# ---- enrolment


async def used(stage: IdentityStage, example: Example) -> None:
    assert example.body is not None
    await enrol(stage.replica, example.body["token"], username=stage.replica.a_username())


async def typed_wrong_five_times(stage: IdentityStage, example: Example) -> None:
    assert example.body is not None
    for _ in range(5):
        await enrol(stage.replica, example.body["token"], last_name="Thorne")


async def expired_token(stage: IdentityStage) -> Example:
    example = await identity.enrol(stage)
    stage.replica.clock.advance(days=91)
    return example


async def superseded(stage: IdentityStage) -> Example:
    patient_id = await stage.desk.a_patient()
    older, _ = [(await stage.desk.issue(patient_id)).body["token"] for _ in range(2)]
    return Example(body=application(older))


async def of_a_record_that_has_an_account(stage: IdentityStage) -> Example:
    """It got that account in another way: the token is live."""
    patient_id = await stage.desk.a_patient()
    token = (await stage.desk.issue(patient_id)).body["token"]
    person = await stage.replica.an_account()
    await stage.replica.rows(
        "INSERT INTO enrolments VALUES ($1, $2, 'enrolled', $3)",
        patient_id,
        person.id,
        stage.replica.clock.now(),
    )
    return Example(body=application(token))


def proven_with(dead: Recipe) -> Recipe:
    """What is dead, brought to be proven."""

    async def made(stage: IdentityStage) -> Example:
        example = await dead(stage)
        assert example.body is not None
        said = ("token", "birth_date", "last_name")
        return Example(body={name: example.body[name] for name in said})

    return made


def by_grant(happen: Callable[[IdentityStage, str, str], Awaitable[None]]) -> Recipe:
    """With a grant that was got before its token came to an end."""

    async def made(stage: IdentityStage) -> Example:
        patient_id = await stage.desk.a_patient()
        token = (await stage.desk.issue(patient_id)).body["token"]
        grant = await granted(stage.replica, token)
        await happen(stage, patient_id, token)
        return Example(body=with_grant(grant))

    return made


async def issued_anew(stage: IdentityStage, patient_id: str, token: str) -> None:
    await stage.desk.issue(patient_id)


async def enrolled_by_it(stage: IdentityStage, patient_id: str, token: str) -> None:
    await enrol(stage.replica, token, username=stage.replica.a_username())


async def voided(stage: IdentityStage, patient_id: str, token: str) -> None:
    for _ in range(5):
        await prove(stage.replica, token, last_name="Thorne")


async def swept(stage: IdentityStage, patient_id: str, token: str) -> None:
    await stage.replica.rows("DELETE FROM one_time_secrets WHERE owner = $1", patient_id)


# ---- temporary credentials and invitations


def no_pair(password: str) -> Recipe:
    """A live temporary username with another password."""

    async def made(stage: IdentityStage) -> Example:
        return Example(body={**await stage.desk.a_temporary_pair(), "password": password})

    return made


async def no_such_username(stage: IdentityStage) -> Example:
    return Example(body={**await stage.desk.a_temporary_pair(), "username": "ABCD-EFGH-JKMN"})


def pair_with(happen: Callable[[IdentityStage, str, dict[str, str]], Awaitable[None]]) -> Recipe:
    """A right pair that has come to an end."""

    async def made(stage: IdentityStage) -> Example:
        patient_id = await stage.desk.a_patient()
        answer = (await stage.desk.temporary(patient_id)).body
        pair = {"username": answer["username"], "password": answer["password"]}
        await happen(stage, patient_id, pair)
        return Example(body=pair)

    return made


async def wrong_five_times(stage: IdentityStage, patient_id: str, pair: dict[str, str]) -> None:
    for _ in range(5):
        await proven(stage.replica, {**pair, "password": WRONG})


async def made_anew(stage: IdentityStage, patient_id: str, _: dict[str, str]) -> None:
    await stage.desk.temporary(patient_id)


async def enrolled_by_the_pair(stage: IdentityStage, _: str, pair: dict[str, str]) -> None:
    await enrolled_with(stage, pair)


async def enrolled_with(stage: IdentityStage, said: Mapping[str, str]) -> None:
    grant = (await proven(stage.replica, said)).body["grant"]
    form = with_grant(grant, username=stage.replica.a_username())
    assert (await stage.replica.call("POST", "/enrolments", form)).status == 201


async def long_ago(stage: IdentityStage, _: str, pair: dict[str, str]) -> None:
    stage.replica.clock.advance(hours=72)


def invited_as(**said: str) -> Recipe:
    """A live invitation with this beside it, or instead of it; what is empty is left out."""

    async def made(stage: IdentityStage) -> Example:
        number = stage.replica.a_username()
        invitation = await stage.postman.invitation(stage.desk, number=number)
        body = {"invitation": invitation, "number": number, **said}
        return Example(body={name: value for name, value in body.items() if value})

    return made


def invited_then(happen: Callable[[IdentityStage, str, dict[str, str]], Awaitable[None]]) -> Recipe:
    """An invitation that has come to an end, with what is right beside it."""

    async def made(stage: IdentityStage) -> Example:
        number = stage.replica.a_username()
        patient_id = await stage.desk.a_patient(**{**INVITABLE, "number": number})
        await stage.desk.invite(patient_id)
        invitation = str((await stage.postman.invitations())[-1])
        said = {"invitation": invitation, "number": number}
        await happen(stage, patient_id, said)
        return Example(body=said)

    return made


async def invited_anew(stage: IdentityStage, patient_id: str, _: dict[str, str]) -> None:
    await stage.desk.invite(patient_id)


async def said_wrong_five_times(
    stage: IdentityStage, patient_id: str, said: dict[str, str]
) -> None:
    for _ in range(5):
        await proven(stage.replica, {**said, "number": "nobody's"})


async def enrolled_by_invitation(stage: IdentityStage, _: str, said: dict[str, str]) -> None:
    await enrolled_with(stage, said)


async def after_two_weeks(stage: IdentityStage, _: str, said: dict[str, str]) -> None:
    stage.replica.clock.advance(days=14)


def added_with_what_is_dead(dead: Recipe) -> Recipe:
    """With her right password, and a token that enrols nobody."""

    async def made(stage: IdentityStage) -> Example:
        example = await dead(stage)
        assert example.body is not None
        person = await stage.replica.an_account()
        said = {"name": person.username, "password": PASSWORD}
        return Example(body={"token": example.body["token"], **said})

    return made


def added_in_a_session_with(dead: Recipe) -> Recipe:
    """The same in a session of hers, re-authenticated."""

    async def made(stage: IdentityStage) -> Example:
        example = await dead(stage)
        assert example.body is not None
        token = await stage.session()
        said = {"reauthenticated": await stage.proof(token, "practice")}
        return Example(body={"token": example.body["token"], **said}, token=token)

    return made


async def added_with(stage: IdentityStage, **said: str) -> Example:
    """A new practice's live token, and this of name and password."""
    elm = await practice_desk(stage.replica)
    return Example(body={"token": await elm.a_token(), "name": MARIA, "password": PASSWORD, **said})


async def added_by_nobody(stage: IdentityStage) -> Example:
    return await added_with(stage, name="nobody.at.all")


async def added_with_a_wrong_password(stage: IdentityStage) -> Example:
    await stage.desk.enrolled()
    return await added_with(stage, password=WRONG)


async def added_with_a_wrong_password_and_no_token(stage: IdentityStage) -> Example:
    return await added_with(stage, password=WRONG, token=NOBODYS)


async def added_while_locked(stage: IdentityStage) -> Example:
    example = await added_with(stage)
    await locked(stage, example)
    return example


# ---- passwords


async def nobodys_name(stage: IdentityStage) -> Example:
    return Example(body={"name": "nobody.at.all", "password": PASSWORD})


async def locked(stage: IdentityStage, example: Example) -> None:
    assert example.body is not None
    for _ in range(4):
        await stage.replica.log_on(example.body["name"], WRONG)


async def frozen(stage: IdentityStage, example: Example) -> None:
    assert example.body is not None
    [account] = await stage.replica.rows(
        "SELECT id FROM accounts WHERE username = $1", example.body["name"]
    )
    await stage.replica.freeze(account["id"])


async def code_while_locked(stage: IdentityStage) -> Example:
    """A good one, after ten that were not."""
    person = await stage.two_stepper()
    for _ in range(2):
        half = await person.log_on()
        for _ in range(5):
            await person.step(half["access_token"], WRONG_CODE)
    half = await person.log_on()
    return Example(body={"code": person.codes[0]}, token=half["access_token"])


async def proof_of_a_locked_account(stage: IdentityStage) -> Example:
    example = await identity.prove_ownership(stage)
    await locked(stage, example)
    return example


async def proof_of_ones_own(stage: IdentityStage) -> Example:
    return (await refused.own_account_as_the_other(stage)).but(password=WRONG)


async def proof_of_a_merged_account(stage: IdentityStage) -> Example:
    return (await refused.merged_account_as_the_other(stage)).but(password=WRONG)


async def again_while_locked(stage: IdentityStage) -> Example:
    person = await stage.replica.an_account()
    token = await stage.opened(person.username)
    for _ in range(4):
        await stage.replica.log_on(person.username, WRONG)
    return Example(body={"password": PASSWORD, "verb": "merge"}, token=token)


# ---- sessions and links


async def over(stage: IdentityStage) -> Example:
    opened = (await stage.replica.log_on((await stage.replica.an_account()).username)).body
    path = f"/sessions/{opened['session_id']}"
    await stage.replica.call("DELETE", path, token=opened["access_token"])
    return Example(body={"refresh_token": opened["refresh_token"]})


async def reused(stage: IdentityStage) -> Example:
    example = await identity.refresh_session(stage)
    assert example.body is not None
    await stage.replica.refresh(example.body["refresh_token"])
    stage.replica.clock.advance(seconds=30)
    return example


async def idle(stage: IdentityStage) -> Example:
    example = await identity.refresh_session(stage)
    stage.replica.clock.advance(minutes=15)
    return example


async def verified(stage: IdentityStage, example: Example) -> None:
    path = "/account/email/verify"
    await stage.replica.call("POST", path, example.body, token=example.token)


async def frozen_by_it(stage: IdentityStage, example: Example) -> None:
    await stage.replica.call("POST", "/freezes", example.body)


async def dated_wrong_three_times(stage: IdentityStage, example: Example) -> None:
    for _ in range(3):
        await stage.replica.call("POST", "/freezes", example.but(birth_date="1984-05-04").body)


async def three_days_passed(stage: IdentityStage, example: Example) -> None:
    stage.replica.clock.advance(hours=72)


async def anothers_link(stage: IdentityStage) -> Example:
    example = await identity.verify_email(stage)
    return replace(example, token=await stage.session())


async def address_verified(stage: NotifyStage, example: Example) -> None:
    path = "/notification-addresses/verify"
    await stage.replica.call("POST", path, example.body, token=example.token)


async def anothers_address_link(stage: NotifyStage) -> Example:
    example = await notify.verify_notification_address(stage)
    return replace(example, token=await stage.session())


async def said_of_a_record_of_anothers(stage: NotifyStage) -> Example:
    """By the link in a mail of before."""
    example = await notify.unsubscribe(stage)
    enrolment = events.enrolment(stage.practice_id, stage.patient_id)
    await stage.replica.know(events.account(events.new_account(), enrolment))
    return example


async def said_with_another_tag(stage: NotifyStage) -> Example:
    """Of the same delivery: who has its return path has no link."""
    example = await notify.unsubscribe(stage)
    sending = stage.replica.features.sending
    assert example.body is not None
    delivery_id = sending.unsubscribe_links.find(example.body["token"])
    assert delivery_id is not None
    return example.but(token=sending.return_paths.tags[0].write(delivery_id))


def said_of_no_link(token: str) -> Recipe:
    async def made(_: RecoveryStage) -> Example:
        return Example(body={"token": token})

    return made


async def answered_before(stage: RecoveryStage, example: Example) -> None:
    """Right, and another pair is asked since."""
    verb = NAMED["answer_security_questions"]
    assert (await send(stage, verb, example)).status == 200


async def locked_by_three(stage: RecoveryStage, example: Example) -> None:
    wrong = [{**each, "answer": WRONG_ANSWER} for each in (example.body or {})["answers"]]
    for _ in range(3):
        await send(stage, NAMED["answer_security_questions"], example.but(answers=wrong))


async def frozen_meanwhile(stage: RecoveryStage, _: Example) -> None:
    holder = await stage.holder()
    await stage.replica.knows(
        an_account(account_id=holder.account_id, state=AccountState.FROZEN, frozen_in=99)
    )


async def link_of(stage: RecoveryStage, name: str) -> tuple[AccountId, LinkMail]:
    """The link of an account of its own, for each gets few."""
    account_id = await stage.replica.knows(an_account(username=name, email=f"{name}@mail.example"))
    return account_id, await stage.replica.asks_and_is_mailed(name)


async def link_spent(stage: RecoveryStage) -> Example:
    """The password was set with it."""
    account_id, mail = await link_of(stage, "pat.hale")
    [row] = await stage.replica.rows("SELECT id FROM one_time_secrets WHERE owner = $1", account_id)
    await stage.replica.password_was_reset(account_id, str(row["id"]))
    return Example(body={"token": mail.token})


async def link_superseded(stage: RecoveryStage) -> Example:
    _, mail = await link_of(stage, "ann.hale")
    stage.replica.clock.advance(minutes=1)
    await stage.replica.asks_and_is_mailed("ann.hale")
    return Example(body={"token": mail.token})


async def link_expired(stage: RecoveryStage) -> Example:
    _, mail = await link_of(stage, "june.hale")
    stage.replica.clock.advance(hours=25)
    return Example(body={"token": mail.token})


# ---- validation


async def answer_to_wrong_fields(stage: RecoveryStage) -> Example:
    return await answer_to(stage, (await recovery.begin_validation(stage)).but(last_name="Pine"))


async def answer_of_nobody(stage: RecoveryStage) -> Example:
    begun = await recovery.begin_validation(stage)
    return await answer_to(stage, begun.but(username="nobody.at.all"))


async def answer_to(stage: RecoveryStage, begun: Example) -> Example:
    """The first of the addresses, of which none is right."""
    question = await stage.replica.call("POST", "/resets/validations", begun.body)
    return Example(body={"challenge": question.body["challenge"], "choice": 0})


async def answer_after_a_wrong_one(stage: RecoveryStage) -> Example:
    begun = await recovery.begin_validation(stage)
    wrong, right = [await recovery.answers(stage, begun) for _ in range(2)]
    await given(stage, wrong.but(choice=4))
    return right


async def answer_past_three_rounds(stage: RecoveryStage) -> Example:
    begun = await recovery.begin_validation(stage)
    for _ in range(3):
        await recovery.answers(stage, begun)
    return await answer_to(stage, begun)


async def answer_where_it_is_shut(stage: RecoveryStage) -> Example:
    """An account e-mail was verified meanwhile."""
    begun = await recovery.begin_validation(stage)
    right = await recovery.answers(stage, begun)
    name = (begun.body or {})["username"]
    [row] = await stage.replica.rows("SELECT account_id FROM accounts WHERE username = $1", name)
    await stage.replica.knows(
        an_account(account_id=row["account_id"], username=name, email=f"{name}@mail.example")
    )
    return right


async def answer_that_is_too_late(stage: RecoveryStage) -> Example:
    right = await recovery.answer_validation(stage)
    stage.replica.clock.advance(minutes=15)
    return right


async def answer_given_otherwise_before(stage: RecoveryStage) -> Example:
    right = await recovery.answer_validation(stage)
    await given(stage, right)
    return right.but(choice=4)


async def given(stage: RecoveryStage, answer: Example) -> None:
    await stage.replica.call("POST", "/resets/validations/answer", answer.body)


# ---- the practice's token


def token_of(happen: Callable[[Patient], Awaitable[None]]) -> Recipe:
    """The right token of somebody to whom something has happened since."""

    async def made(stage: RecoveryStage) -> Example:
        patient = await a_patient(stage.replica, stage.practice_id)
        issued = await patient.is_given()
        await happen(patient)
        return Example(body={"username": patient.username, "token": issued.token})

    return made


def wrong_token(times: int) -> Recipe:
    """A wrong one, after so many wrong ones; the right one comes after five."""

    async def made(stage: RecoveryStage) -> Example:
        example = await recovery.redeem_reset_token(stage)
        assert example.body is not None
        wrong = example.but(token=f"{(int(example.body['token']) + 1) % 10**8:08}")
        for _ in range(times):
            await send(stage, NAMED["redeem_reset_token"], wrong)
        return wrong if times < 5 else example

    return made


async def given_none(stage: RecoveryStage) -> Example:
    patient = await a_patient(stage.replica, stage.practice_id)
    return Example(body={"username": patient.username, "token": "01234567"})


async def is_frozen(patient: Patient) -> None:
    await patient.changed(state=AccountState.FROZEN, security_version=2)


async def is_absorbed(patient: Patient) -> None:
    into = await a_patient(patient.recovery)
    await patient.recovery.merged(a_merge(patient.account_id, into=into.account_id))


async def set_a_password(patient: Patient) -> None:
    [row] = await patient.recovery.rows(
        "SELECT id FROM one_time_secrets WHERE owner = $1", patient.account_id
    )
    await patient.recovery.password_was_reset(patient.account_id, str(row["id"]))


async def changed_her_password(patient: Patient) -> None:
    await patient.changed(security_version=2)


async def is_un_enrolled(patient: Patient) -> None:
    await patient.un_enrolled()


async def is_given_another(patient: Patient) -> None:
    await patient.is_given()


async def voids_it(patient: Patient) -> None:
    await patient.voids()


async def waits_a_day(patient: Patient) -> None:
    patient.recovery.clock.advance(hours=24)


# ---- clients


async def revoked(stage: IdentityStage) -> Example:
    example = await identity.obtain_client_token(stage)
    async with stage.replica.plumbing.database.transaction() as tx:
        await clients.revoke(tx, stage.desk.client[0], now=stage.replica.clock.now())
    return example


DEAD: Group = (
    but("enrol", token=NOBODYS),
    but("enrol", token="no token"),
    superseded,
    of_a_record_that_has_an_account,
    after(identity.enrol, used),
    after(identity.enrol, typed_wrong_five_times),
    expired_token,  # the last: time passes for the practice's access token as well
)

MISSES: Mapping[str, Sequence[Group]] = {
    "enrol": (
        (
            but("enrol", last_name="Thorne"),
            but("enrol", birth_date="1984-05-04"),
            *map(by_grant, (issued_anew, enrolled_by_it, voided, swept)),
            *DEAD,
        ),
    ),
    "prove_enrolment": (
        (
            *map(no_pair, (WRONG, "", "ABCD-EFGH-JKMN-PQRS")),
            no_such_username,
            pair_with(wrong_five_times),
            pair_with(made_anew),
            pair_with(enrolled_by_the_pair),
            pair_with(long_ago),
        ),
        (
            invited_as(number="P-2"),
            invited_as(number="", birth_date="1984-05-03", home_phone="+1 555 0124"),
            invited_as(number="", birth_date="1984-05-04", home_phone="+1 555 0123"),
            invited_as(invitation="x"),
            invited_then(invited_anew),
            invited_then(said_wrong_five_times),
            invited_then(enrolled_by_invitation),
            invited_then(after_two_weeks),
        ),
        (
            but("prove_enrolment", last_name="Thorne"),
            but("prove_enrolment", birth_date="1984-05-04"),
            *map(proven_with, DEAD),
        ),
    ),
    "add_practice_to_account": (
        (
            added_by_nobody,
            added_with_a_wrong_password,
            added_with_a_wrong_password_and_no_token,
            added_while_locked,
        ),
        tuple(map(added_with_what_is_dead, DEAD)),
    ),
    "add_practice": (tuple(map(added_in_a_session_with, DEAD[:-1])),),
    "log_on": (
        (
            nobodys_name,
            but("log_on", password=WRONG),
            after(identity.log_on, locked),
            after(but("log_on", password=WRONG), locked),
            after(identity.log_on, frozen),
            after(but("log_on", password=WRONG), frozen),
        ),
    ),
    "verify_email": (
        (but("verify_email", token="x"), anothers_link, after(identity.verify_email, verified)),
    ),
    "freeze_account": (
        (
            but("freeze_account", token="x"),
            but("freeze_account", birth_date="1984-05-04"),
            after(identity.freeze_account, frozen_by_it),
            after(identity.freeze_account, dated_wrong_three_times),
            after(identity.freeze_account, three_days_passed),  # the last: time went on
        ),
    ),
    "verify_notification_address": (
        (
            but("verify_notification_address", token="x"),
            anothers_address_link,
            after(notify.verify_notification_address, address_verified),
        ),
    ),
    "take_text_receipt": (
        (
            but("take_text_receipt", MessageStatus="failed"),
            but("take_text_receipt", MessageStatus="sent"),
        ),
    ),
    "take_text_answer": (
        (but("take_text_answer", Body="START"), but("take_text_answer", From="+12135550148")),
    ),
    "preview_unsubscription": (
        (
            but("preview_unsubscription", token="x"),
            said_with_another_tag,
            said_of_a_record_of_anothers,  # the last: it stays so
        ),
    ),
    "unsubscribe": (
        (
            but("unsubscribe", token="x"),
            said_with_another_tag,
            said_of_a_record_of_anothers,  # the last: it stays so
        ),
    ),
    "reauthenticate": ((but("reauthenticate", password=WRONG), again_while_locked),),
    "take_second_step": (
        (
            code_while_locked,
            but("take_second_step", code=WRONG_CODE),
            but("take_second_step", code="no code"),
        ),
    ),
    "prove_ownership": (
        (
            but("prove_ownership", name="nobody.at.all"),
            but("prove_ownership", password=WRONG),
            proof_of_a_locked_account,
            proof_of_ones_own,
            proof_of_a_merged_account,
            after(identity.prove_ownership, frozen),
        ),
    ),
    "refresh_session": ((but("refresh_session", refresh_token="x"), over, reused, idle),),
    "obtain_client_token": (
        (
            but("obtain_client_token", client_id="nobody"),
            but("obtain_client_token", client_id="00000000-0000-0000-0000-000000000007"),
            but("obtain_client_token", client_secret="wrong"),
            revoked,
        ),
    ),
    "answer_validation": (
        (
            but("answer_validation", choice=4),
            answer_to_wrong_fields,
            answer_of_nobody,
            answer_after_a_wrong_one,
            answer_past_three_rounds,
            answer_where_it_is_shut,
        ),
        (
            but("answer_validation", challenge="x"),
            answer_that_is_too_late,
            answer_given_otherwise_before,
        ),
    ),
    "redeem_reset_token": (
        (
            but("redeem_reset_token", username="nobody.at.all"),
            but("redeem_reset_token", token="no token"),
            given_none,
            *map(wrong_token, (0, 4, 5)),
            token_of(is_frozen),
            token_of(is_absorbed),
            token_of(set_a_password),
            token_of(changed_her_password),
            token_of(is_un_enrolled),
            token_of(is_given_another),
            token_of(voids_it),
            token_of(waits_a_day),
        ),
    ),
    "answer_security_questions": (
        (
            but("answer_security_questions", name="nobody.at.all"),
            but("answer_security_questions", name=EMAIL),
            answered_wrong,
            after(recovery.answer_security_questions, answered_before),
            after(recovery.answer_security_questions, locked_by_three),
            after(recovery.answer_security_questions, frozen_meanwhile),
        ),
    ),
    "redeem_reset_link": (
        (
            but("redeem_reset_link", token="x"),
            *(said_of_no_link(token) for token in ("", "\u00e9")),
            link_superseded,
            link_spent,
            link_expired,
        ),
    ),
}

SIGNED = "it takes what only we can have signed, and tells of nobody whom that does not name"
NOTHING_TO_GUESS: Mapping[str, str] = {
    "reset_password": SIGNED,
    "request_merge": SIGNED,
    "log_on_by_passkey": SIGNED,
}


# ---- accepted first


async def claimed_as_anothers(stage: IdentityStage) -> Example:
    await stage.replica.an_account(email="taken@mail.example")
    return (await identity.claim_email(stage)).but(address="taken@mail.example")


async def asked_by_a_patient(stage: IdentityStage) -> Example:
    """Somebody who is enrolled there already."""
    await stage.desk.enrolled()
    return await identity.request_enrolment(stage)


#: hit and miss of a verb that always answers alike
ACCEPTED: Mapping[str, tuple[Recipe, Recipe]] = {
    "remind_username": (recovery.remind_username, but("remind_username", email="no@mail.example")),
    "request_reset_link": (
        recovery.request_reset_link,
        but("request_reset_link", name="nobody.at.all"),
    ),
    "begin_validation": (
        recovery.begin_validation,
        but("begin_validation", username="nobody.at.all"),
    ),
    "request_enrolment": (
        asked_by_a_patient,
        but("request_enrolment", last_name="Nobody", email="nobody@mail.example"),
    ),
    "claim_email": (identity.claim_email, claimed_as_anothers),
}
