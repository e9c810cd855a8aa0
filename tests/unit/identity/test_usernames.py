"""ID-1, ID-4: what a username may be, and when two names are one."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.identity.accounts.errors import (
    UsernameHasWhitespace,
    UsernameIsAnAddress,
    UsernameNotPrintable,
    UsernameTooLong,
    UsernameTooShort,
)
from services.identity.accounts.names import check_username
from shared.contracts.log_on_names import name_key
from shared.errors import Invalid

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
        "e\u0301" * 6,
        "e\u0301" * 50,
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
        ("maria\u2800garcia", UsernameNotPrintable),
        ("maria\ufffcgarcia", UsernameNotPrintable),
        ("maria\U0001d159garcia", UsernameNotPrintable),
        ("maria\u2028garcia", UsernameHasWhitespace),
        ("maria\u00adgarcia", UsernameNotPrintable),
        ("\u2800" * 6, UsernameNotPrintable),
        ("e\u0301" * 5, UsernameTooShort),
        ("e\u0301" * 51, UsernameTooLong),
        ("\ufdfa" * 3, UsernameTooLong),
        ("\ufdfa" * 4096, UsernameTooLong),
        ("\u200b" * 4096, UsernameTooShort),
        ("maria@mail.example", UsernameIsAnAddress),
        ("maria\uff20mail.example", UsernameIsAnAddress),
    ],
)
def test_anything_else_is_refused_by_its_own_name(name: str, error: type[Invalid]) -> None:
    with pytest.raises(error) as refused:
        check_username(name)

    [violation] = refused.value.violations
    assert (violation.field, violation.code) == ("username", error.code)
    assert re.findall(r"\d+", violation.detail) == [str(end) for end in violation.params.values()]


@pytest.mark.parametrize("around", [" \t", "\u200b", "\ufeff", "\u00ad\u00a0", "\u2060\u200f"])
def test_what_a_paste_brings_along_at_the_ends_is_no_part_of_a_name(around: str) -> None:
    assert check_username(f"{around}maria.garcia{around}") == "maria.garcia"
    assert name_key(f"{around}maria.garcia{around}") == name_key("maria.garcia")
    assert name_key(f"{around}maria@mail.example{around}") == name_key("maria@mail.example")


def test_length_counts_code_points_of_the_trimmed_name() -> None:
    assert check_username("  \U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\U0001f600\t") == (
        "\U0001f600" * 6
    )


@pytest.mark.proves("ID-4")
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


@pytest.mark.proves("ID-4")
@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x@bücher.example", "x@xn--bcher-kva.example"),
        ("x@bücher.example", "X@XN--BCHER-KVA.EXAMPLE"),
        ("x@bücher.example", "x@BU\u0308CHER.example"),
        ("x@bücher.example", "x＠bücher。example"),
        ("x@faß.de", "x@xn--fa-hia.de"),
        ("Maria@Mail.Example", "maria@mail.example"),
        ("straße@mail.example", "STRASSE@mail.example"),
        ("x@a--b.example", "X@A--B.example"),
    ],
)
def test_a_mailbox_has_one_key_however_its_domain_is_written(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


def test_two_domains_are_two_mailboxes() -> None:
    assert name_key("x@faß.de") != name_key("x@fass.de")
    assert name_key("x@a.example") != name_key("x.a@example")


def test_a_name_that_is_too_long_for_any_is_nobodys() -> None:
    assert name_key("\ufdfa" * 4096) == "\ufdfa" * 4096
    assert name_key("maria.garcia" + "\u200b" * 4096 + "x") != name_key("maria.garcia")


LIKE_ADDRESSES = st.builds(
    "{}@{}".format,
    st.text(max_size=20),
    st.text(st.sampled_from("aß.ẞK\u0130ü。-xn1\u200d\u00ad\u0345ΣςŦⓐ@ "), max_size=20),
)


@given(st.one_of(st.text(), LIKE_ADDRESSES, st.emails()))
@example("@-ß.À")  # no domain before it is folded, and one after
def test_the_key_of_a_key_is_itself(name: str) -> None:
    assert name_key(name_key(name)) == name_key(name)


@given(st.text())
def test_blanks_around_a_name_do_not_make_another_name(name: str) -> None:
    assert name_key(f" \t{name}\n") == name_key(name)


@given(st.text(alphabet=st.characters(categories=["L", "N", "P", "S"]), min_size=6, max_size=50))
def test_an_accepted_name_is_kept_as_it_was_typed(name: str) -> None:
    try:
        kept = check_username(name)
    except Invalid:
        return

    assert kept == name.strip()
    assert 6 <= len(kept) <= 50
