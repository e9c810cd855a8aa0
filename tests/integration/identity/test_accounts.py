"""ID-8: the account settings in one read."""

import asyncio

import pytest

from deploy.client.eventually import eventually
from shared.db import one_connection
from tests.builders.practices import Postman, PracticeDesk, enrol
from tests.rigs.identity import Identity

pytestmark = pytest.mark.proves("ID-8")


async def test_an_account_is_read_with_everything_that_belongs_to_it(
    desk: PracticeDesk, postman: Postman
) -> None:
    patient_id = await desk.a_patient()
    secret = (await desk.issue(patient_id)).body["token"]
    enrolled = await enrol(desk.identity, secret, email="maria@mail.example")
    token = (await desk.identity.log_on("maria.garcia")).body["access_token"]

    answer = await desk.identity.call("GET", "/account", token=token)

    assert answer.body == {
        "account_id": enrolled.body["account_id"],
        "username": "maria.garcia",
        "email": {"address": "maria@mail.example", "state": "claimed"},
        "claimed_email": None,
        "practices": [
            {
                "practice_id": desk.practice_id,
                "name": "Elm Street Practice",
                "contact": "+1 555 0100",
                "patient_id": patient_id,
                "state": "enrolled",
                "areas": {
                    "records": "open",
                    "medications": "open",
                    "messages": "open",
                    "appointments": "open",
                    "statements": "open",
                },
            }
        ],
        "gates": [
            {"name": "account-email", "required": False},
            {"name": "two-step", "required": False},
        ],
        "two_step": {"on": False, "mode": None, "means": [], "recovery_codes_left": 0},
        "passkeys": {"made": 0, "offered": True, "suspended": 0},
        "questions_set": False,
        "recovery_routes": ["practice"],
        "to_set_up": ["account-email"],
        "terms_version": "2026-01",
        "locale": "en-US",
        "time_zone": "America/New_York",
    }


async def test_an_address_that_is_to_take_the_place_of_another_is_read_beside_it(
    identity: Identity, postman: Postman
) -> None:
    person = await identity.an_account(email="old@mail.example")
    token = (await identity.log_on(person.username)).body["access_token"]
    proof = {"password": person.password, "verb": "email"}
    grant = (await identity.call("POST", "/account/reauthenticate", proof, token=token)).body
    body = {"address": "new@mail.example", "reauthenticated": grant["grant"]}
    await identity.call("POST", "/account/email", body, token=token)

    read = (await identity.call("GET", "/account", token=token)).body

    assert read["email"] == {"address": "old@mail.example", "state": "verified"}
    assert (read["claimed_email"], read["to_set_up"]) == ("new@mail.example", [])


async def test_a_read_beside_a_change_is_of_one_moment(identity: Identity) -> None:
    """A practice that comes between two statements of the read is in all of it or in none."""
    reader, other = await identity.an_account(enrolled=False), await identity.an_account()
    token = (await identity.log_on(reader.username)).body["access_token"]
    url = identity.database.administrator_url
    async with one_connection(url, application="test") as change, change.transaction():
        await change.execute(
            "LOCK TABLE identity.session_disclaimers"
        )  # what a session sees is read last
        await change.execute(
            "UPDATE identity.enrolments SET account_id = $1 WHERE account_id = $2",
            reader.id,
            other.id,
        )
        read = asyncio.ensure_future(identity.call("GET", "/account", token=token))
        await eventually(lambda: identity.database.waits_for_a_lock("identity"))

    answer = await read

    assert (answer.status, answer.body["practices"]) == (200, [])
