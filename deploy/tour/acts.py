"""What a person or a practice does in more than one story."""

import re
from collections.abc import Mapping
from typing import Any

from deploy.client.answers import Answer
from deploy.client.eventually import eventually
from deploy.local.addresses import ClientCredentials
from deploy.local.caught import Mail
from deploy.tour.person import Person
from deploy.tour.stage import Stage

LINK = re.compile(r"#([\w-]{40,})")
AT_THE_DESK = {"staff_id": "desk-1", "reason": "at the desk"}


def secret_of(mail: Mail) -> str:
    """Read the secret from the fragment of the link in a mail."""
    found = LINK.search(mail.text)
    if not found:
        raise AssertionError(f"there is no link in the mail {mail.subject!r}")
    return found[1]


async def log_on(
    stage: Stage,
    person: Person,
    name: str,
    password: str,
    status: int = 201,
    *,
    elsewhere: bool = False,
) -> Answer:
    """Log on in her own browser or elsewhere, and keep the tokens of the session."""
    body = {"name": name, "password": password}
    if person.device and not elsewhere:
        body["device"] = person.device
    answer = await stage.call("log_on", status, body=body, source=person.source)
    if status == 201:
        person.tokens = answer.body
        if not elsewhere:
            person.device = answer.body.get("device", person.device)
    return answer


async def proof(stage: Stage, person: Person, verb: str) -> str:
    """Give her password again, for one verb; return the grant (SE-3)."""
    answer = await stage.call(
        "reauthenticate",
        200,
        token=person.tokens["access_token"],
        body={"password": person.password, "verb": verb},
    )
    return str(answer.body["grant"])


async def both_proven(stage: Stage, person: Person, other: Person) -> dict[str, Any]:
    """Prove both accounts anew; return what asks for their merge (MG-1)."""
    bearer = person.tokens["access_token"]
    own = await proof(stage, person, "merge")
    right = {"name": other.username, "password": other.password}
    owned = await stage.call("prove_ownership", 200, token=bearer, body=right)
    return {"reauthenticated": own, "owned": owned.body["grant"], "confirm": True}


async def notification_address(stage: Stage, person: Person, address: str) -> str:
    """Add another address and verify it by the link that is mailed there; return its id (NT-2)."""
    bearer = person.tokens["access_token"]
    body = {
        "address": address,
        "reauthenticated": await proof(stage, person, "notification-address"),
    }
    added = await stage.call("add_notification_address", 202, token=bearer, body=body)
    mail = await stage.mailbox.wait_for(address, subject="Confirm your address", within=15)
    link = {"token": secret_of(mail)}
    await stage.call("verify_notification_address", 200, token=bearer, body=link)
    return str(added.body["address_id"])


async def choose(stage: Stage, person: Person, bearer: str, ways: list[dict[str, Any]]) -> None:
    """She has her first practice reach her in these ways, in their order, as soon as notify has
    heard that it offers them.
    """
    said: dict[str, Any] = {"path": {"patient_id": person.patient_id}, "body": {"default": ways}}

    async def chosen() -> None:
        answer = await stage.gateway.call("choose_notification_preference", token=bearer, **said)
        stage.insist(answer.status == 204, f"not chosen: {answer.body}")

    await eventually(chosen, within=15)


async def written_to(stage: Stage, person: Person, practice: str, topic: str = "message") -> str:
    """Her first practice has something for her; return by what it knows it."""
    reference = stage.randomness.crockford(10)
    notice = {"patient_id": person.patient_id, "topic": topic, "reference": reference}
    await stage.call("submit_communication", 202, token=practice, body=notice)
    return reference


async def renewed(stage: Stage, person: Person) -> str:
    """Renew her session, and return its access token."""
    body = {"refresh_token": person.tokens["refresh_token"]}
    person.tokens = (await stage.call("refresh_session", 200, body=body)).body
    return str(person.tokens["access_token"])


async def set_questions(stage: Stage, person: Person, answers: Mapping[str, str]) -> None:
    """Set five security questions, and bring identity the receipt (RC-8). Where it heard of them
    by the bus first, her token is void already: she renews it, as any client does.
    """
    five = {"questions": [{"code": code, "answer": one} for code, one in answers.items()]}
    bearer = person.tokens["access_token"]
    made = await stage.call("set_security_questions", 200, token=bearer, body=five)
    receipt = {"receipt": made.body["receipt"]}
    heard = await stage.gateway.call("hear_questions", token=bearer, body=receipt)
    bearer = await renewed(stage, person)
    if heard.status == 401:
        heard = await stage.gateway.call("hear_questions", token=bearer, body=receipt)
    heard.must(204)


async def renewed_for(stage: Stage, person: Person, verb: str, **arguments: Any) -> Answer:
    """Call a verb with a token of now, while a merge goes on: "not yet" where it came between the
    two and voided the token.
    """
    bearer = await renewed(stage, person)
    answer = await stage.gateway.call(verb, token=bearer, **arguments)
    stage.insist(answer.status != 401, f"{verb}: the token is void already")
    answer.must(200)
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


async def enrolment_token(
    stage: Stage, practice: ClientCredentials, person: Person
) -> tuple[str, str]:
    """Register her at a practice, and issue a token; return the record's id and the token."""
    token = await client_token(stage, practice)
    record = {
        "last_name": person.last_name,
        "first_name": person.first_name,
        "birth_date": person.birth_date,
        "home_phone": f"+1 {person.home_phone}",
        "address": person.street,
    }
    patient = await stage.call("register_patient", 201, token=token, body=record)
    issued = await stage.call(
        "issue_enrolment_token",
        201,
        token=token,
        path={"patient_id": patient.body["patient_id"]},
        body={"handed_over": "in-person", **AT_THE_DESK},
    )
    stage.tell(f"token {issued.body['token']}, good until {issued.body['expires_at']}")
    return str(patient.body["patient_id"]), str(issued.body["token"])


async def reachable_record(stage: Stage, practice: ClientCredentials, person: Person) -> str:
    """Register her with a phone and an address to write to; return the record's id."""
    record = {
        "last_name": person.last_name,
        "first_name": person.first_name,
        "birth_date": person.birth_date,
        "home_phone": f"+1 {person.home_phone}",
        "email": person.address,
    }
    token = await client_token(stage, practice)
    patient = await stage.call("register_patient", 201, token=token, body=record)
    return str(patient.body["patient_id"])


async def enrol_by_proof(stage: Stage, person: Person, proof: dict[str, Any]) -> None:
    """Prove what the practice handed out, and enrol with the grant in its place, without e-mail."""
    proven = await stage.call("prove_enrolment", 200, body=proof, source=person.source)
    stage.tell(f"{proven.body['practice_name']} enrols her; nothing is used up yet")
    terms = await stage.call("read_terms", 200)
    form = {
        "terms_version": terms.body["version"],
        "grant": proven.body["grant"],
        "no_email": True,
        "username": person.username,
        "password": person.password,
    }
    enrolled = await stage.call("enrol", 201, body=form, source=person.source)
    stage.tell(f"recovery routes she has: {', '.join(enrolled.body['recovery_routes'])}")


async def enrol(stage: Stage, person: Person, token: str) -> dict[str, Any]:
    """Enrol with a token; return what was sent."""
    terms = await stage.call("read_terms", 200)
    form = {
        "terms_version": terms.body["version"],
        "token": token,
        "birth_date": person.birth_date,
        "last_name": person.last_name,
        "email": person.address,
        "username": person.username,
        "password": person.password,
    }
    enrolled = await stage.call("enrol", 201, body=form, source=person.source)
    stage.tell(f"recovery routes she has: {', '.join(enrolled.body['recovery_routes'])}")
    return form


async def reset_token(stage: Stage, practice: ClientCredentials, person: Person) -> str:
    """Have her practice give her a token by phone, once recovery has heard how things stand."""
    token = await client_token(stage, practice)

    async def given() -> str:
        issued = await stage.gateway.call(
            "issue_reset_token",
            token=token,
            path={"patient_id": person.patient_id},
            body={"handed_over": "phone", **AT_THE_DESK},
        )
        stage.insist(issued.code != "patient_not_enrolled", "recovery has not heard of her")
        return str(issued.must(201)["token"])

    person.reset_tokens.append(await eventually(given, pause=0.1))
    return person.reset_tokens[-1]


async def reset_by_token(stage: Stage, person: Person, token: str) -> Answer:
    """Set a new password by a practice's token, typed with a blank in its midst."""
    said = {"username": person.username, "token": f"{token[:4]} {token[4:]}"}
    redeemed = await stage.call("redeem_reset_token", 200, body=said, source=person.source)
    person.password = f"Copper!Lantern-{stage.randomness.digits(4)}"
    reset = {"grant": redeemed.body["grant"], "new_password": person.password}
    if person.device:
        reset["device"] = person.device
    answer = await stage.call("reset_password", 200, body=reset, source=person.source)
    person.tokens = answer.body
    person.device = answer.body.get("device", person.device)
    return answer
