"""What changes an account beside its merges: each prepares, and returns what is done at once."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from deploy.client.answers import Answer
from deploy.tour.acts import AT_THE_DESK
from tests.builders.questions import answered, codes
from tests.race.merges import holdings
from tests.race.merges.racer import Deed, Racer


async def by_link(who: Racer) -> Deed:
    if not who.reset_links:  # a second one within a minute would be mailed to nobody
        await holdings.reset_link(who)
    body = {"token": who.reset_links[-1]}
    return who.resetting(await who.must("redeem_reset_link", 200, body=body))


async def by_practice_token(who: Racer) -> Deed:
    await holdings.slip(who)
    body = {"username": who.person.username, "token": who.slips[-1]}
    return who.resetting(await who.must("redeem_reset_token", 200, body=body))


async def by_questions(who: Racer) -> Deed:
    await who.recovery_knows()
    asked = await who.must("ask_security_questions", 200, body={"name": who.person.username})
    answers = answered(codes(asked.body), who.answers)
    body = {"name": who.person.username, "answers": answers}
    return who.resetting(await who.must("answer_security_questions", 200, body=body))


async def by_validation(who: Racer) -> Deed:
    await holdings.validation(who)
    return who.resetting(await who.must("answer_validation", 200, body=who.challenges.pop()))


async def password(who: Racer) -> Deed:
    access, grant = who.full[-1], await who.proves("password")

    async def changes() -> Answer:
        new = who.new_password()
        body = {"new_password": new, "reauthenticated": grant}
        answer = who.keeps(await who.tries("change_password", token=access, body=body))
        if answer.status == 200:
            who.passwords.append(new)
        return answer

    return changes


async def email(who: Racer) -> Deed:
    if not who.email_links:
        await holdings.email_link(who)
    access, body = who.full[-1], {"token": who.email_links[-1]}
    return lambda: who.tries("verify_email", token=access, body=body)


async def un_enrolment(who: Racer) -> Deed:
    token, path = await who.person.practice.token(), {"patient_id": who.person.patient_id}
    return lambda: who.tries("un_enrol_patient", token=token, path=path, body=AT_THE_DESK)


async def app(who: Racer) -> Deed:
    """The first, or another one in its place."""
    access, body = who.full[-1], {"reauthenticated": await who.proves("two-step")}
    secret = (await who.must("set_up_app", 201, token=access, body=body)).body["secret"]

    async def confirms() -> Answer:
        code = {"code": holdings.code_now(who, secret)}
        answer = await who.tries("confirm_app", token=access, body=code)
        if answer.status == 200:
            who.apps.append(secret)
            who.codes += answer.body["recovery_codes"]
        return answer

    return confirms


async def two_step_off(who: Racer) -> Deed:
    """Proven by password and passkey: neither is enough."""
    access = who.full[-1]
    asked = await who.must("ask_to_reauthenticate", 200, token=access)
    said = {"password": who.passwords[-1], "verb": "two-step-off", **who.signs(asked)}
    grant = (await who.must("reauthenticate", 200, token=access, body=said)).body["grant"]
    body = {"reauthenticated": grant}
    return lambda: who.tries("turn_off_two_step", token=access, body=body)


async def recovery_codes(who: Racer) -> Deed:
    access, body = who.full[-1], {"reauthenticated": await who.proves("recovery-codes")}

    async def makes() -> Answer:
        answer = await who.tries("make_recovery_codes", token=access, body=body)
        if answer.status == 200:
            who.codes[:] = answer.body["recovery_codes"]
        return answer

    return makes


async def passkey(who: Racer) -> Deed:
    access, body = who.full[-1], await holdings.new_passkey(who, "Another phone")
    return lambda: who.tries("make_passkey", token=access, body=body)


async def passkey_removal(who: Racer) -> Deed:
    access = who.full[-1]
    [first, *_] = (await who.must("list_passkeys", 200, token=access)).body["passkeys"]
    path, body = (
        {"passkey_id": first["passkey_id"]},
        {"reauthenticated": await who.proves("passkeys")},
    )
    return lambda: who.tries("remove_passkey", token=access, path=path, body=body)


async def freeze(who: Racer) -> Deed:
    body = {"token": who.not_me[-1], "birth_date": who.person.birth_date}
    return lambda: who.tries("freeze_account", body=body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    prepare: Callable[[Racer], Awaitable[Deed]]
    fits: Callable[[Racer], object]  # whether this one can


def has_mailbox(who: Racer) -> object:
    return who.mailbox


def has_app(who: Racer) -> object:
    return who.apps


def anybody(_: Racer) -> object:
    return True


KINDS: Mapping[str, Change] = {
    "questions": Change(prepare=by_questions, fits=has_mailbox),
    "link": Change(prepare=by_link, fits=has_mailbox),
    "practice token": Change(prepare=by_practice_token, fits=anybody),
    "validation": Change(prepare=by_validation, fits=lambda who: not who.mailbox),
    "password": Change(prepare=password, fits=has_mailbox),
    "e-mail": Change(prepare=email, fits=has_mailbox),
    "un-enrolment": Change(prepare=un_enrolment, fits=anybody),
    "app": Change(prepare=app, fits=has_mailbox),
    "two-step off": Change(prepare=two_step_off, fits=has_app),
    "recovery codes": Change(prepare=recovery_codes, fits=has_app),
    "passkey removal": Change(prepare=passkey_removal, fits=lambda who: who.person.phone.keys),
    "passkey": Change(prepare=passkey, fits=has_mailbox),
    "freeze": Change(prepare=freeze, fits=lambda who: who.not_me),
}
