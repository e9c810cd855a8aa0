"""What a session is known by in its holder's list: shown as it was said, and believed by nobody."""

from typing import Any

import pytest

from tests.builders.two_step import turned_on
from tests.rigs.identity import PASSWORD, Identity, Recovery

pytestmark = pytest.mark.proves("SE-1")
NEW = "Copper!Lantern-42"
PHONE = {"device_name": "June's phone", "agent": "Mozilla/5.0 (Linux; Android 16)"}
LONGEST = {"device_name": "ñ" * 200, "agent": "📱" * 200}


async def this_one(identity: Identity, token: str) -> dict[str, Any]:
    """What the list says of the session that asks."""
    listed = await identity.call("GET", "/sessions", token=token)
    [current] = [each for each in listed.body["sessions"] if each["current"]]
    known_by = ("device_name", "agent", "network", "begun_by")
    return {name: current[name] for name in known_by}


@pytest.mark.parametrize("said", [PHONE, LONGEST, {}])
async def test_the_list_shows_device_and_agent_as_they_were_said_at_log_on(
    identity: Identity, said: dict[str, str]
) -> None:
    june = await identity.an_account()
    body = {"name": june.username, "password": june.password, **said}

    session = await identity.call("POST", "/sessions", body, source="198.51.100.77")

    assert await this_one(identity, session.body["access_token"]) == {
        "device_name": said.get("device_name"),
        "agent": said.get("agent"),
        "network": "198.51.100.0/24",
        "begun_by": ["password"],
    }


async def test_of_an_ipv6_address_no_more_than_48_bits_are_shown(identity: Identity) -> None:
    june = await identity.an_account()
    body = {"name": june.username, "password": june.password}

    session = await identity.call("POST", "/sessions", body, source="2001:db8:aa:bb::77")

    shown = await this_one(identity, session.body["access_token"])
    assert shown["network"] == "2001:db8:aa::/48"


@pytest.mark.parametrize("field", ["device_name", "agent"])
@pytest.mark.parametrize(
    "text", ["", " ", "x" * 201, "a\nb", "a\u202eb", "a\x00b", "a\u200bb", "a\x1b[31mb"]
)
async def test_a_text_that_hides_or_turns_what_is_shown_is_refused_and_nothing_is_opened(
    identity: Identity, field: str, text: str
) -> None:
    june = await identity.an_account()
    body = {"name": june.username, "password": june.password, field: text}

    answer = await identity.call("POST", "/sessions", body)

    assert answer.refused() == (400, "body_invalid")
    assert [error["field"] for error in answer.body["errors"]] == [field]
    assert await identity.rows("SELECT FROM sessions") == []


@pytest.mark.proves("MF-3", "LG-3")
@pytest.mark.parametrize("said", [{}, {"device_name": "Desk at work"}])
@pytest.mark.parametrize("by", ["app", "recovery-code"])
async def test_after_the_second_step_it_is_known_by_what_was_said_at_either(
    identity: Identity, by: str, said: dict[str, str]
) -> None:
    june = await turned_on(identity)
    body = {"name": june.person.username, "password": PASSWORD, **PHONE}
    half = (await identity.call("POST", "/sessions", body)).body
    code = june.codes[0] if by == "recovery-code" else await june.next_code()

    full = await june.step(half["access_token"], code, **said)

    shown = await this_one(identity, full.body["access_token"])
    assert (shown["device_name"], shown["agent"]) == (
        said.get("device_name", PHONE["device_name"]),
        PHONE["agent"],
    )
    assert shown["begun_by"] == ["password", by]


@pytest.mark.proves("RC-3", "RC-10")
async def test_a_reset_and_its_second_step_are_both_shown(
    identity: Identity, recovery: Recovery
) -> None:
    june = await turned_on(identity)
    [row] = await identity.rows(
        "SELECT security_version FROM accounts WHERE id = $1", june.person.id
    )
    grant = await recovery.grant(june.person, security_version=row["security_version"])
    body = {"grant": grant, "new_password": NEW, **PHONE}
    half = (await identity.call("POST", "/passwords/reset", body)).body

    full = await june.step(half["access_token"], await june.next_code())

    shown = await this_one(identity, full.body["access_token"])
    assert shown["begun_by"] == ["password-reset", "app"]
    assert shown["device_name"] == PHONE["device_name"]


@pytest.mark.proves("ID-7")
async def test_who_changes_her_password_goes_on_on_the_same_device(identity: Identity) -> None:
    june = await identity.an_account()
    body = {"name": june.username, "password": june.password, **PHONE}
    token = (await identity.call("POST", "/sessions", body)).body["access_token"]
    asked = {"password": june.password, "verb": "password"}
    proof = await identity.call("POST", "/account/reauthenticate", asked, token=token)
    change = {"new_password": NEW, "reauthenticated": proof.body["grant"]}

    changed = await identity.call("PUT", "/account/password", change, token=token)

    shown = await this_one(identity, changed.body["access_token"])
    assert shown["device_name"] == PHONE["device_name"]
    assert shown["begun_by"] == ["password-change"]
