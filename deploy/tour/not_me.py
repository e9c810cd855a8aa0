"""What a person does about a change that was not hers, and how her account is opened again."""

from deploy.client.eventually import eventually
from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage


async def freeze(stage: Stage, _: Person) -> None:
    """Somebody who has her password changes it; she freezes the account, her practice thaws it and
    helps her in. It is another account than that of the other stories.
    """
    person = Person.met_for_the_first_time(stage.randomness)
    with stage.step("Somebody else has her password, and changes it", "ID-7, RC-9"):
        person.patient_id, token = await acts.enrolment_token(stage, stage.stack.practice, person)
        await acts.enrol(stage, person, token)
        await acts.log_on(stage, person, person.username, person.password)
        secret = acts.secret_of(await stage.mail(person, "Welcome"))
        bearer = person.tokens["access_token"]
        await stage.call("verify_email", 200, token=bearer, body={"token": secret})
        grant = await acts.proof(stage, person, "password")
        stolen = f"Copper!Lantern-{stage.randomness.digits(4)}"
        body = {"new_password": stolen, "reauthenticated": grant}
        thief = await stage.call("change_password", 200, token=bearer, body=body)
        link = acts.secret_of(await stage.mail(person, "password was changed"))
        stage.tell("the mail has a link: this was not me")
    with stage.step("She opens the link, and types a wrong date of birth first", "RC-9"):
        body = {"token": link, "birth_date": "1988-04-18"}
        await stage.refused("freeze_account", 422, "link_invalid", body=body, source=person.source)
        body["birth_date"] = person.birth_date
        await stage.call("freeze_account", 204, body=body, source=person.source)
        await stage.refused("freeze_account", 422, "link_invalid", body=body, source=person.source)
        stage.tell("the account is frozen; the link a second time: link_invalid")
    with stage.step("Nothing of before opens it, and she is told", "RC-9, SE-1"):
        await stage.mail(person, "is frozen")
        await stage.call("read_account", 401, token=thief.body["access_token"])
        await acts.log_on(stage, person, person.username, stolen, 401)
        stage.tell("the thief's session and password: refused, as a wrong password is")
    with stage.step("Her practice thaws it, and she is told", "RC-9, ST-1"):
        client = await acts.client_token(stage, stage.stack.practice)
        path = {"patient_id": person.patient_id}
        record = await stage.call("read_patient", 200, token=client, path=path)
        stage.insist(record.body["frozen"], f"her practice reads: {record.body}")
        await stage.call("thaw_account", 204, token=client, path=path, body=acts.AT_THE_DESK)
        await stage.mail(person, "is open again")
        await acts.log_on(stage, person, person.username, stolen, 401)
        stage.tell("it is open, without a password: her practice helps her to a new one")
    with stage.step("Her practice gives her eight digits by phone, and she is told", "RC-5, RC-9"):
        older = await acts.reset_token(stage, stage.stack.practice, person)
        token = await acts.reset_token(stage, stage.stack.practice, person)
        mails = [await stage.mail(person, "gave out a code") for _ in (older, token)]
        shown = [mail for mail in mails if older in mail.text or token in mail.text]
        stage.insist(not shown, "a mail tells the code")
        said = {"username": person.username, "token": older}
        await stage.refused(
            "redeem_reset_token", 422, "reset_token_invalid", body=said, source=person.source
        )
        stage.tell("the code before it: reset_token_invalid; a newer one voids it")
    with stage.step("With her username and the code she sets a new password", "RC-5, RC-9"):
        await acts.reset_by_token(stage, person, token)
        await stage.call("read_account", 200, token=person.tokens["access_token"])
        await stage.mail(person, "was set anew")
        said["token"] = token
        await eventually(lambda: refused_again(stage, person, said))
        await acts.log_on(stage, person, person.username, person.password)
        stage.tell("she is at the home page; the code a second time: reset_token_invalid")


async def refused_again(stage: Stage, person: Person, said: dict[str, str]) -> None:
    """Once recovery has heard of the new password, the code that set it opens nothing."""
    answer = await stage.gateway.call("redeem_reset_token", body=said, source=person.source)
    stage.insist(answer.status != 200, "the code that was used still opens the account")
    answer.refused(422, "reset_token_invalid")
