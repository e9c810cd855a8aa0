"""No practice's text message rings at night where its recipient is (NT-3)."""

from datetime import UTC, datetime

import pytest

from services.notify.sending.quiet_hours import held_until

pytestmark = pytest.mark.proves("NT-3")

UTC_, NEW_YORK, KIRITIMATI = "UTC", "America/New_York", "Pacific/Kiritimati"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "until"),
    [
        ("2031-03-05T07:59:59.999999", UTC_, "2031-03-05T08:00"),
        ("2031-03-05T08:00", UTC_, None),
        ("2031-03-05T20:59:59.999999", UTC_, None),
        ("2031-03-05T21:00", UTC_, "2031-03-06T08:00"),
        ("2031-12-31T23:30", UTC_, "2032-01-01T08:00"),
        ("2031-03-05T12:59", NEW_YORK, "2031-03-05T13:00"),
        ("2031-03-06T01:59", NEW_YORK, None),
        ("2031-03-06T02:00", NEW_YORK, "2031-03-06T13:00"),
        ("2031-03-09T03:00", NEW_YORK, "2031-03-09T12:00"),  # clocks go forward in this night
        ("2031-11-02T02:00", NEW_YORK, "2031-11-02T13:00"),  # and back in this one
        ("2031-03-05T08:00", KIRITIMATI, "2031-03-05T18:00"),
    ],
)
def test_from_nine_in_the_evening_it_is_held_until_eight_there(
    now: str, zone: str, until: str | None
) -> None:
    assert held_until(at(now), time_zone=zone) == (until and at(until))
