"""A forgotten password, set once by what the practice knows of her (RC-6)."""

from collections.abc import Mapping
from typing import Any

from deploy.client.eventually import eventually
from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage

ADDRESS = "12 Example Street"  # as her record has it


async def validation(stage: Stage, _: Person) -> None:
    """Somebody who has no account e-mail forgets her password, and forgets it again."""
    guest = Person.met_for_the_first_time(stage.randomness)
    with stage.step("Somebody enrols without an e-mail address", "EN-7"):
        _id, token = await acts.enrolment_token(stage, stage.stack.practice, guest)
        proof = {"token": token, "birth_date": guest.birth_date, "last_name": guest.last_name}
        await acts.enrol_by_proof(stage, guest, proof)
    fields = {
        "username": guest.username,
        "birth_date": guest.birth_date,
        "last_name": guest.last_name,
        "first_name": guest.first_name,
        "home_phone": "555-0134",
    }
    with stage.step("She has forgotten her password and says who she is", "RC-6"):

        async def asked() -> Mapping[str, Any]:
            answer = await stage.call("begin_validation", 200, body=fields, source=guest.source)
            stage.insist(ADDRESS in answer.body["addresses"], "her address is not among the four")
            return dict(answer.body)

        # Her records are on their way; a round is one of three.
        question = await eventually(asked, within=2, pause=1)
        stage.tell(f"the addresses: {'; '.join(question['addresses'])}")
        nobody = {**fields, "username": "nobody.at.all"}
        other = await stage.call("begin_validation", 200, body=nobody, source=guest.source)
        stage.tell(f"for a name that is nobody's: {'; '.join(other.body['addresses'])}")
    with stage.step("She picks hers, and sets a password that she logs on with", "RC-6"):
        picked = {
            "challenge": question["challenge"],
            "choice": question["addresses"].index(ADDRESS),
        }
        given = await stage.call("answer_validation", 200, body=picked, source=guest.source)
        guest.password = f"Copper!Lantern-{stage.randomness.digits(4)}"
        reset = {"grant": given.body["grant"], "new_password": guest.password}
        done = await stage.call("reset_password", 200, body=reset, source=guest.source)
        stage.tell(f"the reply: {dict(done.body)}, and no session")
        session = await acts.log_on(stage, guest, guest.username, guest.password)
        [gate, *_more] = session.body["gates"]
        stage.insist(gate["required"], "no account e-mail is required of her")
        stage.tell(f"before anything else: {gate['name']}")
