"""The stories, in the order they are played."""

import re
from collections.abc import Awaitable, Callable

from deploy.local.addresses import ClientCredentials
from deploy.tour.person import Person
from deploy.tour.stage import Stage
from tests.support.clients import Answer
from tests.support.eventually import eventually
from tests.support.mail import Mail

Story = Callable[[Stage, Person], Awaitable[None]]
LINK = re.compile(r"#([\w-]{40,})")
MAILS = ("account-enrolled", "reset-link", "password-reset", "account-locked")
MARKS = {"met": "✓", "not_met": "✗", "on_saving": "·"}


def secret_of(mail: Mail) -> str:
    """Read the secret from the fragment of the link in a mail."""
    found = LINK.search(mail.text)
    if not found:
        raise AssertionError(f"there is no link in the mail {mail.subject!r}")
    return found[1]


async def log_on(
    stage: Stage, person: Person, name: str, password: str, status: int = 201
) -> Answer:
    """Log on, and keep the tokens of the session."""
    answer = await stage.call(
        "log_on", status, body={"name": name, "password": password}, source=person.source
    )
    if status == 201:
        person.tokens = answer.body
    return answer


async def client_token(stage: Stage, client: ClientCredentials) -> str:
    """Log on a practice's system, or the gateway itself."""
    answer = await stage.call(
        "obtain_client_token",
        200,
        body={
            "grant_type": "client_credentials",
            "client_id": client.client_id,
            "client_secret": client.client_secret,
        },
    )
    return str(answer.body["access_token"])


async def enrolment(stage: Stage, person: Person) -> None:
    """A practice enrols a person, and she is welcomed."""
    with stage.step("The practice's system logs on and registers a patient", "ST-1"):
        token = await client_token(stage, stage.stack.practice)
        record = {
            "last_name": person.last_name,
            "first_name": person.first_name,
            "birth_date": person.birth_date,
            "home_phone": "+1 555 0134",
            "address": "12 Example Street",
        }
        patient = await stage.call("register_patient", 201, token=token, body=record)
        stage.tell(f"{person.first_name} {person.last_name} has a patient record")
    with stage.step("The practice hands her an enrolment token", "EN-1"):
        issued = await stage.call(
            "issue_enrolment_token",
            201,
            token=token,
            path={"patient_id": patient.body["patient_id"]},
            body={"handed_over": "in-person", "staff_id": "desk-1", "reason": "at the desk"},
        )
        stage.tell(f"token {issued.body['token']}, good until {issued.body['expires_at']}")
    with stage.step("She tries a weak password and sees every rule", "ID-3"):
        weak = {"candidate": "password1", "username": person.username}
        checked = await stage.call("check_password", 200, body=weak)
        for rule in checked.body["rules"]:
            stage.tell(f"{MARKS[rule['state']]} {rule['text']}")
        stage.insist(not checked.body["acceptable"], "a commonly used password is acceptable")
    with stage.step("She enrols with the token, and again, which is refused", "EN-1, ID-1, EN-7"):
        terms = await stage.call("read_terms", 200)
        form = {
            "terms_version": terms.body["version"],
            "token": issued.body["token"],
            "birth_date": person.birth_date,
            "last_name": person.last_name,
            "email": person.address,
            "username": person.username,
            "password": person.password,
        }
        enrolled = await stage.call("enrol", 201, body=form, source=person.source)
        stage.tell(f"recovery routes she has: {', '.join(enrolled.body['recovery_routes'])}")
        await stage.refused("enrol", 422, "token_invalid", body=form, source=person.source)
        stage.tell("the token a second time: token_invalid")


async def first_log_on(stage: Stage, person: Person) -> None:
    """She logs on by username, verifies her address, and logs on by it."""
    with stage.step("She logs on by username, in any letter case", "LG-1, ID-1"):
        session = await log_on(stage, person, person.username.upper(), person.password)
        for gate in session.body["gates"]:
            need = "required" if gate["required"] else "offered"
            stage.tell(f"she has a session; on the way: {gate['name']} ({need})")
    with stage.step("She verifies her address by the mailed link", "ID-6"):
        welcome = await stage.mail(person, "Welcome")
        bearer = person.tokens["access_token"]
        await stage.call("verify_email", 200, token=bearer, body={"token": secret_of(welcome)})
        account = await stage.call("read_account", 200, token=bearer)
        stage.insist(account.body["email"]["state"] == "verified", f"{account.body}")
        stage.tell(f"account e-mail: {account.body['email']['address']}, verified")
    with stage.step("She logs on by her address", "LG-1, ID-4"):
        session = await log_on(stage, person, person.address, person.password)
        stage.insist(session.body["gates"] == [], f"a gate is open: {session.body['gates']}")
        stage.tell("no gate is left")
    with stage.step("Her session is renewed; a gateway looks at it", "SE-1"):
        before = person.tokens
        renewed = await stage.call(
            "refresh_session", 200, body={"refresh_token": before["refresh_token"]}
        )
        twin = await stage.call(
            "refresh_session", 200, body={"refresh_token": before["refresh_token"]}
        )
        stage.insist(
            renewed.body["refresh_token"] == twin.body["refresh_token"],
            "an honest parallel refresh got another successor",
        )
        person.tokens = renewed.body
        stage.tell("two refreshes at once are handed the same successor")
        gateway = await client_token(stage, stage.stack.gateway)
        seen = await stage.call(
            "introspect_token", 200, token=gateway, body={"token": renewed.body["access_token"]}
        )
        stage.insist(seen.body["active"], f"the session is not active: {seen.body}")
        stage.tell("introspection says: active")


async def forgotten_password(stage: Stage, person: Person) -> None:
    """She forgets the password, resets it by the mailed link, and is told."""
    with stage.step("She has forgotten her password and asks for a link", "RC-3"):
        asked = await stage.call(
            "request_reset_link", 202, body={"name": person.username}, source=person.source
        )
        nobody = await stage.call(
            "request_reset_link", 202, body={"name": "nobody.at.all"}, source=person.source
        )
        stage.insist(asked.body == nobody.body, "the reply tells whether an account exists")
        stage.tell(f"the reply, for anybody: {asked.body['message']}")
        mail = await stage.mail(person, "Set a new")
    with stage.step("She opens the link and sets a new password", "RC-3"):
        redeemed = await stage.call(
            "redeem_reset_link", 200, body={"token": secret_of(mail)}, source=person.source
        )
        old_session, old_password = person.tokens, person.password
        person.password = f"Copper!Lantern-{stage.randomness.digits(4)}"
        reset = {"grant": redeemed.body["grant"], "new_password": person.password}
        answer = await stage.call("reset_password", 200, body=reset, source=person.source)
        person.tokens = answer.body
        stage.tell("she has a session; she is at the home page")
    with stage.step("She is told; what she had before is void", "NT-1, SE-1, RC-3"):
        await stage.mail(person, "was set anew")
        await stage.refused("reset_password", 400, "grant_used", body=reset, source=person.source)
        stage.tell("the same grant a second time: grant_used")
        await log_on(stage, person, person.username, old_password, 401)
        stage.tell("the old password: refused")
        bearer = old_session["access_token"]
        await stage.call("read_account", 401, token=bearer)

        async def refused_elsewhere() -> None:
            answer = await stage.gateway.call("list_deliveries", token=bearer)
            stage.insist(answer.status == 401, "notify takes a token of the session that ended")

        await eventually(refused_elsewhere, within=5)
        stage.tell("her old session: refused, at another service too")


async def lock_out(stage: Stage, person: Person) -> None:
    """Four wrong tries lock her out; she waits it out."""
    with stage.step("Somebody tries four wrong passwords", "LG-2"):
        for _ in range(4):
            wrong = await log_on(stage, person, person.username, "Wrong-Guess-1234", 401)
        right = await log_on(stage, person, person.username, person.password, 401)
        alike = {**wrong.body, "correlation_id": ""} == {**right.body, "correlation_id": ""}
        stage.insist(alike, f"the lock can be told: {wrong.body} and {right.body}")
        stage.tell(f"right and wrong now get the same reply: {right.body['code']}")
        await stage.mail(person, "locked")
    with stage.step("She waits twenty minutes and logs on", "LG-2"):
        stage.let_time_pass(20 * 60)
        await log_on(stage, person, person.username, person.password)
        stage.tell("the lock is over")


async def log_off(stage: Stage, person: Person) -> None:
    """She reads what was sent to her and logs off."""
    bearer = person.tokens["access_token"]
    with stage.step("She reads what was sent to her", "NT-5"):
        sent = await stage.call("list_deliveries", 200, token=bearer)
        for delivery in sent.body["deliveries"]:
            stage.tell(f"{delivery['template']}: {delivery['state']}")
        states = {delivery["template"]: delivery["state"] for delivery in sent.body["deliveries"]}
        stage.insist(states == dict.fromkeys(MAILS, "sent"), f"what was sent to her: {states}")
    with stage.step("She logs off", "SE-1"):
        await stage.call(
            "end_session", 204, token=bearer, path={"session_id": person.tokens["session_id"]}
        )
        await stage.call("read_account", 401, token=bearer)
        stage.tell("the session is over, at once")


STORIES: tuple[Story, ...] = (enrolment, first_log_on, forgotten_password, lock_out, log_off)
