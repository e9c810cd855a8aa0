"""The ways to a new password, each up to the grant: what is had before, and the proof itself."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from deploy.client.answers import Answer
from deploy.tour.acts import AT_THE_DESK
from tests.builders.questions import answered, codes
from tests.fault.ledger import Mails
from tests.fault.people import Person

STREET, HOME_PHONE = "12 Elm Street, Springfield, IL 62704", "(213) 555-0142"

Prove = Callable[[], Awaitable[Answer]]
Way = Callable[[Person], Awaitable[Prove]]


async def by_link(person: Person) -> Prove:
    """RC-3."""
    await person.comes()
    await person.asks_for_a_link()
    body = {"token": await person.mailed_secret("Set a new")}
    return lambda: once(person, "redeem_reset_link", body)


async def by_questions(person: Person) -> Prove:
    """RC-4."""
    await person.comes()
    await person.sets_questions()
    await asks_for_questions(person)

    async def proven() -> Answer:
        name = {"name": person.username}
        asked = await once(person, "ask_security_questions", name)
        body = {**name, "answers": answered(codes(asked.must(200)))}
        return await once(person, "answer_security_questions", body)

    return proven


async def by_practice_token(person: Person) -> Prove:
    """RC-5."""
    await person.comes()
    await person.ledger.books.settled()
    given = await person.client.insist(
        "issue_reset_token",
        201,
        token=await person.practice.token(),
        path={"patient_id": person.patient_id},
        body={"handed_over": "in-person", **AT_THE_DESK},
    )
    person.ledger.owes(person.account_id, Mails(template="reset-token-issued"))
    body = {"username": person.username, "token": given.body["token"]}
    return lambda: once(person, "redeem_reset_token", body)


async def by_validation(person: Person) -> Prove:
    """RC-6, by somebody without an e-mail of whom her practice has phone and address."""
    await enrols_without_email(person)

    async def proven() -> Answer:
        asked = (await once(person, "begin_validation", said_of(person))).must(200)
        return await once(person, "answer_validation", picked(asked))

    return proven


async def enrols_without_email(person: Person) -> None:
    """Her practice has her phone and address."""
    person.patient_id = await person.practice.register(
        person.mark,
        last_name=person.last_name,
        birth_date=person.birth_date,
        home_phone=HOME_PHONE,
        address=STREET,
    )
    form = {
        "terms_version": "2026-01",
        "token": await person.practice.issue(person.patient_id),
        "last_name": person.last_name,
        "birth_date": person.birth_date,
        "no_email": True,
        "username": person.username,
        "password": person.password,
    }
    enrolled = await person.call("enrol", 201, body=form)
    person.account_id = UUID(enrolled.body["account_id"])
    # Without an address she is told by a notice, and a row says why nothing was mailed.
    person.ledger.owes(person.account_id, Mails(template="account-enrolled", refused=True))


def said_of(person: Person) -> Mapping[str, object]:
    """What validation asks for, all of it right."""
    return {
        "username": person.username,
        "birth_date": person.birth_date,
        "last_name": person.last_name,
        "first_name": "Juniper",
        "home_phone": HOME_PHONE,
    }


def picked(asked: Mapping[str, Any]) -> Mapping[str, object]:
    """The true address of the four."""
    return {"challenge": asked["challenge"], "choice": asked["addresses"].index(STREET)}


async def asks_for_questions(person: Person, yes: bool = True) -> None:
    """Her practice asks for them from now on, or does no more."""
    token, body = await person.practice.token(), {**AT_THE_DESK, "security_questions": yes}
    await person.client.insist("change_practice_settings", 200, token=token, body=body)


async def once(person: Person, verb: str, body: Mapping[str, object]) -> Answer:
    """Ask and take what comes: nothing is asked again."""
    return await person.client.gateway.call(verb, body=body)


WAYS: tuple[Way, ...] = (by_link, by_questions, by_practice_token, by_validation)
