"""What a practice's staff do for who stands before them: look up, correct, waive, read out."""

from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage


async def correction(stage: Stage, person: Person) -> None:
    """A second practice has somebody's date of birth wrong; corrected, it fits her account."""
    guest = Person.met_for_the_first_time(stage.randomness)
    practice, neighbour = stage.stack.practice, stage.stack.neighbour
    token = await acts.client_token(stage, neighbour)
    with stage.step("A practice has her date of birth wrong: it is not added", "EN-5, MG-2"):
        guest.patient_id, hers = await acts.enrolment_token(stage, practice, guest)
        await acts.enrol(stage, guest, hers)
        right, guest.birth_date = guest.birth_date, "1988-07-14"
        record, second = await acts.enrolment_token(stage, neighbour, guest)
        guest.birth_date = right
        said = {"token": second, "name": guest.username, "password": guest.password}
        await stage.refused(
            "add_practice_to_account", 409, "person_mismatch", body=said, source=guest.source
        )
        stage.tell("refused: person_mismatch; the token is still good")
    with stage.step("It finds its record, and corrects it as it was read", "ST-1"):
        sought = {"last_name": guest.last_name.upper(), "birth_date": "1988-07-14"}
        found = await stage.call("find_patients", 200, token=token, body=sought)
        ids = [each["patient_id"] for each in found.body["patients"]]
        stage.insist(record in ids, f"found: {found.body}")
        path = {"patient_id": record}
        read = await stage.call("read_patient", 200, token=token, path=path)
        stage.tell(f"version {read.body['version']}, token until {read.body['token_until']}")
        body = {**acts.AT_THE_DESK, "version": read.body["version"], "birth_date": right}
        await stage.call("correct_patient", 200, token=token, path=path, body=body)
        again = {**body, "birth_date": "1988-07-14"}
        await stage.refused(
            "correct_patient", 409, "patient_changed", token=token, path=path, body=again
        )
        stage.tell("a second correction of the version before: patient_changed")
    with stage.step("The same token adds the practice now", "EN-5"):
        added = await stage.call("add_practice_to_account", 201, body=said, source=guest.source)
        stage.tell(f"added: {added.body['practice_name']}")
    with stage.step("It sees what it has handed out, and what became of it", "ST-1"):
        listed = await stage.call("list_handed_out", 200, token=token, query={"patient_id": record})
        [one] = listed.body["handed_out"]
        stage.insist(one["state"] == "used", f"handed out: {one}")
        stage.tell(f"a {one['kind']}, by {one['staff_id']}: {one['state']}")
    with stage.step("She has no e-mail to require, says the practice", "RC-6, LG-3"):
        body = {**acts.AT_THE_DESK, "waived": True}
        await stage.call("waive_email", 204, token=token, path=path, body=body)
        read = await stage.call("read_patient", 200, token=token, path=path)
        stage.insist(read.body["email_waived"], f"the record: {read.body}")
        stage.tell("the waiver is kept with the account")


async def username_read(stage: Stage, person: Person) -> None:
    """She has forgotten her username and stands at the desk; it is read out, and she is told."""
    with stage.step("A practice reads her username out; she is told", "RC-2b"):
        token = await acts.client_token(stage, stage.stack.practice)
        path = {"patient_id": person.patient_id}
        read = await stage.call("read_username", 200, token=token, path=path, body=acts.AT_THE_DESK)
        stage.insist(read.body["username"] == person.username, "it is not her username")
        mail = await stage.mail(person, "looked up your")
        stage.insist(person.username not in mail.text, "the mail names her username")
        stage.tell("the mail says who looked it up, not what it is")
