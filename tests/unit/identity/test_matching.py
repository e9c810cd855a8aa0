"""The one comparison of name and birth date."""

from datetime import date

import pytest

from shared.contracts.matching import same_person

DAY = date(1984, 5, 3)


@pytest.mark.parametrize("typed", ["O'Brien-Müller", "obrien muller", " OBRIEN MU\u0308LLER "])
def test_case_accents_signs_and_blanks_do_not_make_another_person(typed: str) -> None:
    assert same_person("O'Brien-Müller", DAY, typed, DAY)


@pytest.mark.parametrize(
    ("name", "day"), [("Obrien", DAY), ("O'Brien-Müller", date(1984, 3, 5)), ("'", DAY)]
)
def test_another_name_or_day_is_another_person(name: str, day: date) -> None:
    assert not same_person("O'Brien-Müller", DAY, name, day)


def test_a_name_without_letters_matches_nothing() -> None:
    assert not same_person("--", DAY, "--", DAY)
