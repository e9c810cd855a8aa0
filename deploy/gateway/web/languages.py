"""English and Spanish: texts out of catalogues that are read at start, and dates as they are said.

The one door to Babel.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import cache
from gettext import GNUTranslations, NullTranslations
from importlib.resources import files
from importlib.resources.abc import Traversable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

NAMES: Mapping[str, str] = {"en": "English", "es": "Español"}
SOURCE = "en"


def N_(text: str) -> str:
    """Mark a text for the catalogue; it is translated where it is shown."""
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """One language: `code` goes into `lang`, the rest into pages."""

    code: str
    name: str
    translations: NullTranslations
    locale: Locale
    month_first: bool

    def say(self, text: str, **values: object) -> str:
        """Translate a marked text, and fill its places."""
        found = self.translations.gettext(text)
        return found % values if values else found

    def day(self, day: date) -> str:
        """Write a day out."""
        return format_date(day, format="long", locale=self.locale)

    def moment(self, moment: datetime, zone: str | None = None) -> str:
        """Write a moment out, in that zone."""
        there = moment.astimezone(zone_of(zone))
        return f"{self.day(there)}, {format_time(there, format='short', locale=self.locale)}"


def zone_of(name: str | None) -> tzinfo:
    """Return a time zone by its name; UTC for none, and for one this machine does not know."""
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def places(own: str) -> Mapping[str, list[str]]:
    """Group the time zones that people live in by continent, and the account's own among them."""
    found: dict[str, list[str]] = {}
    for name in sorted({*time_zones(), own}):
        found.setdefault(name.partition("/")[0], []).append(name)
    return found


@cache
def time_zones() -> frozenset[str]:
    """Read the names that stand for a place today, and UTC."""
    table = files("tzdata.zoneinfo").joinpath("zone.tab").read_text().splitlines()
    return frozenset(line.split("\t")[2] for line in table if not line.startswith("#")) | {"UTC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Languages:
    """All that a person can choose from."""

    each: Mapping[str, Language]

    @classmethod
    def read(cls, catalogues: Traversable) -> "Languages":
        """Read the catalogue of every language but the one the texts are written in."""
        return cls(
            each={
                code: Language(
                    code=code,
                    name=name,
                    translations=translations_of(catalogues, code),
                    locale=Locale.parse(code),
                    month_first=code == "en",
                )
                for code, name in NAMES.items()
            }
        )

    def choose(self, kept: str, accepted: str) -> Language:
        """Choose what the person chose before, else what her browser asks for, else English."""
        for code in (kept, *preferred(accepted)):
            if code in self.each:
                return self.each[code]
        return self.each[SOURCE]


def preferred(accepted: str) -> list[str]:
    """Read Accept-Language: the languages without their regions, the best first."""
    ranked = []
    for place, part in enumerate(accepted[:200].split(",")):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            quality = 0.0
        ranked.append((-quality, place, tag.partition("-")[0].lower()))
    return [tag for quality, _, tag in sorted(ranked) if quality < 0]


def translations_of(catalogues: Traversable, code: str) -> NullTranslations:
    """Compile a catalogue in memory: no compiled file has to be kept in step with it."""
    if code == SOURCE:
        return NullTranslations()
    with catalogues.joinpath(f"{code}.po").open("rb") as source:
        catalogue = read_po(source, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
