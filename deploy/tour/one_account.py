"""One account: enrolled, logged on to, lost and found again, locked, logged off."""

from deploy.client.eventually import eventually
from deploy.tour import acts
from deploy.tour.person import Person
from deploy.tour.stage import Stage

MAILS = (
    "account-enrolled",
    "account-email-verified",
    "reset-link",
    "password-reset",
    "username-changed",
    "username-read",
    "password-changed",
    "email-verification",
    "notification-address-verification",
    "account-email-changed",
    "account-locked",
    "username-reminder",
    "username-mailed-elsewhere",
    "accounts-merged",
    "practice-communication",
    "two-step-turned-on",
    "two-step-mode-changed",
    "device-trusted",
    "unusual-log-on",
    "two-step-reset",
    "passkey-made",
    "passkey-removed",
    "reset-token-issued",
    "enrolment-ended",
    "enrolment-reactivated",
)
OTHERWISE = {  # what went to a phone, and what a notice tells of an address that gets no mail
    "notification-number-verification": "sent",
    "address-suppressed": "failed",
}
MARKS = {"met": "✓", "not_met": "✗", "on_saving": "·"}


async def enrolment(stage: Stage, person: Person) -> None:
    """A practice enrols a person, and she is welcomed."""
    with stage.step("A practice registers a patient and hands her a token", "ST-1, EN-1"):
        person.patient_id, token = await acts.enrolment_token(stage, stage.stack.practice, person)
        stage.tell(f"{person.first_name} {person.last_name} has a patient record")
    with stage.step("She tries a weak password and sees every rule", "ID-3"):
        weak = {"candidate": "password1", "username": person.username}
        checked = await stage.call("check_password", 200, body=weak)
        for rule in checked.body["rules"]:
            stage.tell(f"{MARKS[rule['state']]} {rule['text']}")
        stage.insist(not checked.body["acceptable"], "a commonly used password is acceptable")
    with stage.step("She enrols with the token, and again, which is refused", "EN-1, ID-1, EN-7"):
        form = await acts.enrol(stage, person, token)
        await stage.refused("enrol", 422, "token_invalid", body=form, source=person.source)
        stage.tell("the token a second time: token_invalid")


async def first_log_on(stage: Stage, person: Person) -> None:
    """She logs on by username, verifies her address, and logs on by it."""
    with stage.step("She logs on by username, in any letter case", "LG-1, ID-1"):
        session = await acts.log_on(stage, person, person.username.upper(), person.password)
        for gate in session.body["gates"]:
            need = "required" if gate["required"] else "offered"
            stage.tell(f"she has a session; on the way: {gate['name']} ({need})")
    with stage.step("She verifies her address by the mailed link", "ID-6"):
        welcome = await stage.mail(person, "Welcome")
        bearer = person.tokens["access_token"]
        await stage.call("verify_email", 200, token=bearer, body={"token": acts.secret_of(welcome)})
        account = await stage.call("read_account", 200, token=bearer)
        stage.insist(account.body["email"]["state"] == "verified", f"{account.body}")
        stage.tell(f"account e-mail: {account.body['email']['address']}, verified")
    with stage.step("Two-step verification is offered once; she declines it", "LG-3"):
        await stage.call("skip_gate", 204, token=bearer, path={"gate": "two-step"})
        await stage.refused(
            "skip_gate", 409, "gate_not_offered", token=bearer, path={"gate": "terms"}
        )
        stage.tell("it is not offered again; what is required cannot be skipped")
    with stage.step("She logs on by her address", "LG-1, ID-4"):
        session = await acts.log_on(stage, person, person.address, person.password)
        stage.insist(session.body["gates"] == [], f"a gate is open: {session.body['gates']}")
        stage.tell("no gate is left")
    with stage.step("She sees where she is logged on, and ends a phone's session", "SE-1"):
        phone = {"device_name": "her old phone", "agent": "portico-phone/1.0"}
        body = {"name": person.username, "password": person.password, **phone}
        other = await stage.call("log_on", 201, body=body, source=person.source)
        bearer = person.tokens["access_token"]
        listed = await stage.call("list_sessions", 200, token=bearer)
        for each in listed.body["sessions"]:
            by = each["device_name"] or "a device without a name"
            stage.tell(f"{by}, {each['network']}, by {' and '.join(each['begun_by'])}")
        used = {"token": other.body["refresh_token"]}
        for _ in range(2):
            await stage.call("revoke_session", 200, body=used)
        await stage.call("read_account", 401, token=other.body["access_token"])
        stage.tell("revoked by its refresh token, and once more: 200 both times")
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
        minutes = renewed.body["idle_seconds"] // 60
        stage.tell(f"idle it ends in {minutes} minutes, and at {renewed.body['ends_at']} at last")
        gateway = await acts.client_token(stage, stage.stack.gateway)
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
            "redeem_reset_link", 200, body={"token": acts.secret_of(mail)}, source=person.source
        )
        old_session, old_password = person.tokens, person.password
        person.password = f"Copper!Lantern-{stage.randomness.digits(4)}"
        reset = {
            "grant": redeemed.body["grant"],
            "new_password": person.password,
            "device": person.device,
        }
        answer = await stage.call("reset_password", 200, body=reset, source=person.source)
        person.tokens = answer.body
        stage.tell("she has a session; she is at the home page")
    with stage.step("She is told; what she had before is void", "NT-1, SE-1, RC-3"):
        await stage.mail(person, "was set anew")
        await stage.refused("reset_password", 400, "grant_used", body=reset, source=person.source)
        stage.tell("the same grant a second time: grant_used")
        await acts.log_on(stage, person, person.username, old_password, 401)
        stage.tell("the old password: refused")
        bearer = old_session["access_token"]
        await stage.call("read_account", 401, token=bearer)

        async def refused_elsewhere() -> None:
            answer = await stage.gateway.call("list_deliveries", token=bearer)
            stage.insist(answer.status == 401, "notify takes a token of the session that ended")

        await eventually(refused_elsewhere, within=20)
        stage.tell("her old session: refused, at another service too")


async def forgotten_username(stage: Stage, person: Person) -> None:
    """She forgets the username, and has it mailed to the address she still knows."""
    with stage.step("She has forgotten her username and names her address", "RC-1"):
        asked = await stage.call(
            "remind_username", 202, body={"email": person.address}, source=person.source
        )
        nobody = await stage.call(
            "remind_username", 202, body={"email": "nobody@mail.example"}, source=person.source
        )
        stage.insist(asked.body == nobody.body, "the reply tells whether an account exists")
        stage.tell(f"the reply, for anybody: {asked.body['message']}")
        mail = await stage.mail(person, "username")
        stage.insist(person.username in mail.text, "the mail does not name her username")
        stage.insist(person.username not in mail.subject, "the subject names her username")


async def changed_credentials(stage: Stage, person: Person) -> None:
    """She takes another username, another password and another address, and is told of each."""
    with stage.step("She takes another username", "ID-2, SE-3"):
        taken = f"{person.username}.hale"
        body = {"username": taken, "reauthenticated": await acts.proof(stage, person, "username")}
        await stage.call("change_username", 200, token=person.tokens["access_token"], body=body)
        await acts.log_on(stage, person, person.username, person.password, 401)
        person.username = taken
        await stage.mail(person, "username was changed")
        stage.tell(f"she logs on as {taken}; the old name opens nothing")
    with stage.step("She changes her password, and goes on in a session of its own", "ID-7, SE-1"):
        old_session, new_password = person.tokens, f"Harbour-Copper-{stage.randomness.digits(4)}"
        grant = await acts.proof(stage, person, "password")
        body = {"new_password": new_password, "reauthenticated": grant}
        bearer = old_session["access_token"]
        changed = await stage.call("change_password", 200, token=bearer, body=body)
        person.tokens, person.password = changed.body, new_password
        await stage.call("read_account", 401, token=bearer)
        await stage.mail(person, "password was changed")
        stage.tell("the session she came with, and every other one: over")
    with stage.step("She changes her account e-mail; both addresses are told", "ID-6, ID-4"):
        old, new = person.address, person.address.replace("@", ".hale@")
        bearer = person.tokens["access_token"]
        body = {"address": new, "reauthenticated": await acts.proof(stage, person, "email")}
        await stage.call("claim_email", 202, token=bearer, body=body)
        person.address = new
        link = acts.secret_of(await stage.mail(person, "Confirm your address"))
        await stage.call("verify_email", 200, token=bearer, body={"token": link})
        await stage.mail(person, "account e-mail was changed")
        person.address = old
        told = await stage.mail(person, "account e-mail was changed")
        person.address = new
        stage.insist(new not in told.text, "the old mailbox is told the new address")
        await acts.log_on(stage, person, old, person.password, 401)
        await acts.log_on(stage, person, new, person.password)
        stage.tell("she logs on by the new address, and by the old one no more")


async def lock_out(stage: Stage, person: Person) -> None:
    """Four wrong tries lock her out; she waits it out."""
    with stage.step("Somebody tries four wrong passwords", "LG-2"):
        guess = (person.username, "Wrong-Guess-1234")
        for _ in range(4):
            wrong = await acts.log_on(stage, person, *guess, 401, elsewhere=True)
        known = (person.username, person.password)
        right = await acts.log_on(stage, person, *known, 401, elsewhere=True)
        alike = {**wrong.body, "correlation_id": ""} == {**right.body, "correlation_id": ""}
        stage.insist(alike, f"the lock can be told: {wrong.body} and {right.body}")
        stage.tell(f"right and wrong now get the same reply: {right.body['code']}")
        await stage.mail(person, "locked")
    with stage.step("In her own browser she logs on under the lock", "LG-2, MF-2"):
        session = await acts.log_on(stage, person, person.username, person.password)
        stage.insist("device" not in session.body, "her browser is a new device")
        await acts.log_on(stage, person, *known, 401, elsewhere=True)
        stage.tell("a device she has logged on from has a counter of its own; elsewhere: locked")
    with stage.step("She waits twenty minutes and logs on", "LG-2"):
        stage.let_time_pass(20 * 60)
        await acts.log_on(stage, person, person.username, person.password)
        stage.tell("the lock is over")


async def log_off(stage: Stage, person: Person) -> None:
    """She reads what was sent to her and logs off."""
    bearer = person.tokens["access_token"]
    with stage.step("She reads what was sent to her", "NT-5"):

        async def all_of_it() -> dict[str, str]:
            sent = await stage.call("list_deliveries", 200, token=bearer)
            found = {each["template"]: each["state"] for each in sent.body["deliveries"]}
            wanted = {**dict.fromkeys(MAILS, "sent"), **OTHERWISE}
            stage.insist(found == wanted, f"what was sent to her: {found}")
            return found

        for template, state in (await eventually(all_of_it, within=20)).items():
            stage.tell(f"{template}: {state}")
    with stage.step("She logs off", "SE-1"):
        await stage.call(
            "end_session", 204, token=bearer, path={"session_id": person.tokens["session_id"]}
        )
        await stage.call("read_account", 401, token=bearer)
        stage.tell("the session is over, at once")
