"""The one comparison of name and birth date."""

from datetime import date

import pytest

from shared.contracts.matching import Named, same_holder, same_person

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


SMITH, JONES = Named("Smith", DAY), Named("Jones", DAY)


@pytest.mark.parametrize(
    ("records", "others"),
    [([SMITH], [SMITH]), ([SMITH, JONES], [JONES]), ([JONES], [SMITH, Named("JONES", DAY)])],
)
def test_one_record_in_common_makes_two_accounts_one_persons(
    records: list[Named], others: list[Named]
) -> None:
    assert same_holder(records, others)
    assert same_holder(others, records)


@pytest.mark.parametrize(
    ("records", "others"),
    [
        ([SMITH], [JONES]),
        ([SMITH], [Named("Smith", date(1984, 3, 5))]),
        ([SMITH], []),
        ([], [SMITH]),
        ([], []),
    ],
)
def test_without_a_record_in_common_they_are_two_persons(
    records: list[Named], others: list[Named]
) -> None:
    assert not same_holder(records, others)
    assert not same_holder(others, records)
