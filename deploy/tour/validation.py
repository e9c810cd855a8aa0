"""A forgotten password, set once by what the practice knows of her (RC-6)."""

from typing import Any

from deploy.client.eventually import eventually
from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage


async def validation(stage: Stage, _: Person) -> None:
    """Somebody who has no account e-mail forgets her password."""
    with stage.step("Somebody enrols without an e-mail address", "EN-7"):
        guest = await who_has_no_email(stage)
    with stage.step("She has forgotten her password, says who she is, picks her address", "RC-6"):
        nobody = {**fields(guest), "username": "nobody.at.all"}
        other = await stage.call("begin_validation", 200, body=nobody, source=guest.source)
        stage.tell(f"for a name that is nobody's: {'; '.join(other.body['addresses'])}")
        grant = await validated(stage, guest)
    with stage.step("She sets a password, and logs on with it", "RC-6, LG-3"):
        await set_password(stage, guest, grant)
        session = await acts.log_on(stage, guest, guest.username, guest.password)
        [gate, *_more] = session.body["gates"]
        stage.insist(gate["required"], "no account e-mail is required of her")
        stage.tell(f"before anything else: {gate['name']}")


async def who_has_no_email(stage: Stage) -> Person:
    """Enrol somebody new, of whom her practice has phone and address."""
    guest = Person.met_for_the_first_time(stage.randomness)
    _, token = await acts.enrolment_token(stage, stage.stack.practice, guest)
    proof = {"token": token, "birth_date": guest.birth_date, "last_name": guest.last_name}
    await acts.enrol_by_proof(stage, guest, proof)
    return guest


async def validated(stage: Stage, guest: Person) -> str:
    """Say who she is and pick her address; return the grant."""

    async def asked() -> dict[str, Any]:
        answer = await stage.call("begin_validation", 200, body=fields(guest), source=guest.source)
        stage.insist(guest.street in answer.body["addresses"], "her address is not among the four")
        return dict(answer.body)

    # What recovery knows of her may be on its way; each time is one of three rounds.
    question = await eventually(asked, within=2, pause=1)
    stage.tell(f"the addresses: {'; '.join(question['addresses'])}")
    choice = question["addresses"].index(guest.street)
    picked = {"challenge": question["challenge"], "choice": choice}
    given = await stage.call("answer_validation", 200, body=picked, source=guest.source)
    return str(given.body["grant"])


async def set_password(stage: Stage, guest: Person, grant: str) -> None:
    """Set another password with it; no session begins."""
    guest.password = f"Copper!Lantern-{stage.randomness.digits(4)}"
    reset = {"grant": grant, "new_password": guest.password}
    done = await stage.call("reset_password", 200, body=reset, source=guest.source)
    stage.insist(done.body == {"ends": "log-on"}, f"a session came of it: {done.body}")
    stage.tell("the password is set, and no session begins")


def fields(guest: Person) -> dict[str, str]:
    """Who she is."""
    return {
        "username": guest.username,
        "birth_date": guest.birth_date,
        "last_name": guest.last_name,
        "first_name": guest.first_name,
        "home_phone": guest.home_phone.replace(" ", "-"),  # her record has a country code as well
    }
