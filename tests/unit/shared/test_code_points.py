"""ST-1: text that people read has something to see, on one line, and nothing that hides in it."""

import re

import pytest

from shared.contracts.code_points import ONE_LINE, shows, trimmed


@pytest.mark.parametrize(
    "text",
    [
        "O\u2019Brien",
        "Müller-Lüdenscheidt",
        "علی\u200cزاده",
        "ක්\u200dෂ",
        "葛\U000e0100飾",
        "Elm Street 7",
        "\u00a0x",
        "x",
    ],
)
def test_what_scripts_are_written_with_is_text(text: str) -> None:
    assert re.search(ONE_LINE, text)


UNWANTED = (
    "\x00\t\n\r\x1b\x7f\x85\x9f\u00ad\u061c\u115f\u180e\u200b\u200e\u200f\u2028\u2029\u202a\u202e"
    "\u2060\u2066\u2069\u206f\u2800\u3164\ufeff\uffa0\ufff9\ufffc\U000e0001\U000e0041"
)


@pytest.mark.parametrize("unwanted", UNWANTED, ids=ascii)
def test_what_breaks_turns_or_hides_is_not(unwanted: str) -> None:
    assert not re.search(ONE_LINE, f"a{unwanted}b")
    assert not re.search(ONE_LINE, f"ab{unwanted}")


@pytest.mark.parametrize("text", ["", " ", "\u00a0\u3000", "\u200c\u200d", "\ufe0f", " \u2800"])
def test_text_has_something_to_see(text: str) -> None:
    assert not re.search(ONE_LINE, text)


def test_a_blank_shows_nothing() -> None:
    assert [symbol for symbol in "a é\u200b\u2800\ufffc\U0001d159\x00中" if shows(symbol)] == [
        "a",
        "é",
        "中",
    ]


@pytest.mark.parametrize("text", ["", " ", "\u200b\ufeff \u00ad"])
def test_of_nothing_to_see_nothing_is_left(text: str) -> None:
    assert trimmed(text) == ""
    assert trimmed(f"{text}a{text}b{text}") == f"a{text}b"
