"""What shows nothing, and what a paste brings along."""

import pytest

from shared.contracts.code_points import shows, trimmed


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
