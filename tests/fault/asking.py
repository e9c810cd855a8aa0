"""Somebody asks a practice to be enrolled, while services die (EN-4)."""

from deploy.tour.acts import AT_THE_DESK
from tests.fault.books import Books
from tests.fault.people import Person


async def may_ask(person: Person) -> None:
    """Her practice takes requests."""
    await person.client.insist(
        "change_practice_settings",
        200,
        token=await person.practice.token(),
        body={**AT_THE_DESK, "takes_requests": True},
    )


async def asks(person: Person) -> None:
    """However often she has to, it is one request; each time may be a mail."""
    own = await person.client.insist("read_own_client", 200, token=await person.practice.token())
    body = {
        "practice_id": own.body["practice_id"],
        "last_name": person.last_name,
        "first_name": person.mark,
        "birth_date": person.birth_date,
        "home_phone": "555 0134",
        "address": "1 Elm Street",
        "email": person.address,
        "locale": "en-US",
    }
    await person.call("request_enrolment", 202, body=body)

    async def is_one_and_mailed(books: Books) -> None:
        await the_request(person)
        states = await mailed(books, person, "enrolment-request-submitted")
        assert states, "no mail was filed"
        assert set(states) <= {"sent", "unknown"}, states

    person.ledger.promised(f"{person.address} has asked", is_one_and_mailed)


async def has_asked(person: Person) -> None:
    await may_ask(person)
    await asks(person)


async def is_approved(person: Person) -> None:
    """Once: who comes again, since the reply was lost, hears that it is not pending."""
    await is_decided(person, "approve", mail_to=1)


async def is_rejected(person: Person) -> None:
    await is_decided(person, "reject")


async def is_decided(person: Person, verb: str, **said: int) -> None:
    request_id = await the_request(person)
    answer = await person.client.insist(
        f"{verb}_enrolment_request",
        200 if verb == "approve" else 204,
        409,
        token=await person.practice.token(),
        path={"request_id": request_id},
        body={**AT_THE_DESK, **said},
    )
    assert answer.status != 409 or answer.code == "request_not_pending", answer.body
    state = {"approve": "approved", "reject": "rejected"}[verb]

    async def is_told_once(books: Books) -> None:
        [row] = await books.rows(
            "SELECT state FROM identity.enrolment_requests WHERE id = $1", request_id
        )
        assert row["state"] == state
        states = await mailed(books, person, f"enrolment-request-{state}")
        assert states in (["sent"], ["unknown"]), states

    person.ledger.promised(f"{person.address} is {state}", is_told_once)


async def the_request(person: Person) -> object:
    """The id of her one request."""
    return await person.ledger.books.value(
        "SELECT id FROM identity.enrolment_requests WHERE first_name = $1", person.mark
    )


async def mailed(books: Books, person: Person, template: str) -> list[str]:
    """What became of the mails of this kind to her address."""
    rows = await books.rows(
        "SELECT state FROM notify.deliveries WHERE address = $1 AND template = $2",
        person.address,
        template,
    )
    return [row["state"] for row in rows]
