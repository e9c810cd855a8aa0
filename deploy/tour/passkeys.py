"""How a person logs on by a passkey, with a soft authenticator in the place of her phone."""

from typing import Any
from urllib.parse import urlsplit

from deploy.client.answers import Answer
from deploy.tour import acts
from deploy.tour.authenticator import Authenticator
from deploy.tour.person import Person
from deploy.tour.stage import Stage


async def passkey(stage: Stage, person: Person) -> None:
    """She makes one, logs on by it without a name, proves by it who she is, and removes it."""
    portal = stage.stack.portal
    phone = Authenticator(origin=portal, rp_id=urlsplit(portal).hostname or "")
    with stage.step("She makes a passkey on her phone, and is told", "MF-5, SE-3"):
        bearer = person.tokens["access_token"]
        named = {"name": "Phone", "reauthenticated": await acts.proof(stage, person, "passkeys")}
        asked = await stage.call("ask_for_new_passkey", 200, token=bearer, body=named)
        made = {
            "ceremony": asked.body["ceremony"],
            "credential": phone.make(asked.body["options"]),
        }
        kept = await stage.call("make_passkey", 201, token=bearer, body=made)
        await stage.mail(person, "A passkey was made")
        await stage.refused("make_passkey", 409, "ceremony_over", token=bearer, body=made)
        stage.tell("its ceremony a second time: ceremony_over")
    with stage.step("She logs on by it, without a name and without a code", "MF-6, MF-7"):
        asked = await stage.call("ask_for_passkey", 200)
        stage.insist(asked.body["options"]["allowCredentials"] == [], "it names credentials")
        said = {**answer(phone, asked), "device": person.device}
        session = await stage.call("log_on_by_passkey", 201, body=said, source=person.source)
        person.tokens = session.body
        stage.insist(session.body["scope"] == "full", f"gates: {session.body['gates']}")
        stage.tell("a full session")
    with stage.step("She proves by it who she is, and removes it", "MF-8, MF-9"):
        bearer = person.tokens["access_token"]
        asked = await stage.call("ask_to_reauthenticate", 200, token=bearer)
        proof = {**answer(phone, asked), "verb": "passkeys"}
        grant = await stage.call("reauthenticate", 200, token=bearer, body=proof)
        await stage.call(
            "remove_passkey",
            204,
            token=bearer,
            path={"passkey_id": kept.body["passkey_id"]},
            body={"reauthenticated": grant.body["grant"]},
        )
        await stage.mail(person, "A passkey was removed")
        asked = await stage.call("ask_for_passkey", 200)
        gone = answer(phone, asked)
        await stage.refused("log_on_by_passkey", 403, "passkey_unknown", body=gone)
        stage.tell("afterwards it logs nobody on: passkey_unknown")


def answer(phone: Authenticator, asked: Answer) -> dict[str, Any]:
    """What her browser sends of the passkey's answer."""
    return {
        "ceremony": asked.body["ceremony"],
        "credential": phone.answer(asked.body["options"]),
    }
