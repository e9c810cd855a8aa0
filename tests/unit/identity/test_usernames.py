"""ID-1, ID-4: what a username may be, and when two names are one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.errors import (
    UsernameHasWhitespace,
    UsernameIsAnAddress,
    UsernameNotPrintable,
    UsernameRefused,
    UsernameTooLong,
    UsernameTooShort,
)
from services.identity.usernames import check_username
from shared.contracts.log_on_names import name_key

pytestmark = pytest.mark.proves("ID-1")


@pytest.mark.parametrize(
    "name",
    [
        "a" * 6,
        "a" * 50,
        "\u041c\u0430\u0440\u0438\u044f1",
        "maria.garcia",
        "マリア田中花子",
        "a+b!c#",
    ],
)
def test_six_to_fifty_printable_characters_are_a_username(name: str) -> None:
    assert check_username(name) == name


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("a" * 5, UsernameTooShort),
        ("a" * 51, UsernameTooLong),
        ("maria garcia", UsernameHasWhitespace),
        ("maria\u00a0garcia", UsernameHasWhitespace),
        ("maria\u3000garcia", UsernameHasWhitespace),
        ("maria\x1bgarcia", UsernameNotPrintable),
        ("maria\u200bgarcia", UsernameNotPrintable),
        ("maria\u202egarcia", UsernameNotPrintable),
        ("maria\u115fgarcia", UsernameNotPrintable),
        ("maria\ufe0fgarcia", UsernameNotPrintable),
        ("maria@mail.example", UsernameIsAnAddress),
        ("maria\uff20mail.example", UsernameIsAnAddress),
    ],
)
def test_anything_else_is_refused_by_its_own_name(name: str, error: type[UsernameRefused]) -> None:
    with pytest.raises(error) as refused:
        check_username(name)

    assert [violation.field for violation in refused.value.violations] == ["username"]


def test_length_counts_code_points_of_the_trimmed_name() -> None:
    assert check_username("  \U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\t") == (
        "\U0001f600" * 6
    )


@pytest.mark.proves("ID-4", part="reserved names, an own verified address as username")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Maria.Garcia", "mARIA.gARCIA"),
        (" maria.garcia\n", "maria.garcia"),
        ("straße7", "STRASSE7"),
        ("ﬁnnegan", "finnegan"),
        ("\uff21lexander", "alexander"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Amélie", "Ame\u0301lie"),
    ],
)
def test_names_that_look_alike_to_a_computer_are_one_name(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@given(st.text())
def test_the_key_of_a_key_is_itself(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@given(st.text())
def test_blanks_around_a_name_do_not_make_another_name(name: str) -> None:
    assert name_key(f" \t{name}\n") == name_key(name)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S"]), min_size=6, max_size=50))
def test_an_accepted_name_is_kept_as_it_was_typed(name: str) -> None:
    try:
        kept = check_username(name)
    except UsernameRefused:
        return

    assert kept == name.strip()
    assert 6 <= len(kept) <= 50
