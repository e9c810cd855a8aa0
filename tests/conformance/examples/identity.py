"""Identity's verbs, each called as its own clients do."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

from shared.contracts.ids import PatientId, PracticeId
from tests.builders.freezes import freeze, link_of_a_change
from tests.builders.merges import Registry
from tests.builders.passkeys import Holder, a_holder, ask_to_log_on
from tests.builders.practices import (
    BIRTH_DATE,
    INVITABLE,
    LAST_NAME,
    Postman,
    PracticeDesk,
    application,
    asking,
    postman_beside,
    practice_desk,
)
from tests.builders.two_step import TwoStepper, code_of, confirm, set_up, turned_on
from tests.conformance.stage import Example
from tests.rigs.identity import (
    PASSWORD,
    Identity,
    Recovery,
    identity_service,
    recovery_beside,
)
from tests.support.clock import FakeClock
from tests.support.database import Database

BY_STAFF = {"staff_id": "nurse-7", "reason": "asked at the desk"}
MARIA = "maria.garcia"
ADDRESS = "maria@mail.example"


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityStage:
    """Identity, a practice, and who gives grants and opens mails."""

    replica: Identity
    desk: PracticeDesk
    recovery: Recovery
    postman: Postman
    codes: dict[str, list[str]] = field(default_factory=dict)  # of recovery, by whose token
    passwords: dict[str, str] = field(default_factory=dict)  # another one, likewise

    async def session(self, *, service: str | None = None) -> str:
        if service is None:
            return await self.opened((await self.replica.an_account()).username)
        name = (await self.replica.an_account()).username
        body = {"name": name, "password": PASSWORD, "resource": [service]}
        return str((await self.replica.call("POST", "/sessions", body)).body["access_token"])

    async def opened(self, name: str) -> str:
        """The access token of a session of this account."""
        return str((await self.replica.log_on(name)).body["access_token"])

    async def proof(self, token: str, verb: str) -> str:
        """The grant of a re-authentication in this session, for this verb (SE-3)."""
        body = {"password": self.passwords.get(token, PASSWORD), "verb": verb}
        if codes := self.codes.get(token):
            body["code"] = codes.pop()
        answer = await self.replica.call("POST", "/account/reauthenticate", body, token=token)
        return str(answer.body["grant"])

    async def two_stepper(self) -> TwoStepper:
        """Somebody with two-step on."""
        person = await turned_on(self.replica)
        self.codes[person.token] = person.codes
        return person

    async def holder(self) -> Holder:
        """Somebody with an authenticator, and no passkey yet."""
        return await a_holder(self.replica)

    async def not_me_link(self, token: str) -> str:
        """The link of the mail about a password that is changed in this session (RC-9)."""
        return await link_of_a_change(self.replica, self.postman, token)

    async def practice(self, *, without: str = "", service: str | None = None) -> str:
        whole = await self.replica.client_token(*self.desk.client)
        scopes = set(whole.body["scope"].split()) - {without}
        said = {"scope": " ".join(sorted(scopes))} | ({"resource": service} if service else {})
        narrow = await self.replica.client_token(*self.desk.client, **said)
        return str(narrow.body["access_token"])

    async def another_practice(self) -> str:
        return (await practice_desk(self.replica)).access_token

    async def gateway(self) -> str:
        return await self.replica.a_gateway_token()


async def records(stage: IdentityStage, desk: PracticeDesk) -> dict[str, PatientId]:
    """Records of this desk's practice, one in each state."""
    other, name = await practice_desk(stage.replica), stage.replica.a_username
    registry = Registry(identity=stage.replica, desks=(other, desk))
    _, absorbed = await registry.merged(username=name())
    un_enrolled = await desk.enrolled(username=name())
    await desk.un_enrol(un_enrolled)
    made = {
        "registered": await desk.a_patient(),
        "enrolled": await desk.enrolled(username=name()),
        "un-enrolled": un_enrolled,
        "merged": registry.patients_of[absorbed.username],
    }
    return {state: PatientId(UUID(patient_id)) for state, patient_id in made.items()}


async def own_records(stage: IdentityStage) -> dict[str, PatientId]:
    return await records(stage, stage.desk)


async def anothers_records(stage: IdentityStage) -> dict[str, PatientId]:
    return await records(stage, await practice_desk(stage.replica))


@asynccontextmanager
async def opened(database: Database, clock: FakeClock) -> AsyncIterator[IdentityStage]:
    async with (
        identity_service(database, clock) as identity,
        recovery_beside(identity) as recovery,
        postman_beside(identity) as postman,
    ):
        desk = await practice_desk(identity)
        yield IdentityStage(replica=identity, desk=desk, recovery=recovery, postman=postman)


async def unlock_account(stage: IdentityStage, **typed: str) -> Example:
    return Example(
        path={"patient_id": await stage.desk.enrolled(**typed)},
        body=BY_STAFF,
        token=stage.desk.access_token,
    )


async def read_patient(stage: IdentityStage) -> Example:
    return Example(path={"patient_id": await stage.desk.a_patient()}, token=stage.desk.access_token)


async def correct_patient(stage: IdentityStage) -> Example:
    body = {**BY_STAFF, "version": 1, "last_name": "Lopez", "home_phone": None}
    return replace(await read_patient(stage), body=body)


async def read_username(stage: IdentityStage) -> Example:
    return await unlock_account(stage)


async def waive_email(stage: IdentityStage) -> Example:
    return (await unlock_account(stage)).but(waived=True)


async def reset_two_step(stage: IdentityStage) -> Example:
    name = stage.replica.a_username()
    example = await unlock_account(stage, username=name)
    token = await stage.opened(name)
    secret = (await set_up(stage.replica, token)).body["secret"]
    await confirm(stage.replica, token, code_of(secret, stage.replica.clock.now()))
    return example


async def thaw_account(stage: IdentityStage) -> Example:
    name = stage.replica.a_username()
    example = await unlock_account(stage, username=name)
    link = await stage.not_me_link(await stage.opened(name))
    assert (await freeze(stage.replica, link)).status == 204
    return example


async def freeze_account(stage: IdentityStage) -> Example:
    link = await stage.not_me_link(await stage.session())
    return Example(body={"token": link, "birth_date": BIRTH_DATE})


async def un_enrol_patient(stage: IdentityStage) -> Example:
    return await unlock_account(stage)


async def reactivate_patient(stage: IdentityStage) -> Example:
    example = await unlock_account(stage)
    await stage.desk.un_enrol(str(example.path["patient_id"]))
    return example


async def settle_duplicate_chart(stage: IdentityStage) -> Example:
    kept, given_up = await stage.desk.duplicate(stage.replica.a_username())
    body = {**BY_STAFF, "kept": [kept], "given_up": [given_up]}
    return Example(body=body, token=stage.desk.access_token)


async def issue_enrolment_token(stage: IdentityStage) -> Example:
    return Example(
        path={"patient_id": await stage.desk.a_patient()},
        body={**BY_STAFF, "handed_over": "in-person"},
        token=stage.desk.access_token,
    )


async def invite_patient(stage: IdentityStage) -> Example:
    patient = {**INVITABLE, "number": stage.replica.a_username()}
    return Example(
        path={"patient_id": await stage.desk.a_patient(**patient)},
        body=BY_STAFF,
        token=stage.desk.access_token,
    )


async def list_practices(stage: IdentityStage) -> Example:
    await stage.desk.change_settings(takes_requests=True)
    return Example()


async def request_enrolment(stage: IdentityStage) -> Example:
    await stage.desk.change_settings(takes_requests=True)
    return Example(body=asking(stage.desk))


async def list_enrolment_requests(stage: IdentityStage) -> Example:
    await stage.desk.a_request()
    return Example(token=stage.desk.access_token)


async def read_enrolment_request(stage: IdentityStage) -> Example:
    return Example(path={"request_id": await stage.desk.a_request()}, token=stage.desk.access_token)


async def approve_enrolment_request(stage: IdentityStage) -> Example:
    patient = {**INVITABLE, "number": stage.replica.a_username()}
    body = {**BY_STAFF, "mail_to": 1, "patient_id": await stage.desk.a_patient(**patient)}
    return replace(await read_enrolment_request(stage), body=body)


async def reject_enrolment_request(stage: IdentityStage) -> Example:
    return replace(await read_enrolment_request(stage), body=BY_STAFF)


async def make_temporary_credentials(stage: IdentityStage) -> Example:
    return Example(
        path={"patient_id": await stage.desk.a_patient()},
        body=BY_STAFF,
        token=stage.desk.access_token,
    )


async def list_handed_out(stage: IdentityStage) -> Example:
    patient_id = await stage.desk.a_patient()
    await stage.desk.issue(patient_id)
    return Example(query={"patient_id": patient_id}, token=stage.desk.access_token)


async def void_handed_out(stage: IdentityStage) -> Example:
    patient_id = await stage.desk.a_patient()
    await stage.desk.issue(patient_id)
    return Example(
        path={"patient_id": patient_id},
        body={**BY_STAFF, "kind": "token"},
        token=stage.desk.access_token,
    )


async def prove_enrolment(stage: IdentityStage) -> Example:
    said = {"birth_date": BIRTH_DATE, "last_name": LAST_NAME}
    return Example(body={"token": await stage.desk.a_token(), **said})


async def enrol(stage: IdentityStage) -> Example:
    return Example(body=application(await stage.desk.a_token()))


async def add_practice_to_account(stage: IdentityStage) -> Example:
    if not await stage.replica.rows("SELECT FROM log_on_names WHERE name_key = $1", MARIA):
        await stage.desk.enrolled()
    elm = await practice_desk(stage.replica)
    return Example(body={"token": await elm.a_token(), "name": MARIA, "password": PASSWORD})


async def add_practice(stage: IdentityStage) -> Example:
    if not await stage.replica.rows("SELECT FROM log_on_names WHERE name_key = $1", MARIA):
        await stage.desk.enrolled()
    elm, token = await practice_desk(stage.replica), await stage.opened(MARIA)
    said = {"token": await elm.a_token(), "reauthenticated": await stage.proof(token, "practice")}
    return Example(body=said, token=token)


async def read_terms(stage: IdentityStage) -> Example:
    return Example()


async def log_on(stage: IdentityStage) -> Example:
    person = await stage.replica.an_account()
    return Example(body={"name": person.username, "password": PASSWORD})


async def answer_terms(stage: IdentityStage) -> Example:
    person = await stage.replica.an_account()
    await stage.replica.publish_terms("2026-02")
    return Example(
        body={"version": "2026-02", "accepted": True}, token=await stage.opened(person.username)
    )


async def list_disclaimers(stage: IdentityStage) -> Example:
    await stage.replica.publish_disclaimer()
    return Example(token=await stage.session())


async def answer_disclaimer(stage: IdentityStage) -> Example:
    practice_id = PracticeId(UUID(stage.desk.practice_id))
    await stage.desk.enrolled()
    version = await stage.replica.publish_disclaimer(practice_id)
    return Example(
        path={"practice_id": practice_id},
        body={"version": version, "answer": "accept"},
        token=await stage.opened(MARIA),
    )


async def read_disclaimer(stage: IdentityStage) -> Example:
    return Example(token=stage.desk.access_token)


async def publish_disclaimer(stage: IdentityStage) -> Example:
    texts = {"en": "Ask before you worry.", "es": "Pregunte.\n\nLuego lea."}
    return Example(body={**BY_STAFF, "texts": texts}, token=stage.desk.access_token)


async def list_dormant_patients(stage: IdentityStage) -> Example:
    return Example(token=stage.desk.access_token, query={"months": "12"})


async def un_enrol_dormant_patients(stage: IdentityStage) -> Example:
    patient_id = await stage.desk.enrolled()
    stage.replica.clock.advance(days=400)
    desk = await stage.desk.renewed()
    body = {**BY_STAFF, "months": 12, "patient_ids": [patient_id]}
    return Example(body=body, token=desk.access_token)


async def hear_questions(stage: IdentityStage) -> Example:
    person = await stage.replica.an_account()
    receipt = await stage.recovery.receipt(person)
    return Example(body={"receipt": receipt}, token=await stage.opened(person.username))


async def skip_gate(stage: IdentityStage) -> Example:
    return Example(path={"gate": "account-email"}, token=await stage.session())


async def reset_password(stage: IdentityStage) -> Example:
    grant = await stage.recovery.grant(await stage.replica.an_account())
    return Example(body={"grant": grant, "new_password": "Copper!Lantern-9"})


async def change_username(stage: IdentityStage) -> Example:
    token = await stage.session()
    return Example(
        body={"username": "maria.lopez", "reauthenticated": await stage.proof(token, "username")},
        token=token,
    )


async def check_new_password(stage: IdentityStage) -> Example:
    return Example(body={"candidate": PASSWORD}, token=await stage.session())


async def change_password(stage: IdentityStage) -> Example:
    token = await stage.session()
    grant = await stage.proof(token, "password")
    return Example(body={"new_password": "Copper!Lantern-9", "reauthenticated": grant}, token=token)


async def set_up_app(stage: IdentityStage) -> Example:
    return Example(body={}, token=await stage.session())


async def confirm_app(stage: IdentityStage) -> Example:
    token = await stage.session()
    secret = (await set_up(stage.replica, token)).body["secret"]
    return Example(body={"code": code_of(secret, stage.replica.clock.now())}, token=token)


async def make_recovery_codes(stage: IdentityStage) -> Example:
    token = (await stage.two_stepper()).token
    return Example(
        body={"reauthenticated": await stage.proof(token, "recovery-codes")}, token=token
    )


async def change_two_step_mode(stage: IdentityStage) -> Example:
    token = (await stage.two_stepper()).token
    grant = await stage.proof(token, "two-step")
    return Example(body={"mode": "new-devices", "reauthenticated": grant}, token=token)


async def list_devices(stage: IdentityStage) -> Example:
    return Example(token=await stage.session())


async def revoke_device(stage: IdentityStage) -> Example:
    token = await stage.session()
    [device] = (await stage.replica.call("GET", "/account/devices", token=token)).body["devices"]
    return Example(path={"device_id": device["device_id"]}, token=token)


async def rename_device(stage: IdentityStage) -> Example:
    return (await revoke_device(stage)).but(name="Grandma's tablet")


async def turn_off_two_step(stage: IdentityStage) -> Example:
    token = (await stage.two_stepper()).token
    return Example(body={"reauthenticated": await stage.proof(token, "two-step-off")}, token=token)


async def take_second_step(stage: IdentityStage) -> Example:
    person = await stage.two_stepper()
    half = await person.log_on()
    return Example(body={"code": person.codes[0]}, token=half["access_token"])


async def list_passkeys(stage: IdentityStage) -> Example:
    return Example(token=await stage.session())


async def ask_for_new_passkey(stage: IdentityStage) -> Example:
    token = await stage.session()
    grant = await stage.proof(token, "passkeys")
    return Example(body={"name": "Phone", "reauthenticated": grant}, token=token)


async def made_by(holder: Holder) -> Example:
    """A passkey that its authenticator has made, and nobody keeps yet."""
    asked = await holder.options(
        "/account/passkeys", name="Phone", reauthenticated=await holder.grant()
    )
    credential = holder.authenticator.make(asked.body["options"])
    body = {"ceremony": asked.body["ceremony"], "credential": credential}
    return Example(body=body, token=holder.token)


async def make_passkey(stage: IdentityStage) -> Example:
    return await made_by(await stage.holder())


async def rename_passkey(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    path = {"passkey_id": await holder.made("Phone")}
    return Example(path=path, body={"name": "My old phone"}, token=holder.token)


async def remove_passkey(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    path = {"passkey_id": await holder.made("Phone")}
    return Example(path=path, body={"reauthenticated": await holder.grant()}, token=holder.token)


async def turn_on_two_step_by_passkeys(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    await holder.made("Phone")
    return Example(body={}, token=holder.token)


async def ask_for_passkey(_: IdentityStage) -> Example:
    return Example()


async def log_on_by_passkey(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    await holder.made("Phone")
    return Example(body=holder.answer(await ask_to_log_on(stage.replica)))


async def ask_for_second_step(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    await holder.made("Phone")
    await holder.two_step_by_passkeys()
    return Example(token=await stage.opened(holder.person.username))


async def ask_to_reauthenticate(stage: IdentityStage) -> Example:
    holder = await stage.holder()
    await holder.made("Phone")
    return Example(token=holder.token)


async def ask_to_prove_ownership(stage: IdentityStage) -> Example:
    return Example(token=await stage.session())


async def suspended(stage: IdentityStage) -> tuple[Holder, str]:
    """Somebody in the session after a reset, and her passkey."""
    holder = await stage.holder()
    passkey_id = await holder.made("Phone")
    grant = await stage.recovery.grant(holder.person, security_version=2)
    answer = await stage.replica.reset(grant, "Copper!Lantern-42")
    holder.token = answer.body["access_token"]
    holder.refresh_token = answer.body["refresh_token"]
    stage.passwords[holder.token] = "Copper!Lantern-42"
    return holder, passkey_id


async def keep_passkeys(stage: IdentityStage) -> Example:
    holder, passkey_id = await suspended(stage)
    return Example(body={"keep": [passkey_id]}, token=holder.token)


async def change_locale(stage: IdentityStage) -> Example:
    body = {"locale": "es-US", "time_zone": "America/Chicago"}
    return Example(body=body, token=await stage.session())


async def claim_email(stage: IdentityStage) -> Example:
    return Example(body={"address": ADDRESS}, token=await stage.session())


async def verify_email(stage: IdentityStage) -> Example:
    token = await stage.session()
    await stage.replica.call("POST", "/account/email", {"address": ADDRESS}, token=token)
    *_, link = await stage.postman.tokens("email-verification-requested")
    return Example(body={"token": link}, token=token)


async def reauthenticate(stage: IdentityStage) -> Example:
    return Example(body={"password": PASSWORD, "verb": "merge"}, token=await stage.session())


async def prove_ownership(stage: IdentityStage) -> Example:
    other = await stage.replica.an_account()
    return Example(body={"name": other.username, "password": PASSWORD}, token=await stage.session())


async def check_password(stage: IdentityStage) -> Example:
    return Example(
        body={
            "candidate": PASSWORD,
            "username": "june.hale",
            "email": "june@mail.example",
            "last_name": "Hale",
            "first_name": "June",
            "practice_name": "Elm Street",
            "birth_date": "1984-05-03",
        }
    )


async def refresh_session(stage: IdentityStage) -> Example:
    opened = await stage.replica.log_on((await stage.replica.an_account()).username)
    return Example(body={"refresh_token": opened.body["refresh_token"]})


async def revoke_session(stage: IdentityStage) -> Example:
    opened = await stage.replica.log_on((await stage.replica.an_account()).username)
    return Example(form={"token": opened.body["refresh_token"]})


async def list_sessions(stage: IdentityStage) -> Example:
    return Example(token=await stage.session())


async def end_session(stage: IdentityStage) -> Example:
    opened = await stage.replica.log_on((await stage.replica.an_account()).username)
    return Example(
        path={"session_id": opened.body["session_id"]}, token=opened.body["access_token"]
    )


async def end_other_sessions(stage: IdentityStage) -> Example:
    return Example(token=await stage.session())


async def introspect_token(stage: IdentityStage) -> Example:
    return Example(form={"token": await stage.session()}, token=await stage.gateway())


async def list_signing_keys(stage: IdentityStage) -> Example:
    return Example()


async def register_patient(stage: IdentityStage) -> Example:
    body = {"last_name": "García", "first_name": "Maria", "birth_date": "1984-05-03"}
    return Example(body=body, token=stage.desk.access_token)


async def register_patients(stage: IdentityStage) -> Example:
    body = {"last_name": "García", "first_name": "Maria", "birth_date": "1984-05-03"}
    rows = [{**body, "number": "P-77", "email": ADDRESS, "invite": True}]
    return Example(body={**BY_STAFF, "patients": rows}, token=stage.desk.access_token)


async def find_patients(stage: IdentityStage) -> Example:
    body = {"last_name": LAST_NAME, "birth_date": BIRTH_DATE}
    return Example(body=body, token=stage.desk.access_token)


async def read_own_client(stage: IdentityStage) -> Example:
    return Example(token=stage.desk.access_token)


async def rotate_own_secret(stage: IdentityStage) -> Example:
    _, secret = stage.desk.client
    body = {**BY_STAFF, "client_secret": secret, "overlap_hours": 24}
    return Example(body=body, token=stage.desk.access_token)


async def revoke_own_client(stage: IdentityStage) -> Example:
    return (await rotate_own_secret(stage)).but(overlap_hours=None)


async def read_practice_settings(stage: IdentityStage) -> Example:
    return Example(token=stage.desk.access_token)


async def change_practice_settings(stage: IdentityStage) -> Example:
    return Example(body={**BY_STAFF, "reset_link_minutes": 30}, token=stage.desk.access_token)


async def obtain_client_token(stage: IdentityStage) -> Example:
    client_id, secret = stage.desk.client
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
    return Example(form=form)


async def read_account(stage: IdentityStage) -> Example:
    return Example(token=await stage.session())


async def read_source_at_identity(stage: IdentityStage) -> Example:
    return Example()
