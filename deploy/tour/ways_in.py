"""The other ways in: an invitation, a request, temporary credentials, a practice added."""

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
        proof = {"invitation": link, "birth_date": guest.birth_date, "home_phone": guest.home_phone}
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
        said = {"token": second, "reauthenticated": await acts.proof(stage, guest, "practice")}
        added = await stage.call("add_practice", 201, token=bearer, body=said)
        stage.tell(f"added: {added.body['practice_name']}")


async def request(stage: Stage, person: Person) -> None:
    """Somebody asks a practice to be enrolled, twice, and is approved."""
    guest = Person.met_for_the_first_time(stage.randomness)
    practice = stage.stack.practice
    with stage.step("Somebody asks a practice that takes requests", "EN-4"):
        token = await acts.client_token(stage, practice)
        settings = {**acts.AT_THE_DESK, "takes_requests": True}
        await stage.call("change_practice_settings", 200, token=token, body=settings)
        own = (await stage.call("read_own_client", 200, token=token)).body["practice_id"]
        listed = await stage.call("list_practices", 200)
        [chosen] = [one for one in listed.body["practices"] if one["practice_id"] == own]
        said = {
            "practice_id": chosen["practice_id"],
            "last_name": guest.last_name,
            "first_name": guest.first_name,
            "birth_date": guest.birth_date,
            "home_phone": guest.home_phone,
            "address": guest.street,
            "email": guest.address,
            "locale": "en-US",
        }
        await stage.call("request_enrolment", 202, body=said, source=guest.source)
        again = {**said, "home_phone": "555 0199"}
        await stage.call("request_enrolment", 202, body=again, source=guest.source)
        await stage.mail(guest, "A request to be enrolled")
    with stage.step("The practice sees both phones, and approves", "EN-4, ST-1"):
        pending = await stage.call("list_enrolment_requests", 200, token=token)
        [one] = [each for each in pending.body["requests"] if each["last_name"] == guest.last_name]
        path = {"request_id": one["request_id"]}
        asked = await stage.call("read_enrolment_request", 200, token=token, path=path)
        stage.tell(f"phones: {[each['home_phone'] for each in asked.body['contacts']]}")
        [hers] = [
            each["number"]
            for each in asked.body["contacts"]
            if (each["email"], each["home_phone"]) == (guest.address, guest.home_phone)
        ]
        approval = {**acts.AT_THE_DESK, "contact": hers, "mail_to": hers}
        await stage.call("approve_enrolment_request", 200, token=token, path=path, body=approval)
        await stage.refused(
            "reject_enrolment_request",
            409,
            "request_not_pending",
            token=token,
            path=path,
            body=acts.AT_THE_DESK,
        )
        stage.tell("rejected after that: request_not_pending")
        link = acts.secret_of(await stage.mail(guest, "is approved"))
    with stage.step("She enrols by the link and the phone that she typed", "EN-3, EN-4"):
        proof = {"invitation": link, "birth_date": guest.birth_date, "home_phone": guest.home_phone}
        await acts.enrol_by_proof(stage, guest, proof)


async def bulk(stage: Stage, person: Person) -> None:
    """A practice submits its patients together, twice."""
    with stage.step("A practice submits a list of patients, and submits it again", "EN-6"):
        token = await acts.client_token(stage, stage.stack.practice)
        named = {"last_name": "Hale", "first_name": "June", "birth_date": "1988-04-17"}
        rows = [{**named, "number": f"{person.username}-{place}"} for place in range(20)]
        rows[7]["birth_date"] = "2999-01-01"
        said = {**acts.AT_THE_DESK, "patients": rows}
        for word in ("registered", "unchanged"):
            answer = await stage.call("register_patients", 200, token=token, body=said)
            results = [one["result"] for one in answer.body["results"]]
            stage.insist(
                results.count(word) == 19 and results[7] == "birth_date_in_future",
                f"19 {word} and the eighth not born yet, not {results}",
            )
            stage.tell(f"19 {word}, the eighth is not born yet")


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
