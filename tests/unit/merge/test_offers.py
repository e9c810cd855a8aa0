"""MG-7: where a merge is offered, and until which day the offer waits: the rules as tables."""

from datetime import UTC, date, datetime

import pytest

from services.merge.candidates.model import Place, day_in, place_of, quiet_from

pytestmark = pytest.mark.proves("MG-7")


@pytest.mark.parametrize(
    ("today", "until"),
    [
        (date(2031, 1, 1), date(2031, 4, 1)),
        (date(2031, 1, 31), date(2031, 4, 30)),
        (date(2031, 3, 31), date(2031, 6, 30)),
        (date(2030, 11, 29), date(2031, 2, 28)),
        (date(2030, 11, 30), date(2031, 2, 28)),
        (date(2031, 11, 30), date(2032, 2, 29)),  # a leap year
        (date(2032, 2, 29), date(2032, 5, 29)),
        (date(2031, 9, 30), date(2031, 12, 30)),
        (date(2031, 10, 1), date(2032, 1, 1)),
        (date(2031, 12, 31), date(2032, 3, 31)),
    ],
)
def test_an_offer_waits_three_calendar_months(today: date, until: date) -> None:
    assert quiet_from(today) == until


@pytest.mark.parametrize(
    ("candidates", "quiet_until", "place"),
    [
        (False, None, None),
        (False, date(2031, 4, 30), None),
        (True, None, Place.LOG_ON),
        (True, date(2031, 5, 1), None),
        (True, date(2031, 4, 30), Place.HOME),
        (True, date(2031, 4, 29), Place.HOME),
    ],
)
def test_who_has_skipped_it_once_is_offered_it_on_the_home_page_alone(
    candidates: bool, quiet_until: date | None, place: Place | None
) -> None:
    today = date(2031, 4, 30)

    assert place_of(candidates=candidates, quiet_until=quiet_until, today=today) is place


@pytest.mark.parametrize(
    ("zone", "now", "day"),
    [
        ("UTC", datetime(2031, 4, 29, 23, 59, 59, tzinfo=UTC), date(2031, 4, 29)),
        ("UTC", datetime(2031, 4, 30, tzinfo=UTC), date(2031, 4, 30)),
        ("America/Los_Angeles", datetime(2031, 4, 30, 6, 59, 59, tzinfo=UTC), date(2031, 4, 29)),
        ("America/Los_Angeles", datetime(2031, 4, 30, 7, 0, tzinfo=UTC), date(2031, 4, 30)),
        ("Pacific/Kiritimati", datetime(2031, 4, 29, 10, 0, tzinfo=UTC), date(2031, 4, 30)),
        ("Of/A-Later-Table", datetime(2031, 4, 30, tzinfo=UTC), date(2031, 4, 30)),
    ],
)
def test_a_day_begins_at_midnight_in_the_zone_of_the_account(
    zone: str, now: datetime, day: date
) -> None:
    assert day_in(zone, now) == day
