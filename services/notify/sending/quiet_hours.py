"""Quiet hours: no practice's text message rings at night where its recipient is (NT-3). Pure."""

from datetime import UTC, datetime, time, timedelta

from services.notify.sending.moments import zone_of

EVENING, MORNING = time(21), time(8)


def held_until(now: datetime, *, time_zone: str) -> datetime | None:
    """Return the next 8 o'clock there, where it is night; None: it may go at once.

    The morning is found on its clock, so a night in which clocks change is as long as that makes
    it.
    """
    there = now.astimezone(zone_of(time_zone))
    if MORNING <= there.time() < EVENING:
        return None
    day = there.date() + timedelta(days=there.time() >= EVENING)
    return datetime.combine(day, MORNING, tzinfo=there.tzinfo).astimezone(UTC)
