"""What practices do with a person who goes to two of them."""

import msgspec

from deploy.client.eventually import eventually
from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from shared.messaging.broker import Line, Publisher
from shared.messaging.messages import Outcome, Outgoing


async def message_notice(stage: Stage, person: Person) -> None:
    """The practice of the account that was absorbed writes; the notice comes to the one left."""
    other = person.other_account
    with stage.step("The second practice has a message for her; the notice arrives", "NT-1, NT-9"):
        token = await acts.client_token(stage, stage.stack.neighbour)
        notice = {
            "patient_id": other.patient_id,
            "topic": "message",
            "reference": stage.randomness.crockford(10),
        }
        await stage.call("submit_communication", 202, token=token, body=notice)
        mail = await stage.mail(person, "Something new")
        stage.insist("Seeblick" in mail.text, f"the mail names no practice: {mail.text}")
    with stage.step("Another practice names her record, and learns nothing", "ST-1, NT-9"):
        stranger = await acts.client_token(stage, stage.stack.practice)
        for patient_id in (other.patient_id, str(stage.randomness.uuid())):
            named = {**notice, "patient_id": patient_id}
            named["reference"] = stage.randomness.crockford(10)
            await stage.call("submit_communication", 202, token=stranger, body=named)
        stage.tell("taken as an id that nobody has is, and mailed to nobody")
    with stage.step("A thousand in a call, one of them wrong; the same call again", "NT-9"):
        own, nobody = stage.randomness.crockford(10), str(stage.randomness.uuid())
        rows = [
            {**notice, "patient_id": nobody, "reference": f"{own}-{number}"}
            for number in range(999)
        ]
        call = {"communications": [*rows, {**rows[0], "topic": "statement"}]}
        for expected in ("submitted", "unchanged"):
            answer = await stage.call("submit_communications", 200, token=stranger, body=call)
            *others, last = [each["result"] for each in answer.body["results"]]
            stage.insist(set(others) == {expected}, f"the rows became {set(others)}")
            stage.insist(last == "reference_reused", f"the wrong one became {last}")
            stage.tell(f"{len(others)} rows {expected}, one {last}")


async def on_the_bus(stage: Stage, person: Person) -> None:
    """Her practice's own system says it on the bus, where it speaks for nobody else."""
    if stage.stack.inbox is None:
        return
    practice = stage.stack.practice
    own = f"communications.{practice.practice_id}"
    body = {
        "patient_id": person.patient_id,
        "topic": "appointment",
        "reference": stage.randomness.crockford(10),
    }

    async def said(exchange: str, key: str) -> Outcome:
        line = Line(stage.stack.inbox or "", "a practice's system")
        publisher = Publisher(line)
        try:
            [outcome] = await publisher.publish(
                [
                    Outgoing(
                        message_id=str(stage.randomness.uuid()),
                        exchange=exchange,
                        routing_key=key,
                        body=msgspec.json.encode(body),
                        content_type="application/json",
                    )
                ]
            )
        finally:
            await publisher.close()
        return outcome

    with stage.step("Her practice's system publishes to the bus, twice; one notice", "NT-9"):
        for _ in range(2):
            outcome = await said("practices.inbox", own)
            stage.insist(outcome is Outcome.CONFIRMED, f"the broker says {outcome}")
        await stage.mail(person, "Something new")
    with stage.step("It speaks for no other practice and for no service", "NT-9"):
        another = f"communications.{stage.stack.neighbour.practice_id}"
        for exchange, key in (
            ("practices.inbox", another),
            ("notify.events", "notify.keys-changed.v1"),
            ("identity.events", "identity.account-changed.v1"),
        ):
            outcome = await said(exchange, key)
            stage.insist(outcome is Outcome.CLOSED, f"{key} at {exchange}: {outcome}")
            stage.tell(f"{exchange}, {key.partition('.')[0]} …: refused by the broker")


async def another_address(stage: Stage, person: Person) -> None:
    """One of her practices writes to another address of hers."""
    own, other = person.address, person.address.replace("@", ".work@")
    await acts.log_on(stage, person, person.username, person.password)
    bearer = person.tokens["access_token"]
    with stage.step("She has her first practice write to another address", "NT-2, SE-3"):
        address_id = await acts.notification_address(stage, person, other)
        person.address = other
        ways = [{"channel": "email", "address_id": address_id}, {"channel": "portal"}]
        await acts.choose(stage, person, bearer, ways)
        token = await acts.client_token(stage, stage.stack.practice)
        await acts.written_to(stage, person, token, "appointment")
        await stage.mail(person, "Something new")
        stage.tell("her account e-mail hears of everything else")
    with stage.step("She has forgotten her username and names that address, and herself", "RC-2"):
        month, day, year = person.birth_date[5:7], person.birth_date[8:], person.birth_date[:4]
        born = f"{month}/{day}/{year}"
        body = {"email": other, "last_name": person.last_name.upper(), "birth_date": born}
        for typed in ({**body, "last_name": "Nobody"}, body):
            asked = await stage.call("remind_username", 202, body=typed, source=person.source)
        stage.tell(f"the reply, for anybody: {asked.body['message']}")
        mail = await stage.mail(person, "username")
        stage.insist(person.username in mail.text, "the mail does not name her username")
        person.address = own
        mail = await stage.mail(person, "mailed to another")
        stage.insist(other not in mail.text, "the other address is told in full")


async def unsubscribing(stage: Stage, person: Person) -> None:
    """She has a practice's mails of one topic stopped by the link in one of them."""
    token = await acts.client_token(stage, stage.stack.practice)
    with stage.step("A mail of her practice has a link that stops such mails", "NT-7"):
        await acts.written_to(stage, person, token, "statement")
        mail = await stage.mail(person, "Something new")
        header = dict(mail.headers)["List-Unsubscribe"]
        body = {"token": header.strip("<>").rpartition("link=")[2]}
        found = await stage.call("preview_unsubscription", 200, body=body)
        stage.tell(f"it would stop {found.body['topic']} of {found.body['practice_name']}")
        stage.insist(found.body["subscribed"], f"to look stopped it: {found.body}")
    with stage.step("She has them stopped; the next one is a notice", "NT-7, NT-8"):
        found = await stage.call("unsubscribe", 200, body=body)
        stage.insist(not found.body["subscribed"], f"they go on: {found.body}")
        reference = await acts.written_to(stage, person, token, "statement")

        async def arrived() -> None:
            query = {"patient_id": person.patient_id}
            listed = await stage.call("list_practice_deliveries", 200, token=token, query=query)
            ways = {each["reference"]: each["channel"] for each in listed.body["deliveries"]}
            stage.insist(ways.get(reference) == "portal", f"it goes by {ways.get(reference)}")

        await eventually(arrived, within=20)


async def un_enrolment(stage: Stage, person: Person) -> None:
    """A practice un-enrols her, she is told and sees it at once; then it takes her back."""
    other = person.other_account
    before = await acts.log_on(stage, person, person.username, person.password)
    path = {"patient_id": other.patient_id}
    with stage.step("The second practice un-enrols her; she is told", "UN-1"):
        token = await acts.client_token(stage, stage.stack.neighbour)
        await stage.call("un_enrol_patient", 204, token=token, path=path, body=acts.AT_THE_DESK)
        await stage.mail(person, "ended your enrolment")
        await stage.call("read_account", 401, token=before.body["access_token"])
        renewed = await stage.call(
            "refresh_session", 200, body={"refresh_token": before.body["refresh_token"]}
        )
        person.tokens = renewed.body
        stage.tell("the token she had: void at once; a renewed one knows")
        await shown(stage, person, "un-enrolled")
    with stage.step("It takes her back; her password is what it was", "UN-3"):
        await stage.call("reactivate_patient", 204, token=token, path=path, body=acts.AT_THE_DESK)
        await stage.mail(person, "enrolled you again")
        await acts.log_on(stage, person, person.username, person.password)
        await shown(stage, person, "enrolled")


async def disclaimer(stage: Stage, person: Person) -> None:
    """Her practice asks her to read something first; she declines, and then it asks no more."""
    token = await acts.client_token(stage, stage.stack.practice)

    async def word(**texts: str) -> None:
        body = {**acts.AT_THE_DESK, "texts": texts}
        await stage.call("publish_disclaimer", 200, token=token, body=body)

    with stage.step("Her practice asks her to accept a disclaimer; she declines", "DISC-1, LG-3"):
        await word(en="Ask your doctor before you worry.", es="Pregunte antes de preocuparse.")
        session = await acts.log_on(stage, person, person.username, person.password)
        stage.insist(
            [gate["name"] for gate in session.body["gates"]] == ["disclaimers"],
            f"the gates: {session.body['gates']}",
        )
        bearer = person.tokens["access_token"]
        asked = await stage.call("list_disclaimers", 200, token=bearer)
        [found] = asked.body["disclaimers"]
        stage.tell(f"{found['practice_name']} asks: {found['text']}")
        await stage.call(
            "answer_disclaimer",
            204,
            token=bearer,
            path={"practice_id": found["practice_id"]},
            body={"version": found["version"], "answer": "decline"},
        )
    with stage.step("Records and medications are off, everything else is open", "SE-4"):
        account = await stage.call("read_account", 200, token=bearer)
        for each in account.body["practices"]:
            if each["practice_id"] == found["practice_id"]:
                for area, state in each["areas"].items():
                    stage.tell(f"{each['name']}, {area}: {state}")
                stage.insist(each["areas"]["records"] == "disclaimer-declined", f"{each}")
                stage.insist(each["areas"]["messages"] == "open", f"{each}")
        await word()


async def shown(stage: Stage, person: Person, state: str) -> None:
    """Insist on the state in which her account settings show the second practice."""
    account = await stage.call("read_account", 200, token=person.tokens["access_token"])
    states = {found["name"]: found["state"] for found in account.body["practices"]}
    stage.insist(states.get("Seeblick") == state, f"her practices: {states}")
    stage.tell(f"her account settings show the practice as {state}")
