"""Whole years, by the calendar (EN-8)."""

from datetime import date

import pytest

from services.identity.enrolment.ages import age

BORN, LEAPLING = date(2013, 3, 5), date(2012, 2, 29)


@pytest.mark.proves("EN-8")
@pytest.mark.parametrize(
    ("born", "today", "years"),
    [
        (BORN, date(2031, 3, 4), 17),
        (BORN, date(2031, 3, 5), 18),
        (BORN, date(2013, 3, 5), 0),
        (LEAPLING, date(2030, 2, 28), 17),
        (LEAPLING, date(2030, 3, 1), 18),
        (LEAPLING, date(2028, 2, 28), 15),
        (LEAPLING, date(2028, 2, 29), 16),
        (date(2012, 12, 31), date(2030, 12, 30), 17),
        (date(2012, 12, 31), date(2030, 12, 31), 18),
    ],
)
def test_a_birthday_counts_from_its_first_moment(born: date, today: date, years: int) -> None:
    assert age(born, today) == years
