"""Moments as a person reads them: in her language, as her country writes them, in her zone."""

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time

from shared.contracts.languages import Language


def written_out(moment: datetime, *, language: Language, locale: str, time_zone: str) -> str:
    """Write a moment out, with its zone: a mail is read wherever its reader travels."""
    minute = moment.replace(second=0, microsecond=0)  # nobody is told more, and many share it
    return minute_written_out(minute, language, locale, time_zone)


@lru_cache(maxsize=1024)
def minute_written_out(moment: datetime, language: str, locale: str, time_zone: str) -> str:
    custom = custom_of(language, locale)
    there = moment.astimezone(zone_of(time_zone))
    day = format_date(there, format="long", locale=custom)
    return f"{day}, {format_time(there, format='short', locale=custom)} ({there:%Z})"


@lru_cache(maxsize=128)
def custom_of(language: Language, locale: str) -> Locale:
    """Find how the locale's country writes dates in the language; its first country's way where
    the locale is of another language, or of none.
    """
    try:
        found = Locale.parse(locale.replace("_", "-"), sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale(language.value)
    return found if found.language == language else Locale(language.value)


def zone_of(name: str) -> tzinfo:
    """An unknown time zone is printed as UTC, which the mail names: it must not hold up a mail."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
