"""The other ways in: an invitation, a temporary username and password, a practice added."""

from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage


async def invitation(stage: Stage, person: Person) -> None:
    """Somebody is invited by mail, and adds a second practice to her account later."""
    guest = Person.met_for_the_first_time(stage.randomness)
    practice, neighbour = stage.stack.practice, stage.stack.neighbour
    with stage.step("A practice invites a patient by mail", "EN-3"):
        patient_id = await acts.reachable_record(stage, practice, guest)
        token = await acts.client_token(stage, practice)
        path = {"patient_id": patient_id}
        await stage.call("invite_patient", 201, token=token, path=path, body=acts.AT_THE_DESK)
        link = acts.secret_of(await stage.mail(guest, "An invitation"))
    with stage.step("She proves it by home phone and date of birth, and enrols", "EN-3, EN-7"):
        proof = {"invitation": link, "birth_date": guest.birth_date, "home_phone": "555 0134"}
        wrong = {**proof, "home_phone": "555 0199"}
        await stage.refused(
            "prove_enrolment", 422, "invitation_invalid", body=wrong, source=guest.source
        )
        stage.tell("another phone: invitation_invalid")
        await acts.enrol_by_proof(stage, guest, proof)
        await stage.refused(
            "prove_enrolment", 422, "invitation_invalid", body=proof, source=guest.source
        )
        stage.tell("the link a second time: invitation_invalid")
    with stage.step("She adds a second practice in her session", "EN-5, SE-3"):
        second = (await acts.enrolment_token(stage, neighbour, guest))[1]
        session = await acts.log_on(stage, guest, guest.username, guest.password)
        bearer = session.body["access_token"]
        again = {"password": guest.password, "verb": "practice"}
        confirmed = await stage.call("reauthenticate", 200, token=bearer, body=again)
        said = {"token": second, "reauthenticated": confirmed.body["grant"]}
        added = await stage.call("add_practice", 201, token=bearer, body=said)
        stage.tell(f"added: {added.body['practice_name']}")


async def bulk(stage: Stage, person: Person) -> None:
    """A practice submits its patients together, twice."""
    with stage.step("A practice submits a list of patients, and submits it again", "EN-6"):
        token = await acts.client_token(stage, stage.stack.practice)
        named = {"last_name": "Hale", "first_name": "June", "birth_date": "1988-04-17"}
        rows = [{**named, "number": f"{person.username}-{place}"} for place in range(20)]
        rows[7]["birth_date"] = "1988-02-30"
        said = {**acts.AT_THE_DESK, "patients": rows}
        for word in ("registered", "unchanged"):
            answer = await stage.call("register_patients", 200, token=token, body=said)
            results = [one["result"] for one in answer.body["results"]]
            stage.insist(
                results.count(word) == 19 and results[7] == "row_invalid",
                f"19 {word} and the eighth invalid, not {results}",
            )
            stage.tell(f"19 {word}, the eighth has no such date")


async def temporary_credentials(stage: Stage, person: Person) -> None:
    """Somebody gets a temporary username and password, which are good for one thing."""
    guest = Person.met_for_the_first_time(stage.randomness)
    practice = stage.stack.practice
    with stage.step("A practice hands out a temporary username and password", "EN-2"):
        patient_id = await acts.reachable_record(stage, practice, guest)
        token = await acts.client_token(stage, practice)
        made = await stage.call(
            "make_temporary_credentials",
            201,
            token=token,
            path={"patient_id": patient_id},
            body=acts.AT_THE_DESK,
        )
        username, password = made.body["username"], made.body["password"]
        await acts.log_on(stage, guest, username, password, 401)
        stage.tell("at the log-on: invalid_credentials, as any name that nobody has")
    with stage.step("With them she chooses her own, once", "EN-2, ID-1"):
        pair = {"username": username, "password": password}
        await acts.enrol_by_proof(stage, guest, pair)
        await acts.log_on(stage, guest, guest.username, guest.password)
        await stage.refused(
            "prove_enrolment", 422, "temporary_credential_invalid", body=pair, source=guest.source
        )
        stage.tell("a second time: temporary_credential_invalid")
