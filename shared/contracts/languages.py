"""The languages that people are written to in: what each service has texts for (NT-4, ID-8)."""

from enum import StrEnum


class Language(StrEnum):
    ENGLISH = "en"
    SPANISH = "es"


def language_of(locale: str) -> Language | None:
    """Find the language of a locale such as `es-US`; None for one that has no texts yet."""
    try:
        return Language(locale.replace("_", "-").partition("-")[0].lower())
    except ValueError:
        return None
