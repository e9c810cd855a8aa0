"""ID-3: every rule of both policies, told one by one."""

import re
import unicodedata
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.passwords.common_list import common_passwords
from services.identity.passwords.model import Context
from services.identity.passwords.policy import (
    PasswordPolicy,
    RuleState,
    password_policy,
)
from services.identity.settings import PolicyName

COMMON = common_passwords()
PORTAL = password_policy(PolicyName.PORTAL, common=COMMON, portal_name="Portico")
NIST = password_policy(PolicyName.NIST, common=COMMON, portal_name="Portico")
MARIA = Context(
    username="maria.garcia",
    emails=("m.lopez@mail.example",),
    names=("García-Lopez", "Maria"),
    birth_dates=(date(1984, 5, 3),),
    practices=("Elm Street Family Practice",),
)

pytestmark = pytest.mark.proves("ID-3")


def not_met(policy: PasswordPolicy, candidate: str, context: Context = MARIA) -> set[str]:
    return {
        rule.code for rule in policy.check(candidate, context) if rule.state is RuleState.NOT_MET
    }


@pytest.mark.parametrize("policy", [PORTAL, NIST])
def test_a_rule_s_numbers_stand_beside_its_text(policy: PasswordPolicy) -> None:
    for rule in policy.check("", MARIA):
        assert re.findall(r"\d+", rule.text) == [str(number) for number in rule.params.values()]


@pytest.mark.parametrize(
    ("candidate", "codes"),
    [
        ("Qx7!wumb", set()),
        ("Qx7!wum", {"long_enough"}),
        ("Qx7!" + "wumb" * 49, set()),
        ("Qx7!" + "wumb" * 49 + "w", {"not_too_long"}),
        ("qx7!wumb", {"has_upper"}),
        ("QX7!WUMB", {"has_lower"}),
        ("Qxy!wumb", {"has_digit"}),
        ("Qx7ywumb", {"has_special"}),
        ("Qx7! wu\tb", {"printable"}),
        ("Ünïç ødé 7!", set()),
        ("", {"long_enough", "has_upper", "has_lower", "has_digit", "has_special"}),
    ],
)
def test_portal_asks_for_length_and_composition(candidate: str, codes: set[str]) -> None:
    assert not_met(PORTAL, candidate) == codes


@pytest.mark.parametrize(
    ("candidate", "codes"),
    [
        ("zorgle wumble k", set()),
        ("zorgle wumble ", {"long_enough"}),
        ("漢" * 15, set()),
        ("\U00020021" * 200, set()),  # four bytes each
        ("\U00020021" * 201, {"not_too_long"}),
    ],
)
def test_nist_asks_for_fifteen_characters_and_no_composition(
    candidate: str, codes: set[str]
) -> None:
    assert not_met(NIST, candidate) == codes


@pytest.mark.parametrize(
    ("candidate", "codes"),
    [
        ("zorgle wumble", set()),
        ("wumble z", set()),
        ("wumble ", {"long_enough"}),
        ("password", {"not_common"}),
        ("\U00020021" * 201, {"not_too_long"}),
    ],
)
def test_nist_asks_for_eight_beside_two_step(candidate: str, codes: set[str]) -> None:
    assert not_met(NIST, candidate, replace(MARIA, two_step=True)) == codes


@pytest.mark.parametrize("policy", [PORTAL, NIST])
def test_what_a_password_has_to_meet_without_two_step_is_its_length_under_nist(
    policy: PasswordPolicy,
) -> None:
    asked = policy.check_alone("wumble z")

    assert [(rule.code, rule.state, dict(rule.params)) for rule in asked] == (
        [("long_enough", RuleState.NOT_MET, {"minimum": 15})] if policy is NIST else []
    )
    assert policy.asks_more_alone is (policy is NIST)
    assert not_met(PORTAL, "Qx7!wum", replace(MARIA, two_step=True)) == {"long_enough"}


def test_the_list_of_common_passwords_has_at_least_30000() -> None:
    assert len(COMMON) >= 30_000


@pytest.mark.parametrize("candidate", ["password1", "PassWord1", "Password1!", "!!trustno1!!"])
def test_a_common_password_is_refused_however_cased_or_wrapped_in_signs(candidate: str) -> None:
    assert "not_common" in not_met(PORTAL, candidate)


@pytest.mark.parametrize(
    ("candidate", "code"),
    [
        ("Maria.Garcia", "not_username"),
        ("mariagarcia12!", "not_username"),
        ("M.Lopez@Mail.Example", "not_email"),
        ("Mlopez#12", "not_email"),
        ("García-Maria-84", "not_name"),
        ("Maria1984!", "not_name"),
        ("Garcia1984!", "not_name"),
        ("Lopez#1984", "not_name"),
        ("Gárcïa#1984", "not_name"),
        ("05/03/1984!a", "not_birth_date"),
        ("1984-05-03Ab", "not_birth_date"),
        ("3.5.1984 Aa!", "not_birth_date"),
        ("May 3, 1984!", "not_birth_date"),
        ("ElmStreetFamilyPractice1!", "not_practice_or_portal"),
        ("Family2024!", "not_practice_or_portal"),
        ("Portico2024!", "not_practice_or_portal"),
    ],
)
def test_words_of_ones_own_are_refused_however_written(candidate: str, code: str) -> None:
    assert code in not_met(PORTAL, candidate)


def test_a_word_of_ones_own_in_a_long_password_is_allowed() -> None:
    assert not_met(PORTAL, "Maria rides 7 green whales!") == set()


def test_rules_about_words_that_are_not_known_yet_are_met() -> None:
    assert not_met(PORTAL, "Maria1984!", Context()) == set()


def test_every_rule_is_answered_in_the_same_order_and_reuse_only_on_saving() -> None:
    bad = PORTAL.check("", MARIA)
    good = PORTAL.check("Qx7!wumb", MARIA)

    assert [rule.code for rule in bad] == [rule.code for rule in good]
    assert good[-1].code == "not_recent"
    assert good[-1].state is RuleState.ON_SAVING


@given(st.text())
def test_a_password_is_judged_in_its_normal_form(candidate: str) -> None:
    decomposed = unicodedata.normalize("NFKD", candidate)

    assert not_met(PORTAL, candidate) == not_met(PORTAL, decomposed)


@given(st.text(), st.text(min_size=2))
def test_the_own_name_alone_never_passes(padding: str, name: str) -> None:
    letters = [s for s in unicodedata.normalize("NFKD", name.casefold()) if s.isalnum()]
    if len(unicodedata.normalize("NFC", "".join(letters).casefold())) < 2:
        return
    signs = "".join(s for s in padding if unicodedata.category(s)[0] == "P" and s.isascii())

    missed = not_met(PORTAL, signs + name + signs, Context(names=(name,)))
    assert missed & {"not_name", "not_too_long"}  # what is too long is compared with nothing
