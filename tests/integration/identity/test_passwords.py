"""ID-3: the check verb, and what is kept of the last passwords."""

from importlib.metadata import version as version_of

import pytest

from tests.builders.practices import Postman, PracticeDesk, enrol
from tests.rigs.identity import PASSWORD, Identity

pytestmark = pytest.mark.proves("ID-3")


async def test_every_rule_is_told_with_met_not_met_or_on_saving(identity: Identity) -> None:
    answer = await identity.call(
        "POST", "/passwords/check", {"candidate": "maria.garcia", "username": "Maria.Garcia"}
    )

    states = {rule["code"]: rule["state"] for rule in answer.body["rules"]}
    assert answer.body["acceptable"] is False
    assert states["has_upper"] == states["has_digit"] == states["not_username"] == "not_met"
    assert states["long_enough"] == states["not_common"] == states["not_name"] == "met"
    assert states["not_recent"] == "on_saving"
    assert all(rule["text"] for rule in answer.body["rules"])


@pytest.mark.parametrize(
    "username", ["e\u0301" * 50, "\u1112\u1161\u11ab" * 50, "june\u200b", " ", ""]
)
async def test_a_username_is_compared_however_it_is_being_typed(
    identity: Identity, username: str
) -> None:
    answer = await identity.call(
        "POST", "/passwords/check", {"candidate": PASSWORD, "username": username}
    )

    assert (answer.status, answer.body.get("acceptable")) == (200, True)


async def test_the_list_of_common_passwords_can_be_read_by_whoever_wonders(
    identity: Identity,
) -> None:
    answer = await identity.call("POST", "/passwords/check", {"candidate": "Password1!"})

    lists = {rule["code"]: rule["list"] for rule in answer.body["rules"] if rule["list"]}
    assert lists == {
        "not_common": {
            "name": "zxcvbn",
            "version": version_of("zxcvbn"),
            "address": "https://github.com/dwolfhub/zxcvbn-python",
        }
    }


async def test_in_a_session_a_candidate_is_judged_beside_what_the_account_is_known_by(
    desk: PracticeDesk, postman: Postman
) -> None:
    identity = desk.identity
    await enrol(identity, await desk.a_token(), email="juniper@mail.example")
    token = (await identity.log_on("maria.garcia")).body["access_token"]

    for candidate, code in (
        ("Maria.Garcia-1", "not_username"),
        ("Juniper-12!", "not_email"),
        ("García-12!x", "not_name"),
        ("03/05/1984-aB", "not_birth_date"),
        ("Elm-Street-7", "not_practice_or_portal"),
        ("Portico-1!aB", "not_practice_or_portal"),
    ):
        body = {"candidate": candidate}
        known = await identity.call("POST", "/account/password/check", body, token=token)
        unknown = await identity.call("POST", "/passwords/check", body)
        states = [
            {rule["code"]: rule["state"] for rule in answer.body["rules"]}
            for answer in (known, unknown)
        ]
        assert states[0][code] == "not_met", candidate
        assert states[1][code] == "met" or "Portico" in candidate
        assert states[0]["not_recent"] == "on_saving"


async def test_forty_candidates_in_five_minutes_are_judged_in_a_session(
    identity: Identity,
) -> None:
    token = (await identity.logged_on())["access_token"]

    answers = [
        await identity.call("POST", "/account/password/check", {"candidate": "x"}, token=token)
        for _ in range(41)
    ]

    assert [answer.status for answer in answers] == [200] * 40 + [429]
    assert answers[-1].headers["Retry-After"] == "300"


async def test_a_good_candidate_is_acceptable(identity: Identity) -> None:
    answer = await identity.call("POST", "/passwords/check", {"candidate": PASSWORD})

    assert (answer.status, answer.body["acceptable"]) == (200, True)


async def test_a_candidate_is_never_refused_to_be_checked(identity: Identity) -> None:
    for candidate in ("", " ", "x" * 4096, "\U0001f600" * 300, "a\tb"):
        answer = await identity.call("POST", "/passwords/check", {"candidate": candidate})
        assert answer.status == 200


@pytest.mark.proves("ID-5")
async def test_no_password_is_kept_in_the_clear_and_each_hash_names_its_scheme(
    identity: Identity,
) -> None:
    person = await identity.an_account()

    [row] = await identity.rows("SELECT password_hash, hash FROM accounts, password_history")

    assert person.password not in row["password_hash"] + row["hash"]
    assert row["password_hash"] != row["hash"]
    assert "$04$" in row["password_hash"]
