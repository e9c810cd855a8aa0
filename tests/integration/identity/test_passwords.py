"""ID-3: the check verb, and what is kept of the last passwords."""

import pytest

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
